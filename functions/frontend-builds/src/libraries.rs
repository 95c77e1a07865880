//! Custom Library: libraries for customers who build their app themselves (page 003, "Custom Library / BYOA").

use api::access::{DeleteLibrary, DownloadLibrary, GetLibraryStatus, SetLibraryIdentifier};
use api::fields::{NoFields, parsed};
use api::{ApiResult, App, Caller, ErrorBody, IdempotencyKey, JsonBody, replayable};
use axum::Json;
use axum::extract::State;
use axum::response::Response;
use domain::error::Error;
use domain::library::{AppIdentifier, BuildState, Library, LibraryBuild, whole_days};
use domain::platform::Platform;
use domain::upload::URL_SECONDS;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use service::libraries::{LibraryDownload, LibraryQuery, LibraryStatus};
use utoipa::ToSchema;

/// The custom library of the tenant.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LibraryStatusAnswer {
    /// Whether it is enabled for the tenant.
    enabled: bool,
    /// How many identifiers the tenant may have; 0 where it is not enabled.
    #[schema(example = 3)]
    max_identifiers: u32,
    /// How many it has; absent where it is not enabled.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 1)]
    identifier_count: Option<usize>,
    /// In the order in which they were set.
    identifiers: Vec<ListedIdentifier>,
}

/// An app identifier.
#[derive(Debug, Serialize, ToSchema)]
struct ListedIdentifier {
    /// The app that the libraries are for.
    #[schema(example = "com.company.production.app")]
    app_identifier: String,
    /// When it was set, Unix seconds.
    #[schema(example = 1_732_740_000)]
    set_at: i64,
    /// By whom.
    #[schema(example = "owner@example.com")]
    set_by: String,
    /// When each platform can be built again, and the identifier deleted.
    platform_cooldowns: Cooldowns,
    /// The latest first; the oldest of more than 20 are gone. `deleted` are those whose package is about to go: the oldest, and those of
    /// an identifier that was deleted and set again at once.
    builds: Vec<ListedLibraryBuild>,
    /// The latest build of each platform, whatever became of it, but for those that were deleted.
    latest_by_platform: LatestByPlatform,
}

/// The cooldown of each platform: 30 days from its latest success.
#[derive(Debug, Serialize, ToSchema)]
struct Cooldowns {
    /// Of Android.
    android: Cooldown,
    /// Of iOS.
    ios: Cooldown,
}

/// What is left of a cooldown.
#[derive(Debug, Serialize, ToSchema)]
struct Cooldown {
    /// In seconds; 0 where there is none.
    #[schema(example = 0)]
    cooldown_remaining_seconds: i64,
    /// In days, rounded up.
    #[schema(example = 0)]
    cooldown_remaining_days: i64,
}

/// The latest build of each platform.
#[derive(Debug, Serialize, ToSchema)]
struct LatestByPlatform {
    /// For Android; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    android: Option<ListedLibraryBuild>,
    /// For iOS; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    ios: Option<ListedLibraryBuild>,
}

/// A build of a library.
#[derive(Debug, Serialize, ToSchema)]
struct ListedLibraryBuild {
    /// Names it.
    #[schema(example = "0190b5f0-7c3e-7d10-8a52-6f0d2c4e9b11")]
    build_id: String,
    /// `android` or `ios`.
    #[schema(example = "android")]
    platform: &'static str,
    /// The app that it is for.
    #[schema(example = "com.company.production.app")]
    app_identifier: String,
    /// How far it is.
    #[schema(pattern = "^(pending|building|success|failed|deleted)$", example = "success")]
    status: &'static str,
    /// When it was asked for, Unix seconds.
    #[schema(example = 1_732_740_000)]
    created_at: i64,
    /// When it ended, Unix seconds; null until then.
    #[schema(required = true, example = 1_732_740_300)]
    completed_at: Option<i64>,
    /// Why it failed; null where it has not.
    #[schema(required = true)]
    error_message: Option<String>,
}

/// Get the status of the custom library
///
/// Where it is not enabled for the tenant, the answer says just that.
#[utoipa::path(
    post, path = "/frontend/custom_library_status", tag = "builds", request_body = NoFields,
    responses((status = 200, description = "Identifiers and their builds", body = LibraryStatusAnswer))
)]
pub(crate) async fn library_status(
    State(app): State<App>,
    caller: Caller<GetLibraryStatus>,
    _: JsonBody<NoFields>,
) -> ApiResult<Json<LibraryStatusAnswer>> {
    Ok(Json(app.service.library_status(&caller).await?.into()))
}

