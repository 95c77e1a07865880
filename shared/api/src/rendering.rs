//! The boundary of every request: its id, the body of errors, and one line in the log.

use axum::Json;
use axum::body::to_bytes;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::error::Error;
use http::{HeaderName, HeaderValue};
use uuid::Uuid;

use crate::App;
use crate::call::Call;
use crate::problem::{ErrorBody, Problem, carry_allow};
use crate::server::MAX_BODY_BYTES;

static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Gives the request an id, reads it, runs it, leaves its audit event, and renders what came of it.
pub(crate) async fn render(State(app): State<App>, request: Request, next: Next) -> Response {
    let id = Uuid::now_v7().to_string();
    let method = request.method().clone();
    let path = request.extensions().get::<MatchedPath>().map_or("unknown", MatchedPath::as_str).to_owned();
    let (mut parts, body) = request.into_parts();
    // Where it is not too large, its sender is gone and reads no answer.
    let body = to_bytes(body, MAX_BODY_BYTES).await.ok();
    let call = Call::begin(id.clone(), body.clone());
    parts.extensions.insert(call.clone());
    let mut response = next.run(Request::from_parts(parts, body.unwrap_or_default().into())).await;
    end_trail(&app, &call, response.status().is_success()).await;
    let problem = response.extensions_mut().remove::<Problem>();
    log(&id, method.as_str(), &path, call.tenant(), &response, problem.as_ref());
    let mut response = match problem {
        Some(problem) => error_body(problem, &id, &response),
        None => response,
    };
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID.clone(), value);
    }
    response
}

/// An event that is lost changes no answer: it is logged, which operators count.
async fn end_trail(app: &App, call: &Call, successful: bool) {
    let Some(trail) = call.trail() else { return };
    if let Err(error) = app.service.end_trail(trail, successful).await {
        tracing::error!(request.id = call.request_id(), error.cause = error.with_causes(), "an audit event is lost");
    }
}

fn error_body(problem: Problem, id: &str, routed: &Response) -> Response {
    let body = ErrorBody {
        error: problem.error,
        code: problem.code,
        request_id: id.to_owned(),
        permission_denied: problem.required_permission.map(|_| true),
        required_permission: problem.required_permission,
        details: problem.details,
    };
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
