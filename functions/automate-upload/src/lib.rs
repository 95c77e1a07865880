//! Uploads and cancellation of the Automation API (page 000; contracts for `cancel`).

mod abort;
mod cancel;
mod complete;
mod upload;

use api::App;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of this function.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(upload::request_upload))
        .routes(routes!(complete::complete_upload))
        .routes(routes!(abort::abort_upload))
        .routes(routes!(cancel::cancel_build))
}