impl From<Option<LibraryStatus>> for LibraryStatusAnswer {
    fn from(status: Option<LibraryStatus>) -> Self {
        let Some(LibraryStatus { max_identifiers, libraries, now }) = status else {
            return Self { enabled: false, max_identifiers: 0, identifier_count: None, identifiers: Vec::new() };
        };
        let identifier_count = Some(libraries.len());
        let identifiers = libraries.iter().map(|library| ListedIdentifier::new(library, now)).collect();
        Self { enabled: true, max_identifiers, identifier_count, identifiers }
    }
}

impl ListedIdentifier {
    fn new(library: &Library, now: Timestamp) -> Self {
        let identifier = &library.app_identifier;
        let cooldown = |platform| {
            let cooldown_remaining_seconds = library.cooldown(platform, now);
            Cooldown { cooldown_remaining_seconds, cooldown_remaining_days: whole_days(cooldown_remaining_seconds) }
        };
        let listed = |build: &LibraryBuild| ListedLibraryBuild::new(build, identifier);
        let latest = |platform| library.latest(platform).map(listed);
        Self {
            app_identifier: identifier.to_string(),
            set_at: library.set_at,
            set_by: library.set_by.clone(),
            platform_cooldowns: Cooldowns { android: cooldown(Platform::Android), ios: cooldown(Platform::Ios) },
            builds: library.builds.iter().rev().map(listed).collect(),
            latest_by_platform: LatestByPlatform { android: latest(Platform::Android), ios: latest(Platform::Ios) },
        }
    }
}

impl ListedLibraryBuild {
    fn new(build: &LibraryBuild, identifier: &AppIdentifier) -> Self {
        Self {
            build_id: build.build_id.to_string(),
            platform: build.platform.as_str(),
            app_identifier: identifier.to_string(),
            status: build.state.as_str(),
            created_at: build.created_at,
            completed_at: build.completed_at(),
            error_message: match &build.state {
                BuildState::Failed { failure, .. } => Some(failure.message.to_string()),
                _ => None,
            },
        }
    }
}

/// An app identifier to be set or deleted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct IdentifierFields {
    /// Reverse-DNS, at least three segments, up to 255 characters. Each segment has up to 63 letters, digits,
    /// hyphens and underscores, and begins with a letter.
    /// Some beginnings are reserved, `com.example` among them.
    #[schema(required = true, nullable = false, example = "com.company.production.app", max_length = 255)]
    app_identifier: Option<String>,
}

/// An app identifier was set.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IdentifierAnswer {
    /// For people.
    #[schema(example = "App identifier set successfully")]
    message: &'static str,
    /// The identifier.
    #[schema(example = "com.company.production.app")]
    app_identifier: String,
}

/// Set an app identifier
///
/// Adds it, and starts a build for Android and one for iOS. An identifier that is set again is built again for each platform that is not
/// being built and was not built successfully within 30 days; where there is none, it is refused.
#[utoipa::path(
    post, path = "/frontend/custom_library_set_identifier", tag = "builds", request_body = IdentifierFields,
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 printable ASCII characters", min_length = 1, max_length = 255)),
    responses(
        (
            status = 200, description = "Its builds start", body = IdentifierAnswer,
            headers(("Idempotent-Replayed" = String, description = "`true` where an earlier request set it; else absent"))
        ),
        (status = 400, description = "The identifier is missing or invalid, there are as many as the tenant may have, or it was built lately", body = ErrorBody),
        (status = 409, description = "It is being built, or the tenant is pending deletion", body = ErrorBody),
        (status = 422, description = "The Idempotency-Key was used with another request", body = ErrorBody),
    )
)]
pub(crate) async fn set_library_identifier(
    State(app): State<App>,
    caller: Caller<SetLibraryIdentifier>,
    key: IdempotencyKey,
    JsonBody { value: fields, digest }: JsonBody<IdentifierFields>,
) -> ApiResult<Response> {
    let identifier = fields.read()?;
    let request = key.bind(caller.tenant.id.as_str(), &caller.user_id, digest);
    let set = app.service.set_library(&caller, &identifier, request).await?;
    let message = "App identifier set successfully";
    Ok(replayable(Json(IdentifierAnswer { message, app_identifier: identifier.into() }), set.replayed))
}

