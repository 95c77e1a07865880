//! `POST /automate/upload`: a job, and the URLs for its upload.

use api::access::RequestUpload;
use api::{ApiResult, App, ErrorBody, IdempotencyKey, JsonBody, KeyHolder, replayable};
use axum::Json;
use axum::extract::State;
use axum::response::Response;
use domain::upload::{PART_BYTES, URL_SECONDS};
use domain::upload_request::UploadRequest;
use serde::{Deserialize, Serialize};
use service::admission::{UploadTarget, UploadTicket};
use utoipa::ToSchema;

/// What is to be protected, and how.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct UploadFields {
    /// Base file name; path components are stripped. Lowercase `.apk`, `.aab` or `.ipa`.
    #[schema(
        required = true,
        nullable = false,
        example = "app-release.apk",
        pattern = r"[^/\\ .][^/\\]*\.(apk|aab|ipa)$"
    )]
    file_name: Option<String>,
    /// `android` or `ios`.
    #[schema(required = true, nullable = false, example = "android", pattern = "^(android|ios)$")]
    platform: Option<String>,
    /// Configuration version: dev, development, stg, staging, prod or production, in any case.
    #[schema(
        required = true,
        nullable = false,
        example = "prod",
        pattern = "^([dD][eE][vV]([eE][lL][oO][pP][mM][eE][nN][tT])?|[sS][tT]([aA][gG][iI][nN])?[gG]|[pP][rR][oO][dD]([uU][cC][tT][iI][oO][nN])?)$"
    )]
    version: Option<String>,
    /// Bytes, at most 2147483648. From 104857600 on the answer has instructions for a multipart upload.
    #[schema(example = 52_428_800, minimum = 1, maximum = 2_147_483_648_u64)]
    file_size: Option<u64>,
    /// A signing key of the tenant; absent for the tenant's default, `none` for an unsigned output.
    #[schema(example = "none", pattern = "^[A-Za-z0-9_-]{1,64}$")]
    signing_key_id: Option<String>,
}

/// Where to put the package.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum UploadAnswer {
    /// One PUT.
    Single(SinglePart),
    /// One PUT for each part, then `/automate/upload/complete`.
    Multipart(Multipart),
}

/// One PUT.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SinglePart {
    /// The same as `upload_url`.
    #[schema(format = "uri", example = "https://apps.apptego.com/signed-upload-url")]
    url: String,
    /// Takes the package with one PUT. A secret while it works.
    #[schema(format = "uri", example = "https://apps.apptego.com/signed-upload-url")]
    upload_url: String,
    #[serde(flatten)]
    job: JobFields,
}

/// One PUT for each part, then `/automate/upload/complete`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Multipart {
    /// Always true.
    multipart: bool,
    /// Names the upload in `complete` and `abort`.
    #[schema(example = "multipart-upload-id")]
    upload_id: String,
    /// Takes one PUT each, part 1 first. Secrets while they work.
    #[schema(example = json!(["https://apps.apptego.com/signed-part-1", "https://apps.apptego.com/signed-part-2"]))]
    part_urls: Vec<String>,
    /// Bytes of every part but the last.
    #[schema(example = 10_485_760)]
    chunk_size: u64,
    /// Length of `part_urls`.
    #[schema(example = 2)]
    total_parts: usize,
    #[serde(flatten)]
    job: JobFields,
}

/// The job that waits for the package.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct JobFields {
    /// Where the upload is stored; named in `complete` and `abort`.
    #[schema(example = "9f1c0a4e7b8d4a4db52e6a6d5c5c1f11/uploads/android/production/1700000000/app-release.apk")]
    file_path: String,
    /// Unix seconds, the number behind `job_id`.
    #[schema(example = 1_700_000_000)]
    start_time: i64,
    /// Seconds for which the URLs work.
    #[schema(example = 3600)]
    expires_in: u32,
    /// The key that will sign; null leaves the output unsigned.
    #[schema(required = true)]
    signing_key_id: Option<String>,
    /// Names the job in every other call.
    #[schema(example = "1700000000", pattern = "^[1-9][0-9]{0,10}$")]
    job_id: String,
}

/// Request an upload URL
///
/// Takes a slot of the plan's concurrent builds and a share of its week. With an `Idempotency-Key`, the same request
/// within 24 hours answers the same job again, with fresh URLs.
#[utoipa::path(
    post, path = "/automate/upload", tag = "automation", request_body = UploadFields,
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 printable ASCII characters", min_length = 1, max_length = 255)),
    responses(
        (
            status = 200, description = "The job, and where to put the package", body = UploadAnswer,
            headers(("Idempotent-Replayed" = String, description = "`true` where an earlier request made the job; else absent")),
            links(
                ("status" = (operation_id = "build_status", parameters(("jobId" = "$response.body#/job_id")))),
                ("cancel" = (operation_id = "cancel_build", parameters(("jobId" = "$response.body#/job_id")))),
                ("download" = (operation_id = "download_build", parameters(("jobId" = "$response.body#/job_id"))))
            )
        ),
        (status = 400, description = "A field is missing or invalid, or nothing is enabled", body = ErrorBody),
        (status = 401, description = "Authentication failed", body = ErrorBody),
        (status = 409, description = "The tenant is pending deletion", body = ErrorBody),
        (status = 413, description = "The body is larger than 5.5 MB", body = ErrorBody),
        (status = 422, description = "The Idempotency-Key was used with another request", body = ErrorBody),
        (status = 429, description = "The concurrent or weekly build limit is reached", body = ErrorBody),
        (status = 500, description = "Internal error", body = ErrorBody),
    ),
    security(("automation_key" = []))
)]
pub(crate) async fn request_upload(
    State(app): State<App>,
    caller: KeyHolder<RequestUpload>,
    key: IdempotencyKey,
    JsonBody { value: fields, digest }: JsonBody<UploadFields>,
) -> ApiResult<Response> {
    let UploadFields { file_name, platform, version, file_size, signing_key_id } = &fields;
    let request = UploadRequest::parse(
        file_name.as_deref(),
        platform.as_deref(),
        version.as_deref(),
        *file_size,
        signing_key_id.as_deref(),
    )?;
    let ticket =
        app.service.request_upload(&caller, &request, key.bind(caller.tenant.as_str(), &caller.key_id, digest)).await?;
    let replayed = ticket.replayed;
    Ok(replayable(Json(UploadAnswer::from(ticket)), replayed))
}

impl From<UploadTicket> for UploadAnswer {
    fn from(ticket: UploadTicket) -> Self {
        let job = JobFields {
            file_path: ticket.job.upload_path().to_string(),
            start_time: ticket.job.id.start_time(),
            expires_in: URL_SECONDS,
            signing_key_id: ticket.job.signing_key_id.map(String::from),
            job_id: ticket.job.id.to_string(),
        };
        match ticket.target {
            UploadTarget::Single { url } => Self::Single(SinglePart { url: url.clone(), upload_url: url, job }),
            UploadTarget::Multipart { upload_id, part_urls } => Self::Multipart(Multipart {
                multipart: true,
                upload_id,
                chunk_size: PART_BYTES,
                total_parts: part_urls.len(),
                part_urls,
                job,
            }),
        }
    }
}
