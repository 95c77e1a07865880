//! Tenants, users, tokens, keys and SAML settings (page 004).

use api::App;
use utoipa_axum::router::OpenApiRouter;

/// The routes of this function.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
}
