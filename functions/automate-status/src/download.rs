//! `GET /automate/download/{jobId}`: a signed URL for the output.

use api::{ApiResult, App, Caller, ErrorBody, JobPath};
use axum::Json;
use axum::extract::State;
use domain::upload::URL_SECONDS;
use serde::Serialize;
use service::status::Download;
use utoipa::ToSchema;

/// A protected package to be fetched.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DownloadAnswer {
    job_id: String,
    file_name: String,
    /// Answers the package to one GET. A secret while it works.
    download_url: String,
    /// Seconds for which the URL works.
    expires_in: u32,
    /// SHA-256 of the package, lowercase hexadecimal.
    sha256: String,
    /// Bytes of the package.
    size: u64,
    /// A signed URL of the build report.
    report_url: String,
}

/// Download a protected app
///
/// 400 until the build is completed. Ask again when a URL has expired.
#[utoipa::path(
    get, path = "/automate/download/{jobId}", tag = "automation",
    params(("jobId" = String, Path, description = "`job_id`, exactly as it was answered")),
    responses(
        (status = 200, body = DownloadAnswer),
        (status = 400, description = "The job ID is invalid, or the job is not completed", body = ErrorBody),
        (status = 401, description = "Authentication failed", body = ErrorBody),
        (status = 404, description = "There is no such job", body = ErrorBody),
        (status = 500, description = "Internal error", body = ErrorBody),
    ),
    security(("automation_key" = []))
)]
pub(crate) async fn download_build(
    State(app): State<App>,
    Caller(caller): Caller,
    JobPath(job): JobPath,
) -> ApiResult<Json<DownloadAnswer>> {
    let Download { job, output, url, report_url } = app.service.download(&caller, job).await?;
    Ok(Json(DownloadAnswer {
        job_id: job.id.to_string(),
        file_name: job.file_name.into(),
        download_url: url,
        expires_in: URL_SECONDS,
        sha256: output.sha256.into(),
        size: output.size,
        report_url,
    }))
}
