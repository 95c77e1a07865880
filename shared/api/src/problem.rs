//! Every error of the API: one envelope, and the one place that maps domain errors to HTTP.

use std::borrow::Cow;
use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use domain::error::Error;
use domain::permission::Permission;
use domain::time::at;
use domain::usage::{Allowance, Meter};
use http::header::{ALLOW, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

static RATE_LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
static RATE_REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");

/// The body of every error.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ErrorBody {
    /// What went wrong, for people.
    #[schema(example = "Job not found")]
    pub error: Cow<'static, str>,
    /// What went wrong, for programs: stable, snake_case.
    #[schema(pattern = "^[a-z0-9_]+$", example = "not_found")]
    pub code: Cow<'static, str>,
    /// Names the request in the service's log. Also the `x-request-id` header.
    #[schema(example = "01970000-0000-7000-8000-000000000000")]
    pub request_id: String,
    /// Whether a permission is missing; absent otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = true)]
    pub permission_denied: Option<bool>,
    /// The permission that is missing; absent otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Option<String>, example = "modify_configuration")]
    pub required_permission: Option<Permission>,
    /// What a page documents beside these fields for one error.
    #[serde(flatten)]
    #[schema(ignore)]
    pub details: Map<String, Value>,
}

/// An error on its way out. The request's id is added, and the body rendered, at the boundary.
#[derive(Clone, Debug)]
pub struct Problem {
    pub(crate) status: StatusCode,
    pub(crate) error: Cow<'static, str>,
    pub(crate) code: Cow<'static, str>,
    pub(crate) headers: HeaderMap,
    pub(crate) required_permission: Option<Permission>,
    pub(crate) details: Map<String, Value>,
    /// For the log only.
    pub(crate) cause: Option<Arc<Error>>,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, code: &'static str, error: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status,
            error: error.into(),
            code: code.into(),
            headers: HeaderMap::new(),
            required_permission: None,
            details: Map::new(),
            cause: None,
        }
    }

    pub(crate) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "endpoint_not_found", "Endpoint not found")
    }

    pub(crate) fn method_not_allowed() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "Method not allowed for this endpoint")
    }

    pub(crate) fn body_too_large() -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", "The request body is larger than 5.5 MB")
    }

    /// The same, which says what to do instead where the body was too large.
    pub fn or_instead(self, hint: &str) -> Self {
        if self.status != StatusCode::PAYLOAD_TOO_LARGE {
            return self;
        }
        Self { error: format!("{}. {hint}", self.error).into(), ..self }
    }

    fn with_header(mut self, name: HeaderName, value: impl Into<HeaderValue>) -> Self {
        self.headers.insert(name, value.into());
        self
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let text = error.to_string();
        let problem = match &error {
            Error::Invalid { field, .. } => {
                Self { code: format!("invalid_{field}").into(), ..Self::new(StatusCode::BAD_REQUEST, "invalid", text) }
            }
            Error::Unreadable(_) => Self::new(StatusCode::BAD_REQUEST, "invalid_body", text),
            Error::Unauthenticated => Self::new(StatusCode::UNAUTHORIZED, "unauthenticated", text)
                .with_header(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")),
            Error::Forbidden(_) => Self::new(StatusCode::FORBIDDEN, "forbidden", text),
            Error::PermissionDenied(permission) => Self {
                required_permission: Some(*permission),
                ..Self::new(StatusCode::FORBIDDEN, "permission_denied", text)
            },
            Error::PlanRequired(_) => Self::new(StatusCode::FORBIDDEN, "plan_required", text),
            Error::NotFound(_) => Self::new(StatusCode::NOT_FOUND, "not_found", text),
            Error::Conflict { code, .. } => Self::new(StatusCode::CONFLICT, code, text),
            Error::NotReady { code, .. } => Self::new(StatusCode::BAD_REQUEST, code, text),
            Error::IdempotencyKeyReused => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused", text),
            Error::LimitReached { code, limit, retry_after, .. } => {
                let problem = Self::new(StatusCode::TOO_MANY_REQUESTS, code, text)
                    .with_header(RATE_LIMIT.clone(), *limit)
                    .with_header(RATE_REMAINING.clone(), 0);
                match retry_after {
                    Some(seconds) => problem.with_header(RETRY_AFTER, *seconds),
                    None => problem,
                }
            }
            Error::OnCooldown { code, until, retry_after, .. } => {
                let details = [("on_cooldown", true.into()), ("cooldown_until", (*until).into())];
                let details =
                    details.map(|(name, value): (&str, Value)| (name.to_owned(), value)).into_iter().collect();
                Self { details, ..Self::new(StatusCode::TOO_MANY_REQUESTS, code, text) }
                    .with_header(RETRY_AFTER, *retry_after)
            }
            Error::AllowanceUsedUp(allowance) => {
                Self { details: used_up(allowance), ..Self::new(StatusCode::TOO_MANY_REQUESTS, allowance.code(), text) }
                    .with_header(RATE_LIMIT.clone(), allowance.limit)
                    .with_header(RATE_REMAINING.clone(), 0)
                    .with_header(RETRY_AFTER, allowance.retry_after())
            }
            Error::NotInterpreted(_) => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "not_interpreted", text),
            Error::Unavailable { code, retry_after, .. } => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, code, text).with_header(RETRY_AFTER, *retry_after)
            }
            Error::Internal(_) => Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", text),
        };
        Self { cause: Some(Arc::new(error)), ..problem }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// What page 003 and the contracts name beside the error.
fn used_up(allowance: &Allowance) -> Map<String, Value> {
    let Allowance { meter, limit, used, allowed_again_at, .. } = *allowance;
    let details = match meter {
        Meter::Messages => json!({
            "weekly_limit": limit,
            "monthly_limit": limit,
            "messages_used": used,
            "allowed_again_at": allowed_again_at,
            "allowed_again_at_utc": at(allowed_again_at),
        }),
        Meter::Searches => json!({ "usage": { "used": used, "limit": limit }, "allowed_again_at": allowed_again_at }),
    };
    match details {
        Value::Object(details) => details,
        _ => Map::new(),
    }
}

/// Keeps the `Allow` header that the router adds to a 405 answer.
pub(crate) fn carry_allow(from: &HeaderMap, to: &mut HeaderMap) {
    if let Some(allow) = from.get(ALLOW) {
        to.insert(ALLOW, allow.clone());
    }
}
