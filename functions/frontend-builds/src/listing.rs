//! The list of builds.

use api::access::GetApplicationBuilds;
use api::{ApiResult, App, Caller, ErrorBody, JsonBody};
use axum::Json;
use axum::extract::State;
use domain::error::Error;
use domain::job::{Failure, Job, Output, SIGNING_FAILED, State as JobState};
use serde::{Deserialize, Serialize};
use service::applications::{BuildFilter, BuildView};
use utoipa::ToSchema;

/// Entries of a page, at most.
pub(crate) const MOST: usize = 100;
/// Entries of a page of builds where nothing else is asked for.
const USUAL: usize = 20;

/// Which builds.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BuildsFields {
    /// Those of this application.
    #[schema(example = "3f2a8c51-9d07-8b64-a1e0-5c7d9f3b2a18")]
    application_id: Option<String>,
    /// Those for `android` or `ios`.
    #[schema(example = "android")]
    platform: Option<String>,
    /// Those with this configuration version.
    #[schema(example = "production")]
    version: Option<String>,
    /// As the page before answered it; absent for the first page.
    #[schema(max_length = 1024)]
    cursor: Option<String>,
    /// How many at most. Default: 20.
    #[schema(minimum = 1, maximum = 100, example = 20)]
    limit: Option<u64>,
}

/// Builds of the tenant.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BuildsAnswer {
    /// The latest first.
    builds: Vec<ListedBuild>,
    /// Asks for the next page; null at the end. A page may be shorter than `limit` although there is a next one.
    #[schema(required = true)]
    cursor: Option<String>,
}

/// A build.
#[derive(Debug, Serialize, ToSchema)]
struct ListedBuild {
    /// Names it, Unix seconds: the number behind `job_id`.
    #[schema(example = 1_700_000_000)]
    start_time: i64,
    /// `android` or `ios`.
    #[schema(example = "android")]
    platform: &'static str,
    /// `development`, `staging` or `production`.
    #[schema(example = "production")]
    version: &'static str,
    /// The name of the package.
    #[schema(example = "app-release.apk")]
    file_name: String,
    /// Where the package was uploaded; null for a build that signs another one again.
    #[schema(
        required = true,
        example = "9f1c0a4e7b8d4a4db52e6a6d5c5c1f11/uploads/android/production/1700000000/app-release.apk"
    )]
    file_path: Option<String>,
    /// The name of the output; null without one.
    #[schema(required = true, example = "app-release.apk")]
    protected_file_name: Option<String>,
    /// Whether there is an output.
    success: bool,
    /// `processing`, `completed` or `failed`.
    #[schema(example = "completed")]
    status: &'static str,
    /// How far it is, or how it ended, for people.
    #[schema(example = "Completed")]
    status_message: &'static str,
    /// Percent of the whole, while it is processed; null otherwise.
    #[schema(required = true, example = 40)]
    percent: Option<u8>,
    /// Why it failed; null otherwise.
    #[schema(required = true)]
    error_message: Option<String>,
    /// Why it could not be signed; null otherwise.
    #[schema(required = true)]
    signing_error_message: Option<String>,
    /// Why it failed, for programs: stable, snake_case; null otherwise.
    #[schema(required = true, example = "signing_failed")]
    failure_code: Option<String>,
    /// Unix seconds.
    #[schema(example = 1_700_000_000)]
    created_at: i64,
    /// Last change of its state, Unix seconds.
    #[schema(example = 1_700_000_300)]
    updated_at: i64,
    /// Who asked for it: a user, an API token or an automation key.
    #[schema(example = "owner@example.com")]
    created_by: String,
    /// Bytes of the output; null without one.
    #[schema(required = true)]
    size: Option<u64>,
    /// SHA-256 of the output, lowercase hexadecimal; null without one.
    #[schema(required = true)]
    sha256: Option<String>,
    /// The key that signs; null leaves the output unsigned.
    #[schema(required = true)]
    signing_key_id: Option<String>,
    /// `start_time` of the build whose output this one signs again; null otherwise.
    #[schema(required = true)]
    signs_again: Option<i64>,
    /// The application; null until a worker has read the package.
    #[schema(required = true)]
    application_id: Option<String>,
    /// Android's package name, or the bundle identifier of iOS; null as `application_id`.
    #[schema(required = true)]
    package_name: Option<String>,
    /// The app's name; null as `application_id`.
    #[schema(required = true)]
    build_name: Option<String>,
    /// `versionName` or `CFBundleShortVersionString`; null where it is not known.
    #[schema(required = true)]
    build_version: Option<String>,
    /// `versionCode` or `CFBundleVersion`; null where it is not known.
    #[schema(required = true)]
    build_id: Option<String>,
}

