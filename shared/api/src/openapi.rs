//! The OpenAPI 3.1 document, made of the routers themselves.

use utoipa::OpenApi as _;
use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;

use crate::App;
use crate::problem::ErrorBody;

/// The name of the security scheme in the document.
pub const AUTOMATION_KEY: &str = "automation_key";

#[derive(utoipa::OpenApi)]
#[openapi(
    info(title = "AppTego API", description = "Protects mobile apps: upload, follow the build, download."),
    servers((url = "https://api.apptego.com")),
    components(schemas(ErrorBody))
)]
struct Document;

/// The document of all `routers` together.
pub fn document(routers: impl IntoIterator<Item = OpenApiRouter<App>>) -> OpenApi {
    let mut document = Document::openapi();
    for router in routers {
        document.merge(router.into_openapi());
    }
    let scheme = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("key_id:key_secret")
        .description(Some("An automation key, raw: `Bearer key_id:key_secret`"));
    let components = document.components.get_or_insert_default();
    components.add_security_scheme(AUTOMATION_KEY, SecurityScheme::Http(scheme.build()));
    document
}