/// Which library is to be downloaded.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LibraryDownloadFields {
    /// `android` or `ios`.
    #[schema(required = true, nullable = false, example = "android", pattern = "^(android|ios)$")]
    platform: Option<String>,
    /// A successful build for the platform; absent for the latest.
    #[schema(example = "0190b5f0-7c3e-7d10-8a52-6f0d2c4e9b11")]
    build_id: Option<String>,
    /// Only for this app identifier; absent for the latest of all.
    #[schema(example = "com.company.production.app", max_length = 255)]
    app_identifier: Option<String>,
}

/// A library to be fetched.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LibraryDownloadAnswer {
    /// Answers the library to one GET. A secret while it works.
    #[schema(format = "uri", example = "https://presigned-download-url.example")]
    url: String,
    /// Seconds for which the URL works.
    #[schema(example = 3600)]
    expires_in: u32,
    /// The name that the download bears: an AAR for Android, a zipped XCFramework for iOS.
    #[schema(example = "com.company.production.app-2024.11.27.aar")]
    file_name: String,
    /// SHA-256 of the library, lowercase hexadecimal.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    sha256: String,
    /// Bytes of the library.
    size: u64,
}

/// Download a library
///
/// The latest that was built successfully for the platform, or the one that is named. Ask again when the URL has expired.
#[utoipa::path(
    post, path = "/frontend/custom_library_download", tag = "builds", request_body = LibraryDownloadFields,
    responses(
        (status = 200, description = "Where the library is", body = LibraryDownloadAnswer),
        (status = 400, description = "The platform is missing, or a field is invalid", body = ErrorBody),
        (status = 404, description = "There is no such identifier, or no such successful build", body = ErrorBody),
    )
)]
pub(crate) async fn download_library(
    State(app): State<App>,
    caller: Caller<DownloadLibrary>,
    JsonBody { value: fields, .. }: JsonBody<LibraryDownloadFields>,
) -> ApiResult<Json<LibraryDownloadAnswer>> {
    let query = LibraryQuery {
        platform: parsed(fields.platform, "platform", "Platform is missing")?,
        build: fields.build_id.map(|id| id.parse()).transpose()?,
        app_identifier: fields.app_identifier.map(|identifier| identifier.parse()).transpose()?,
    };
    let LibraryDownload { url, file_name, package } = app.service.library_download(&caller, &query).await?;
    let (sha256, size) = (package.sha256.into(), package.size);
    Ok(Json(LibraryDownloadAnswer { url, expires_in: URL_SECONDS, file_name, sha256, size }))
}

/// Libraries are gone.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LibraryDeletion {
    /// For people.
    #[schema(example = "Libraries for com.company.production.app deleted successfully")]
    message: String,
}

/// Delete an app identifier
///
/// With all of its libraries. Refused while one of them is being built, and for 30 days after a successful build. Sent again after it is
/// gone, it answers 404.
#[utoipa::path(
    post, path = "/frontend/custom_library_delete", tag = "builds", request_body = IdentifierFields,
    responses(
        (status = 200, description = "The identifier is gone", body = LibraryDeletion),
        (status = 400, description = "The identifier is missing or invalid, or was built lately", body = ErrorBody),
        (status = 404, description = "The tenant has no such identifier", body = ErrorBody),
        (status = 409, description = "A library is being built, or the tenant is pending deletion", body = ErrorBody),
    )
)]
pub(crate) async fn delete_library(
    State(app): State<App>,
    caller: Caller<DeleteLibrary>,
    JsonBody { value: fields, .. }: JsonBody<IdentifierFields>,
) -> ApiResult<Json<LibraryDeletion>> {
    let identifier = fields.read()?;
    app.service.delete_library(&caller, &identifier).await?;
    Ok(Json(LibraryDeletion { message: format!("Libraries for {identifier} deleted successfully") }))
}

impl IdentifierFields {
    fn read(self) -> Result<AppIdentifier, Error> {
        parsed(self.app_identifier, "app_identifier", "App identifier is missing")
    }
}