/// List builds
///
/// The latest first, each from the moment at which its package is there. Builds that come in meanwhile shift no page.
#[utoipa::path(
    post, path = "/frontend/get_application_builds", tag = "builds", request_body = BuildsFields,
    responses(
        (status = 200, description = "A page of the builds", body = BuildsAnswer),
        (status = 400, description = "A filter, the cursor or the limit is invalid", body = ErrorBody),
    )
)]
pub(crate) async fn application_builds(
    State(app): State<App>,
    caller: Caller<GetApplicationBuilds>,
    JsonBody { value: fields, .. }: JsonBody<BuildsFields>,
) -> ApiResult<Json<BuildsAnswer>> {
    let limit = page_length(fields.limit, USUAL)?;
    let filter = BuildFilter {
        application: fields.application_id.map(|id| id.parse()).transpose()?,
        platform: fields.platform.map(|platform| platform.parse()).transpose()?,
        version: fields.version.map(|version| version.parse()).transpose()?,
    };
    let page = app.service.builds(&caller, &filter, fields.cursor.as_deref(), limit).await?;
    let builds = page.items.into_iter().map(ListedBuild::from).collect();
    Ok(Json(BuildsAnswer { builds, cursor: page.cursor }))
}

/// How many entries a page has that was asked for with `limit`.
pub(crate) fn page_length(limit: Option<u64>, usual: usize) -> Result<usize, Error> {
    let Some(limit) = limit else { return Ok(usual) };
    let limit = usize::try_from(limit).ok().filter(|limit| (1..=MOST).contains(limit));
    limit.ok_or_else(|| Error::invalid("limit", format!("Limit must be 1 to {MOST}")))
}

impl From<BuildView> for ListedBuild {
    fn from(BuildView { job, progress }: BuildView) -> Self {
        let (application_id, uploaded) = (job.application_id().map(String::from), job.signs_again.is_none());
        let (ended, progress) = (Ended::of(&job), job.progress(progress));
        let (status, status_message, percent) = match ended {
            Ended { output: Some(_), .. } => ("completed", "Completed", None),
            Ended { failure: Some(_), .. } => ("failed", "Failed", None),
            _ => ("processing", progress.phase.text(), Some(progress.percent)),
        };
        let app = job.app.as_ref();
        Self {
            start_time: job.id.start_time(),
            platform: job.platform.as_str(),
            version: job.version.as_str(),
            file_name: job.file_name.as_str().to_owned(),
            file_path: uploaded.then(|| job.upload_path().to_string()),
            protected_file_name: ended.output.map(|_| job.file_name.as_str().to_owned()),
            success: ended.output.is_some(),
            status,
            status_message,
            percent,
            error_message: ended.failure.map(|failure| failure.message.to_string()),
            signing_error_message: ended.signing_failure().map(|failure| failure.message.to_string()),
            failure_code: ended.failure.map(|failure| failure.code.to_string()),
            created_at: job.id.start_time(),
            updated_at: job.updated_at,
            size: ended.output.map(|output| output.size),
            sha256: ended.output.map(|output| output.sha256.as_str().to_owned()),
            signs_again: job.signs_again.map(|output| output.job.start_time()),
            application_id,
            package_name: app.map(|app| app.package_name.clone()),
            build_name: app.map(|app| app.name.clone()),
            build_version: app.and_then(|app| app.version_name.clone()),
            build_id: app.and_then(|app| app.version_code.clone()),
            signing_key_id: job.signing_key_id.map(String::from),
            created_by: job.created_by,
        }
    }
}

/// What a job that is over left.
struct Ended<'a> {
    output: Option<&'a Output>,
    failure: Option<&'a Failure>,
}

impl<'a> Ended<'a> {
    const fn of(job: &'a Job) -> Self {
        match &job.state {
            JobState::Completed { output } => Self { output: Some(output), failure: None },
            JobState::Failed { failure } => Self { output: None, failure: Some(failure) },
            _ => Self { output: None, failure: None },
        }
    }

    fn signing_failure(&self) -> Option<&'a Failure> {
        self.failure.filter(|failure| failure.code == SIGNING_FAILED)
    }
}
