//! The assistant and AI Search of the Management API (page 003).

mod assistant;
mod search;

use ::assistant::{Embedded, Guides};
use ::search::audit::Call;
use api::App;
use api::access::TABLE;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of this function.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(assistant::send_message))
        .routes(routes!(assistant::history))
        .routes(routes!(assistant::clear_history))
        .routes(routes!(assistant::usage_status))
        .routes(routes!(search::interpret))
}

/// The guides, as readers of the portal at `portal_url` find them.
pub fn guides(portal_url: &str) -> Guides {
    Guides::at(&format!("{portal_url}/documents/guides"))
}

/// The calls that searches can be about.
pub fn calls() -> Vec<Call> {
    TABLE.iter().map(|row| Call { name: row.name, shown: row.shown }).collect()
}

/// What answers without a model.
pub fn embedded(portal_url: &str) -> Embedded {
    Embedded::new(guides(portal_url), &calls())
}
