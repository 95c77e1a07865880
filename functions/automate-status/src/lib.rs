//! Status and download of the Automation API (page 000), and the answer to every unknown route.

mod download;
mod status;

use api::App;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of this function.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(status::build_status)).routes(routes!(download::download_build))
}
