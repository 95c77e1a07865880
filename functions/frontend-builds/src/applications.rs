//! Applications: listed, and deleted with their builds.

use api::access::{DeleteApplication, GetApplications};
use api::fields::parsed;
use api::{ApiResult, App, Caller, ErrorBody, JsonBody, Success};
use axum::Json;
use axum::extract::State;
use domain::application::{AppFacts, Application};
use serde::{Deserialize, Serialize};
use service::applications::ApplicationView;
use utoipa::ToSchema;

use crate::listing::{MOST, page_length};

/// Which page of the applications.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApplicationsFields {
    /// As the page before answered it; absent for the first page.
    #[schema(max_length = 1024)]
    cursor: Option<String>,
    /// How many at most. Default: 100.
    #[schema(minimum = 1, maximum = 100, example = 100)]
    limit: Option<u64>,
}

/// Applications of the tenant.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ApplicationsAnswer {
    /// In the order of their ids.
    applications: Vec<ListedApplication>,
    /// Asks for the next page; null at the end.
    #[schema(required = true)]
    cursor: Option<String>,
}

/// An app of the tenant, as the latest of its builds says.
#[derive(Debug, Serialize, ToSchema)]
struct ListedApplication {
    /// Names it: always the same for the same package and platform.
    #[schema(example = "3f2a8c51-9d07-8b64-a1e0-5c7d9f3b2a18")]
    application_id: String,
    /// `android` or `ios`.
    #[schema(example = "android")]
    platform: &'static str,
    /// Android's package name, or the bundle identifier of iOS.
    #[schema(example = "com.example.app")]
    package_name: String,
    /// Its name, as devices show it.
    #[schema(example = "Example")]
    build_name: String,
    /// `versionName` or `CFBundleShortVersionString`; null where the package has none.
    #[schema(required = true, example = "1.2.3")]
    build_version: Option<String>,
    /// `versionCode` or `CFBundleVersion`; null where the package has none.
    #[schema(required = true, example = "42")]
    build_id: Option<String>,
    /// A signed URL of its icon; null where the package has none that browsers show. A secret while it works.
    #[schema(required = true, format = "uri")]
    build_image: Option<String>,
    /// `start_time` of the latest build.
    #[schema(example = 1_700_000_000)]
    latest_build: i64,
    /// How many builds there are.
    #[schema(example = 7)]
    builds: u64,
}

/// List applications
///
/// One for each package and platform that was built, known from the packages themselves. It is listed from the moment at which a
/// worker has read its package, as long as one of its builds is kept.
#[utoipa::path(
    post, path = "/frontend/get_applications", tag = "builds", request_body = ApplicationsFields,
    responses(
        (status = 200, description = "A page of the applications", body = ApplicationsAnswer),
        (status = 400, description = "The cursor or the limit is invalid", body = ErrorBody),
    )
)]
pub(crate) async fn applications(
    State(app): State<App>,
    caller: Caller<GetApplications>,
    JsonBody { value: fields, .. }: JsonBody<ApplicationsFields>,
) -> ApiResult<Json<ApplicationsAnswer>> {
    let limit = page_length(fields.limit, MOST)?;
    let page = app.service.applications(&caller, fields.cursor.as_deref(), limit).await?;
    let applications = page.items.into_iter().map(ListedApplication::from).collect();
    Ok(Json(ApplicationsAnswer { applications, cursor: page.cursor }))
}

impl From<ApplicationView> for ListedApplication {
    fn from(ApplicationView { application, builds, icon_url }: ApplicationView) -> Self {
        let Application { application_id, platform, latest_build, app, .. } = application;
        let AppFacts { package_name, name, version_name, version_code, .. } = app;
        Self {
            application_id: application_id.into(),
            platform: platform.as_str(),
            package_name,
            build_name: name,
            build_version: version_name,
            build_id: version_code,
            build_image: icon_url,
            latest_build: latest_build.start_time(),
            builds,
        }
    }
}

/// The application to be deleted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApplicationFields {
    /// As `get_applications` answers it.
    #[schema(required = true, nullable = false, example = "3f2a8c51-9d07-8b64-a1e0-5c7d9f3b2a18")]
    application_id: Option<String>,
}

/// Delete an application
///
/// With all of its builds, their outputs and reports. Refused while one of them has not ended; a build whose package no worker has read
/// yet belongs to no application, and may bring the application back. Sent again after it is gone, it answers 404. Where it has more builds than one call
/// deletes, the answer is 409 `deletion_unfinished`: send it again.
#[utoipa::path(
    post, path = "/frontend/delete_application", tag = "builds", request_body = ApplicationFields,
    responses(
        (status = 200, description = "The application is gone", body = Success),
        (status = 400, description = "The application ID is missing or invalid", body = ErrorBody),
        (status = 404, description = "The tenant has no such application", body = ErrorBody),
        (status = 409, description = "A build has not ended, or builds are left", body = ErrorBody),
    )
)]
pub(crate) async fn delete_application(
    State(app): State<App>,
    caller: Caller<DeleteApplication>,
    JsonBody { value: fields, .. }: JsonBody<ApplicationFields>,
) -> ApiResult<Json<Success>> {
    let id = parsed(fields.application_id, "application_id", "Application ID is missing")?;
    app.service.delete_application(&caller, &id).await?;
    Ok(Json(Success::DONE))
}
