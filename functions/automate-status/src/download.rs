//! `GET /automate/download/{jobId}`: a signed URL for the output.

use api::access::DownloadBuild;
use api::{ApiResult, App, ErrorBody, JobPath, KeyHolder};
use axum::Json;
use axum::extract::State;
use domain::upload::URL_SECONDS;
use serde::Serialize;
use service::status::Download;
use utoipa::ToSchema;

/// A protected package to be fetched.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DownloadAnswer {
    /// The job.
    #[schema(example = "1700000000")]
    job_id: String,
    /// The name that the package was uploaded with; the download bears it too.
    #[schema(example = "app-release.apk")]
    file_name: String,
    /// Answers the package to one GET. A secret while it works.
    #[schema(format = "uri", example = "https://apps.apptego.com/signed-download-url")]
    download_url: String,
    /// Seconds for which the URLs work.
    #[schema(example = 3600)]
    expires_in: u32,
    /// SHA-256 of the package, lowercase hexadecimal.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    sha256: String,
    /// Bytes of the package.
    size: u64,
    /// A signed URL of the build report: what was applied, control by control. A secret while it works.
    #[schema(format = "uri")]
    report_url: String,
    /// A signed URL of the mapping of renamed resources; absent where none was renamed. A secret while it works.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "uri")]
    mapping_url: Option<String>,
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
    let Download { job, output, url, report_url, mapping_url } = app.service.download(&caller, job).await?;
    Ok(Json(DownloadAnswer {
        job_id: job.id.to_string(),
        file_name: job.file_name.into(),
        download_url: url,
        expires_in: URL_SECONDS,
        sha256: output.sha256.into(),
        size: output.size,
        report_url,
        mapping_url,
    }))
}
