//! One build: downloaded, deleted, signed again.

use api::access::{DeleteApplicationBuild, DownloadApplicationBuild, SignApplicationBuild};
use api::downloads::PackageDownload;
use api::fields::required;
use api::{ApiResult, App, Caller, ErrorBody, IdempotencyKey, JsonBody, Success, replayable};
use axum::Json;
use axum::extract::State;
use axum::response::Response;
use domain::error::Error;
use domain::id::JobId;
use domain::tenant::SigningKeyChoice;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A build.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BuildFields {
    /// As `get_application_builds` and the upload answer it, Unix seconds.
    #[schema(required = true, nullable = false, example = 1_700_000_000)]
    start_time: Option<i64>,
}

/// Download a protected app
///
/// 400 until the build is completed. Ask again when a URL has expired.
#[utoipa::path(
    post, path = "/frontend/download_application_build", tag = "builds", request_body = BuildFields,
    responses(
        (status = 200, description = "Where the package is", body = PackageDownload),
        (status = 400, description = "The start time is missing or invalid, or the build is not completed", body = ErrorBody),
        (status = 404, description = "The tenant has no such build", body = ErrorBody),
    )
)]
pub(crate) async fn download_application_build(
    State(app): State<App>,
    caller: Caller<DownloadApplicationBuild>,
    JsonBody { value: fields, .. }: JsonBody<BuildFields>,
) -> ApiResult<Json<PackageDownload>> {
    Ok(Json(app.service.download(&caller.requester(), build(fields.start_time)?).await?.into()))
}

/// Delete a build
///
/// With its output and its report; its share of the week stays used. Refused while it waits or runs; an upload that has not arrived is
/// given up. Sent again, it goes on with what is left; 404 says that the build is gone.
#[utoipa::path(
    post, path = "/frontend/delete_application_build", tag = "builds", request_body = BuildFields,
    responses(
        (status = 200, description = "The build is gone", body = Success),
        (status = 400, description = "The start time is missing or invalid", body = ErrorBody),
        (status = 404, description = "The tenant has no such build", body = ErrorBody),
        (status = 409, description = "The build has not ended, or the tenant is pending deletion", body = ErrorBody),
    )
)]
pub(crate) async fn delete_application_build(
    State(app): State<App>,
    caller: Caller<DeleteApplicationBuild>,
    JsonBody { value: fields, .. }: JsonBody<BuildFields>,
) -> ApiResult<Json<Success>> {
    app.service.delete_build(&caller, build(fields.start_time)?).await?;
    Ok(Json(Success::DONE))
}

/// What is to be signed again, and with which key.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignFields {
    /// The finished build, Unix seconds.
    #[schema(required = true, nullable = false, example = 1_700_000_000)]
    start_time: Option<i64>,
    /// A signing key of the tenant for the build's platform; absent for the tenant's default.
    #[schema(example = "0190b5f0-7c3e-7d10-8a52-6f0d2c4e9b11", pattern = "^[A-Za-z0-9_-]{1,64}$")]
    signing_key_id: Option<String>,
}

/// The build that signs.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SignAnswer {
    /// Always true.
    success: bool,
    /// Names it, Unix seconds.
    #[schema(example = 1_700_000_400)]
    start_time: i64,
    /// The same as text.
    #[schema(example = "1700000400")]
    job_id: String,
    /// The key that signs.
    #[schema(example = "0190b5f0-7c3e-7d10-8a52-6f0d2c4e9b11")]
    signing_key_id: String,
}

/// Sign a finished build again
///
/// Makes another build out of the output of the first, which stays as it is: nothing is changed but the signature. It takes a slot and a
/// share of the week as each build, and is watched, downloaded and deleted in the same way.
#[utoipa::path(
    post, path = "/frontend/sign_application_build", tag = "builds", request_body = SignFields,
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 printable ASCII characters", min_length = 1, max_length = 255)),
    responses(
        (
            status = 200, description = "The build is queued", body = SignAnswer,
            headers(("Idempotent-Replayed" = String, description = "`true` where an earlier request made the build; else absent"))
        ),
        (status = 400, description = "A field is missing or invalid, the build is not completed, or there is no such key", body = ErrorBody),
        (status = 404, description = "The tenant has no such build", body = ErrorBody),
        (status = 422, description = "The Idempotency-Key was used with another request", body = ErrorBody),
        (status = 429, description = "The concurrent or weekly build limit is reached", body = ErrorBody),
    )
)]
pub(crate) async fn sign_application_build(
    State(app): State<App>,
    caller: Caller<SignApplicationBuild>,
    key: IdempotencyKey,
    JsonBody { value: fields, digest }: JsonBody<SignFields>,
) -> ApiResult<Response> {
    let (build, choice) = (build(fields.start_time)?, SigningKeyChoice::parse(fields.signing_key_id.as_deref())?);
    let request = key.bind(caller.tenant.id.as_str(), &caller.user_id, digest);
    let signing = app.service.sign_again(&caller, build, &choice, request).await?;
    let job = signing.value;
    let answer = SignAnswer {
        success: true,
        start_time: job.id.start_time(),
        job_id: job.id.to_string(),
        signing_key_id: job.signing_key_id.map(String::from).unwrap_or_default(),
    };
    Ok(replayable(Json(answer), signing.replayed))
}

fn build(start_time: Option<i64>) -> Result<JobId, Error> {
    let start_time = required(start_time, "start_time", "Start time is missing")?;
    let invalid = |_| Error::invalid("start_time", "Invalid start time: Unix seconds, as the upload answered them");
    start_time.to_string().parse().map_err(invalid)
}
