//! The boundary of every request: its id, the body of errors, and one line in the log.

use std::sync::{Arc, OnceLock};

use axum::Json;
use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::error::Error;
use domain::id::TenantId;
use http::{HeaderName, HeaderValue};
use uuid::Uuid;

use crate::problem::{ErrorBody, Problem, carry_allow};

static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Whose request it is, once its caller is known; for the log.
#[derive(Clone, Debug, Default)]
pub(crate) struct RequestTenant(Arc<OnceLock<String>>);

impl RequestTenant {
    pub(crate) fn set(&self, tenant: &TenantId) {
        self.0.get_or_init(|| tenant.to_string());
    }
}

/// Gives the request an id, runs it, and renders what came of it.
pub(crate) async fn render(mut request: Request, next: Next) -> Response {
    let id = Uuid::now_v7().to_string();
    let method = request.method().clone();
    let path = request.extensions().get::<MatchedPath>().map_or("unknown", MatchedPath::as_str).to_owned();
    let tenant = RequestTenant::default();
    request.extensions_mut().insert(tenant.clone());
    let mut response = next.run(request).await;
    let problem = response.extensions_mut().remove::<Problem>();
    log(&id, method.as_str(), &path, tenant.0.get().map(String::as_str), &response, problem.as_ref());
    let mut response = match problem {
        Some(problem) => body(problem, &id, &response),
        None => response,
    };
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID.clone(), value);
    }
    response
}

fn body(problem: Problem, id: &str, routed: &Response) -> Response {
    let body = ErrorBody { error: problem.error, code: problem.code, request_id: id.to_owned() };
    let mut response = (problem.status, problem.headers, Json(body)).into_response();
    carry_allow(routed.headers(), response.headers_mut());
    response
}

fn log(id: &str, method: &str, path: &str, tenant: Option<&str>, response: &Response, problem: Option<&Problem>) {
    let status = response.status().as_u16();
    let code = problem.map(|problem| &*problem.code);
    let cause = problem.and_then(|problem| problem.cause.as_deref()).filter(|_| status >= 500);
    macro_rules! line {
        ($level:ident) => {
            tracing::$level!(
                request.id = id,
                http.method = method,
                http.route = path,
                http.status = status,
                tenant.id = tenant,
                error.code = code,
                error.cause = cause.map(Error::with_causes),
                "request"
            )
        };
    }
    // The caller is not at fault.
    if status >= 500 { line!(error) } else { line!(info) }
}
