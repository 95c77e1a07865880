//! The OpenAPI 3.1 document, made of the routers themselves.

use utoipa::OpenApi as _;
use utoipa::openapi::header::{Header, HeaderBuilder};
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::schema::{Object, Schema, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{OpenApi, RefOr};
use utoipa_axum::router::OpenApiRouter;

use crate::App;
use crate::problem::ErrorBody;

/// The name of the security scheme in the document.
pub const AUTOMATION_KEY: &str = "automation_key";

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "AppTego API",
        description = "Protects mobile apps: upload, follow the build, download.\n\n\
            Every response carries `x-request-id`. Every error has the body `ErrorBody`, also for unknown routes (404) \
            and wrong methods (405, with `Allow`)."
    ),
    servers((url = "https://api.apptego.com")),
    tags((name = "automation", description = "Upload, follow, cancel and download builds from a pipeline.")),
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
    document.paths.paths.values_mut().flat_map(operations).for_each(describe_headers);
    document
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.post, &mut item.put, &mut item.delete, &mut item.patch].into_iter().flatten()
}

/// The headers that [`crate::rendering`] and [`crate::problem`] give to every response of a status.
fn describe_headers(operation: &mut Operation) {
    for (status, response) in &mut operation.responses.responses {
        let RefOr::T(response) = response else { continue };
        let mut describe = |name: &str, kind, text| {
            response.headers.insert(name.to_owned(), RefOr::T(header(kind, text)));
        };
        describe("x-request-id", Type::String, "Names the request in the service's log.");
        match status.as_str() {
            "401" => describe("WWW-Authenticate", Type::String, "`Bearer`"),
            "429" => {
                describe("Retry-After", Type::Integer, "Seconds after which trying again can succeed.");
                describe("X-RateLimit-Limit", Type::Integer, "The limit that is reached.");
                describe("X-RateLimit-Remaining", Type::Integer, "What is left of it: 0.");
            }
            _ => {}
        }
    }
}

fn header(kind: Type, text: &str) -> Header {
    HeaderBuilder::new().schema(Some(Schema::Object(Object::with_type(kind)))).description(Some(text)).build()
}
