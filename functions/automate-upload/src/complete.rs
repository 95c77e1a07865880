//! `POST /automate/upload/complete`: joins the parts and queues the job.

use api::access::CompleteUpload;
use api::uploads::{CompleteFields, Completed};
use api::{ApiResult, App, ErrorBody, JsonBody, KeyHolder};
use axum::Json;
use axum::extract::State;

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
    let (claim, parts) = fields.parse()?;
    let job = app.service.complete_upload(&caller, &claim, &parts).await?;
    Ok(Json(job.into()))
}
