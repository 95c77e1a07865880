//! The OpenAPI 3.1 document, made of the routers themselves.

use domain::access::Effect;
use utoipa::OpenApi as _;
use utoipa::openapi::header::{Header, HeaderBuilder};
use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::schema::{Object, Schema, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Content, OpenApi, Ref, RefOr, Required, Response, ResponseBuilder};
use utoipa_axum::router::OpenApiRouter;

use crate::App;
use crate::access::{Callers, Row, Scope, TABLE};
use crate::problem::ErrorBody;

/// The names of the security schemes in the document.
pub const AUTOMATION_KEY: &str = "automation_key";
/// As [`AUTOMATION_KEY`].
pub const API_TOKEN: &str = "api_token";
/// As [`AUTOMATION_KEY`].
pub const SESSION: &str = "session";

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "AppTego API",
        description = "Protects mobile apps: upload, follow the build, download; and manage what stands around it.\n\n\
            Every response carries `x-request-id`. Every error has the body `ErrorBody`, also for unknown routes (404) \
            and wrong methods (405, with `Allow`)."
    ),
    servers((url = "https://api.apptego.com"), (url = "https://app.apptego.com")),
    tags(
        (name = "automation", description = "Upload, follow, cancel and download builds from a pipeline."),
        (name = "builds", description = "Applications, builds and signing keys."),
        (name = "configuration", description = "Controls, certificates, custom messages, promotion and live policies."),
        (name = "support", description = "Support tickets, tenant documents, sales contact."),
        (name = "assistant", description = "The assistant, and AI Search."),
        (name = "billing", description = "Subscriptions at Stripe."),
        (name = "users", description = "Tenants, users, API tokens, automation keys, SAML SSO, tenant settings.")
    ),
    components(schemas(ErrorBody))
)]
struct Document;

/// The document of all `routers` together. What stands in [`TABLE`] is said of each call from there.
pub fn document(routers: impl IntoIterator<Item = OpenApiRouter<App>>) -> OpenApi {
    let mut document = Document::openapi();
    for router in routers {
        document.merge(router.into_openapi());
    }
    let components = document.components.get_or_insert_default();
    for (name, format, description) in [
        (AUTOMATION_KEY, "key_id:key_secret", "An automation key, raw: `Bearer key_id:key_secret`"),
        (API_TOKEN, "base64(token_key:token_secret)", "An API token: `Bearer` and Base64 of `token_key:token_secret`"),
        (SESSION, "JWT", "The ID token of a browser session"),
    ] {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format(format);
        let scheme = scheme.description(Some(description)).build();
        components.add_security_scheme(name, SecurityScheme::Http(scheme));
    }
    for row in TABLE {
        let item = document.paths.paths.get_mut(row.path);
        if let Some(operation) = item.and_then(|item| operation(item, row.method)) {
            describe_access(operation, row);
        }
    }
    document.paths.paths.values_mut().flat_map(operations).for_each(describe_headers);
    document
}

fn operation<'i>(item: &'i mut PathItem, method: &str) -> Option<&'i mut Operation> {
    match method {
        "GET" => item.get.as_mut(),
        "POST" => item.post.as_mut(),
        "DELETE" => item.delete.as_mut(),
        _ => None,
    }
}

/// Who may call, and what everybody else is told.
fn describe_access(operation: &mut Operation, row: &Row) {
    let schemes: &[&str] = match row.callers {
        Callers::AutomationKeys => &[AUTOMATION_KEY],
        Callers::Members => &[API_TOKEN, SESSION],
        Callers::People => &[SESSION],
        Callers::Stripe => return describe_webhook(operation),
    };
    let scheme = |name: &&str| SecurityRequirement::new(*name, Vec::<String>::new());
    operation.security = Some(schemes.iter().map(scheme).collect());
    let mut refuse = |status: &str, text: &str| {
        operation.responses.responses.entry(status.to_owned()).or_insert_with(|| RefOr::T(refusal(text)));
    };
    refuse("401", "Authentication failed");
    refuse("500", "Internal error");
    if row.callers != Callers::AutomationKeys {
        refuse("403", "The permission, the plan or access to the tenant is missing");
    }
    let concerns_tenant = row.scope == Scope::Tenant || row.callers == Callers::AutomationKeys;
    if concerns_tenant && row.demand.effect == Effect::Change {
        refuse("409", "The tenant is pending deletion");
    }
    if row.scope == Scope::Tenant {
        refuse("400", "The tenant header is missing or malformed, or a field is");
        let header = ParameterBuilder::new().name("tenant").parameter_in(ParameterIn::Header).required(Required::True);
        let header = header.description(Some("Tenant ID, as `/frontend/get_tenants` answers it"));
        let mut id = Object::with_type(Type::String);
        id.pattern = Some("^[0-9a-f]{32}$".to_owned());
        operation.parameters.get_or_insert_default().push(RefOr::T(header.schema(Some(Schema::Object(id))).build()));
    }
    if operation.request_body.is_some() {
        operation
            .responses
            .responses
            .entry("413".to_owned())
            .or_insert_with(|| RefOr::T(refusal("The body is larger than 5.5 MB")));
    }
    let permission = row.demand.permission.map(|permission| format!("Permission: `{}`.", permission.key()));
    let plan = row.demand.plan.map(|gate| format!("{}.", gate.message));
    let said = operation.description.take();
    operation.description = Some([said, permission, plan].into_iter().flatten().collect::<Vec<_>>().join("\n\n"))
        .filter(|text| !text.is_empty());
}

/// It is signed; nobody authenticates.
fn describe_webhook(operation: &mut Operation) {
    operation.security = Some(Vec::new());
    for (status, text) in [("413", "The body is larger than 5.5 MB"), ("500", "Internal error: Stripe sends it again")]
    {
        operation.responses.responses.insert(status.to_owned(), RefOr::T(refusal(text)));
    }
}

fn refusal(text: &str) -> Response {
    let body = Content::new(Some(Ref::from_schema_name("ErrorBody")));
    ResponseBuilder::new().description(text).content("application/json", body).build()
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
        if matches!(status.as_str(), "429" | "503") {
            describe("Retry-After", Type::Integer, "Seconds after which trying again can succeed.");
        }
        match status.as_str() {
            "401" => describe("WWW-Authenticate", Type::String, "`Bearer`"),
            "429" => {
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
