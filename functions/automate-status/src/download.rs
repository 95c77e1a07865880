//! `GET /automate/download/{jobId}`: a signed URL for the output.

use api::access::DownloadBuild;
use api::downloads::PackageDownload;
use api::{ApiResult, App, ErrorBody, JobPath, KeyHolder};
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

/// A protected package to be fetched.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DownloadAnswer {
    /// The job.
    #[schema(example = "1700000000")]
    job_id: String,
    #[serde(flatten)]
    package: PackageDownload,
}

/// Download a protected app
///
/// 400 until the build is completed. Ask again when a URL has expired.
#[utoipa::path(
    get, path = "/automate/download/{jobId}", tag = "automation",
    params(("jobId" = String, Path, description = "`job_id`, exactly as it was answered", pattern = "^[1-9][0-9]{0,10}$", example = "1700000000")),
    responses(
        (status = 200, description = "Where the package is", body = DownloadAnswer),
        (status = 400, description = "The job ID is invalid, or the job is not completed", body = ErrorBody),
        (status = 401, description = "Authentication failed", body = ErrorBody),
        (status = 404, description = "There is no such job", body = ErrorBody),
        (status = 500, description = "Internal error", body = ErrorBody),
    ),
    security(("automation_key" = []))
)]
pub(crate) async fn download_build(
    State(app): State<App>,
    caller: KeyHolder<DownloadBuild>,
    JobPath(job): JobPath,
) -> ApiResult<Json<DownloadAnswer>> {
    let package = app.service.download(&caller, job).await?.into();
    Ok(Json(DownloadAnswer { job_id: job.to_string(), package }))
}
