//! `POST /automate/upload`: a job, and the URLs for its upload.

use api::access::RequestUpload;
use api::uploads::{UploadAnswer, UploadFields};
use api::{ApiResult, App, ErrorBody, IdempotencyKey, JsonBody, KeyHolder, replayable};
use axum::Json;
use axum::extract::State;
use axum::response::Response;

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
        (status = 403, description = "What the version enables needs a higher plan than the tenant has", body = ErrorBody),
        (status = 404, description = "The job that an earlier request with this key made was deleted", body = ErrorBody),
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
    let request = key.bind(caller.tenant.as_str(), &caller.name, digest);
    let ticket = app.service.request_upload(&caller, &fields.parse()?, request).await?;
    let replayed = ticket.replayed;
    Ok(replayable(Json(UploadAnswer::from(ticket)), replayed))
}
