//! `POST /automate/upload/abort`: drops the parts and ends the job.

use api::access::AbortUpload;
use api::uploads::AbortFields;
use api::{ApiResult, App, ErrorBody, JsonBody, KeyHolder, Success};
use axum::Json;
use axum::extract::State;

/// Abort a multipart upload
///
/// Frees the job's slot and gives its share of the week back. Sent twice, it answers the same.
#[utoipa::path(
    post, path = "/automate/upload/abort", tag = "automation", request_body = AbortFields,
    responses(
        (status = 200, description = "The parts are gone and the job has ended", body = Success),
        (status = 400, description = "A field is missing or invalid", body = ErrorBody),
        (status = 401, description = "Authentication failed", body = ErrorBody),
        (status = 403, description = "The path belongs to another tenant", body = ErrorBody),
        (status = 404, description = "The path names no job", body = ErrorBody),
        (status = 409, description = "The upload was completed already, or the tenant is pending deletion", body = ErrorBody),
        (status = 413, description = "The body is larger than 5.5 MB", body = ErrorBody),
        (status = 500, description = "Internal error", body = ErrorBody),
    ),
    security(("automation_key" = []))
)]
pub(crate) async fn abort_upload(
    State(app): State<App>,
    caller: KeyHolder<AbortUpload>,
    JsonBody { value: fields, .. }: JsonBody<AbortFields>,
) -> ApiResult<Json<Success>> {
    app.service.abort_upload(&caller, &fields.parse()?).await?;
    Ok(Json(Success::DONE))
}
