//! `GET /automate/status/{jobId}`: what has become of a build.

use api::access::GetBuildStatus;
use api::{ApiResult, App, ErrorBody, JobPath, KeyHolder};
use axum::Json;
use axum::extract::State;
use domain::phase::Phase;
use serde::Serialize;
use service::status::{BuildStatus, Standing};
use utoipa::ToSchema;

/// A build. Fields that do not apply are absent.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct StatusAnswer {
    /// The job.
    #[schema(example = "1700000000")]
    job_id: String,
    /// `processing`, `completed` or `failed`.
    #[schema(pattern = "^(processing|completed|failed)$", example = "processing")]
    status: &'static str,
    /// `android` or `ios`.
    #[schema(pattern = "^(android|ios)$", example = "android")]
    platform: &'static str,
    /// `development`, `staging` or `production`.
    #[schema(pattern = "^(development|staging|production)$", example = "production")]
    version: &'static str,
    /// The name that the package was uploaded with.
    #[schema(example = "app-release.apk")]
    file_name: String,
    /// When the build was asked for, Unix seconds.
    #[schema(example = 1_700_000_000)]
    created_at: i64,
    /// When its state last changed, Unix seconds.
    #[schema(example = 1_700_000_000)]
    updated_at: i64,
    /// The stage, for people: Queued, Downloading, Inspecting, Protecting, Packaging, Signing, Verifying, Uploading.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "Queued")]
    progress: Option<&'static str>,
    /// The stage, for programs.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        value_type = Option<String>, nullable = false, example = "queued",
        pattern = "^(queued|downloading|inspecting|protecting|packaging|signing|verifying|uploading)$"
    )]
    phase: Option<Phase>,
    /// 0 to 99, of the whole build.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, maximum = 99)]
    percent: Option<u8>,
    /// While queued: the place among the tenant's own builds, 1 for the next one. An estimate: builds of other tenants
    /// run in between.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    queue_position: Option<usize>,
    /// Seconds to the end, from measured times of earlier builds; absent while unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    eta_seconds: Option<u64>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    error_message: Option<String>,
    /// Why it failed, for programs: stable, snake_case.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    failure_code: Option<String>,
    /// SHA-256 of the output, lowercase hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, pattern = "^[0-9a-f]{64}$")]
    sha256: Option<String>,
    /// Bytes of the output.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    size: Option<u64>,
    /// A signed URL of the build report: what was applied, control by control. A secret while it works.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = "uri")]
    report_url: Option<String>,
}

/// Check a build's status
///
/// 404 until the upload has arrived.
#[utoipa::path(
    get, path = "/automate/status/{jobId}", tag = "automation",
    params(("jobId" = String, Path, description = "`job_id`, exactly as it was answered", pattern = "^[1-9][0-9]{0,10}$", example = "1700000000")),
    responses(
        (status = 200, description = "The build as it is now", body = StatusAnswer),
        (status = 400, description = "The job ID is invalid", body = ErrorBody),
        (status = 401, description = "Authentication failed", body = ErrorBody),
        (status = 404, description = "There is no such job, or its upload has not arrived", body = ErrorBody),
        (status = 500, description = "Internal error", body = ErrorBody),
    ),
    security(("automation_key" = []))
)]
pub(crate) async fn build_status(
    State(app): State<App>,
    caller: KeyHolder<GetBuildStatus>,
    JobPath(job): JobPath,
) -> ApiResult<Json<StatusAnswer>> {
    Ok(Json(app.service.build_status(&caller, job).await?.into()))
}

impl From<BuildStatus> for StatusAnswer {
    fn from(BuildStatus { job, standing }: BuildStatus) -> Self {
        let common = Self {
            job_id: job.id.to_string(),
            platform: job.platform.as_str(),
            version: job.version.as_str(),
            file_name: job.file_name.into(),
            created_at: job.id.start_time(),
            updated_at: job.updated_at,
            ..Self::default()
        };
        match standing {
            Standing::Processing { phase, percent, queue_position, eta_seconds } => Self {
                status: "processing",
                progress: Some(phase.text()),
                phase: Some(phase),
                percent: Some(percent),
                queue_position,
                eta_seconds,
                ..common
            },
            Standing::Completed { output, report_url } => Self {
                status: "completed",
                sha256: Some(output.sha256.into()),
                size: Some(output.size),
                report_url: Some(report_url),
                ..common
            },
            Standing::Failed(failure) => Self {
                status: "failed",
                error_message: Some(failure.message.into_owned()),
                failure_code: Some(failure.code.into_owned()),
                ..common
            },
        }
    }
}
