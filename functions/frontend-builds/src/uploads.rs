//! Uploads: as those of the Automation API, for members of every plan.

use api::access::{AbortApplicationBuild, CompleteApplicationBuild, UploadApplicationBuild};
use api::uploads::{AbortFields, CompleteFields, Completed, UploadAnswer, UploadFields};
use api::{ApiResult, App, Caller, ErrorBody, IdempotencyKey, JsonBody, Success, replayable};
use axum::Json;
use axum::extract::State;
use axum::response::Response;

/// Request an upload URL
///
/// As `/automate/upload`, for every plan. On the Free plan outputs stay unsigned: a `signing_key_id` other than `none` is refused.
#[utoipa::path(
    post, path = "/frontend/upload_application_build", tag = "builds", request_body = UploadFields,
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 printable ASCII characters", min_length = 1, max_length = 255)),
    responses(
        (
            status = 200, description = "The job, and where to put the package", body = UploadAnswer,
            headers(("Idempotent-Replayed" = String, description = "`true` where an earlier request made the job; else absent"))
        ),
        (status = 400, description = "A field is missing or invalid, or nothing is enabled", body = ErrorBody),
        (status = 404, description = "The job that an earlier request with this key made was deleted", body = ErrorBody),
        (status = 422, description = "The Idempotency-Key was used with another request", body = ErrorBody),
        (status = 429, description = "The concurrent or weekly build limit is reached", body = ErrorBody),
    )
)]
pub(crate) async fn upload_application_build(
    State(app): State<App>,
    caller: Caller<UploadApplicationBuild>,
    key: IdempotencyKey,
    JsonBody { value: fields, digest }: JsonBody<UploadFields>,
) -> ApiResult<Response> {
    let request = key.bind(caller.tenant.id.as_str(), &caller.user_id, digest);
    let ticket = app.service.request_upload(&caller.requester(), &fields.parse()?, request).await?;
    let replayed = ticket.replayed;
    Ok(replayable(Json(UploadAnswer::from(ticket)), replayed))
}

/// Complete a multipart upload
///
/// Sent twice, it answers the same.
#[utoipa::path(
    post, path = "/frontend/upload_application_build/complete", tag = "builds", request_body = CompleteFields,
    responses(
        (status = 200, description = "The job is queued", body = Completed),
        (status = 400, description = "A field is missing or invalid, or the parts do not fit", body = ErrorBody),
        (status = 404, description = "The path names no job", body = ErrorBody),
        (status = 409, description = "The build has ended, or the tenant is pending deletion", body = ErrorBody),
        (status = 429, description = "The upload came late and its slot is taken", body = ErrorBody),
    )
)]
pub(crate) async fn complete_application_build(
    State(app): State<App>,
    caller: Caller<CompleteApplicationBuild>,
    JsonBody { value: fields, .. }: JsonBody<CompleteFields>,
) -> ApiResult<Json<Completed>> {
    let (claim, parts) = fields.parse()?;
    let job = app.service.complete_upload(&caller.requester(), &claim, &parts).await?;
    Ok(Json(job.into()))
}

/// Abort a multipart upload
///
/// Frees the job's slot and gives its share of the week back. Sent twice, it answers the same.
#[utoipa::path(
    post, path = "/frontend/upload_application_build/abort", tag = "builds", request_body = AbortFields,
    responses(
        (status = 200, description = "The parts are gone and the job has ended", body = Success),
        (status = 400, description = "A field is missing or invalid", body = ErrorBody),
        (status = 404, description = "The path names no job", body = ErrorBody),
        (status = 409, description = "The upload was completed already, or the tenant is pending deletion", body = ErrorBody),
    )
)]
pub(crate) async fn abort_application_build(
    State(app): State<App>,
    caller: Caller<AbortApplicationBuild>,
    JsonBody { value: fields, .. }: JsonBody<AbortFields>,
) -> ApiResult<Json<Success>> {
    app.service.abort_upload(&caller.requester(), &fields.parse()?).await?;
    Ok(Json(Success::DONE))
}
