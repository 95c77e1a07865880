//! `POST /automate/upload/complete`: joins the parts and queues the job.

use api::access::CompleteUpload;
use api::{ApiResult, App, ErrorBody, JsonBody, JsonObject, KeyHolder};
use axum::Json;
use axum::extract::State;
use domain::error::Error;
use domain::upload::NamedPart;
use serde::{Deserialize, Serialize};
use service::completion::UploadClaim;
use utoipa::ToSchema;

/// The upload to be completed.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct CompleteFields {
    /// As answered by `upload`.
    #[schema(
        required = true,
        nullable = false,
        example = "9f1c0a4e7b8d4a4db52e6a6d5c5c1f11/uploads/android/production/1700000000/app-release.apk"
    )]
    file_path: Option<String>,
    /// As answered by `upload`.
    #[schema(required = true, nullable = false, min_length = 1, example = "multipart-upload-id")]
    upload_id: Option<String>,
    /// Every part, in order.
    #[schema(required = true, nullable = false, value_type = Option<Vec<PartFields>>)]
    parts: Option<Vec<JsonObject<PartFields>>>,
}

/// A part that was uploaded.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct PartFields {
    /// The `ETag` header that the part's PUT answered, with or without quotes.
    #[serde(rename = "ETag")]
    #[schema(example = "\"d41d8cd98f00b204e9800998ecf8427e\"")]
    etag: String,
    /// From 1 on.
    #[serde(rename = "PartNumber")]
    #[schema(example = 1, minimum = 1)]
    part_number: i64,
}

/// The upload is complete.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Completed {
    /// Always true.
    success: bool,
    /// The job, as answered by `upload`.
    #[schema(example = "1700000000")]
    job_id: String,
}

/// Complete a multipart upload
///
/// Sent twice, it answers the same.
#[utoipa::path(
    post, path = "/automate/upload/complete", tag = "automation", request_body = CompleteFields,
    responses(
        (status = 200, description = "The job is queued", body = Completed),
        (status = 400, description = "A field is missing or invalid, or the parts do not fit", body = ErrorBody),
        (status = 401, description = "Authentication failed", body = ErrorBody),
        (status = 403, description = "The path belongs to another tenant", body = ErrorBody),
        (status = 404, description = "The path names no job", body = ErrorBody),
        (status = 409, description = "The build has ended, or the tenant is pending deletion", body = ErrorBody),
        (status = 413, description = "The body is larger than 5.5 MB", body = ErrorBody),
        (status = 429, description = "The upload came late and its slot is taken", body = ErrorBody),
        (status = 500, description = "Internal error", body = ErrorBody),
    ),
    security(("automation_key" = []))
)]
pub(crate) async fn complete_upload(
    State(app): State<App>,
    caller: KeyHolder<CompleteUpload>,
    JsonBody { value: fields, .. }: JsonBody<CompleteFields>,
) -> ApiResult<Json<Completed>> {
    let claim = read_claim(fields.file_path, fields.upload_id)?;
    let parts = fields.parts.ok_or_else(|| Error::invalid("parts", "Parts are missing"))?;
    let parts = parts.into_iter().map(|JsonObject(part)| part.try_into()).collect::<Result<Vec<_>, Error>>()?;
    let job = app.service.complete_upload(&caller, &claim, &parts).await?;
    Ok(Json(Completed { success: true, job_id: job.to_string() }))
}

/// The two fields that name an upload.
pub(crate) fn read_claim(file_path: Option<String>, upload_id: Option<String>) -> Result<UploadClaim, Error> {
    Ok(UploadClaim {
        file_path: file_path.ok_or_else(|| Error::invalid("file_path", "File path is missing"))?,
        upload_id: upload_id.ok_or_else(|| Error::invalid("upload_id", "Upload ID is missing"))?,
    })
}

impl TryFrom<PartFields> for NamedPart {
    type Error = Error;

    fn try_from(part: PartFields) -> Result<Self, Error> {
        Ok(Self { number: part.part_number, etag: part.etag.parse()? })
    }
}
