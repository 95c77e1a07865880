//! `POST /automate/cancel/{jobId}`: ends a build that has not ended.

use api::access::CancelBuild;
use api::{ApiResult, App, ErrorBody, JobPath, KeyHolder, Success};
use axum::Json;
use axum::extract::State;

/// Cancel a build
///
/// The job is `failed` from now on, with `failure_code` `cancelled`; its share of the week is given back.
#[utoipa::path(
    post, path = "/automate/cancel/{jobId}", tag = "automation",
    params(("jobId" = String, Path, description = "`job_id`, exactly as it was answered", pattern = "^[1-9][0-9]{0,10}$", example = "1700000000")),
    responses(
        (status = 200, description = "The build has ended", body = Success),
        (status = 400, description = "The job ID is invalid", body = ErrorBody),
        (status = 401, description = "Authentication failed", body = ErrorBody),
        (status = 404, description = "There is no such job", body = ErrorBody),
        (status = 409, description = "The build has ended, or the tenant is pending deletion", body = ErrorBody),
        (status = 500, description = "Internal error", body = ErrorBody),
    ),
    security(("automation_key" = []))
)]
pub(crate) async fn cancel_build(
    State(app): State<App>,
    caller: KeyHolder<CancelBuild>,
    JobPath(job): JobPath,
) -> ApiResult<Json<Success>> {
    app.service.cancel(&caller, job).await?;
    Ok(Json(Success::DONE))
}
