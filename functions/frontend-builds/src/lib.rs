//! Applications, builds and signing keys of the Management API (contracts, "Applications and builds"), and the custom library (page 003).

mod applications;
mod builds;
mod libraries;
mod listing;
mod signing_keys;
mod uploads;

use api::App;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of this function.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(applications::applications))
        .routes(routes!(applications::delete_application))
        .routes(routes!(listing::application_builds))
        .routes(routes!(uploads::upload_application_build))
        .routes(routes!(uploads::complete_application_build))
        .routes(routes!(uploads::abort_application_build))
        .routes(routes!(builds::download_application_build))
        .routes(routes!(builds::delete_application_build))
        .routes(routes!(builds::sign_application_build))
        .routes(routes!(signing_keys::signing_keys, signing_keys::create_signing_key))
        .routes(routes!(signing_keys::delete_signing_key))
        .routes(routes!(signing_keys::set_default_signing_key))
        .routes(routes!(libraries::library_status))
        .routes(routes!(libraries::set_library_identifier))
        .routes(routes!(libraries::download_library))
        .routes(routes!(libraries::delete_library))
}
