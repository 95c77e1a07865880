//! What Stripe says where it refuses.

use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde_json::{Value, json};

/// A refusal in Stripe's shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    kind: &'static str,
    code: Option<&'static str>,
    param: Option<String>,
    message: String,
    /// Whether it came of doing what was asked: only then does an idempotency key keep it.
    pub(crate) is_executed: bool,
}

impl Refusal {
    fn new(status: StatusCode, kind: &'static str, code: Option<&'static str>, message: impl Into<String>) -> Self {
        Self { status, kind, code, param: None, message: message.into(), is_executed: false }
    }

    fn about(self, param: &str) -> Self {
        Self { param: Some(param.to_owned()), ..self }
    }

    fn invalid(code: Option<&'static str>, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request_error", code, message)
    }

    pub(crate) fn unknown(param: &str) -> Self {
        Self::invalid(Some("parameter_unknown"), format!("Received unknown parameter: {param}")).about(param)
    }

    pub(crate) fn missing_param(param: &str) -> Self {
        Self::invalid(Some("parameter_missing"), format!("Missing required param: {param}.")).about(param)
    }

    pub(crate) fn bad_param(param: &str, value: &str) -> Self {
        Self::invalid(None, format!("Invalid {param}: {value}")).about(param)
    }

    pub(crate) fn expansion(message: String) -> Self {
        Self::invalid(None, message).about("expand")
    }

    /// `param` is where the id came from; of a path it is `id`.
    pub(crate) fn missing(what: &str, id: &str, param: &str) -> Self {
        let status = if param == "id" { StatusCode::NOT_FOUND } else { StatusCode::BAD_REQUEST };
        let message = format!("No such {what}: '{id}'");
        Self::new(status, "invalid_request_error", Some("resource_missing"), message).about(param)
    }

    /// The state of things does not allow it.
    pub(crate) fn state(message: impl Into<String>) -> Self {
        Self { is_executed: true, ..Self::invalid(None, message) }
    }

    pub(crate) fn declined() -> Self {
        let code = Some("card_declined");
        let refusal = Self::new(StatusCode::PAYMENT_REQUIRED, "card_error", code, "Your card was declined.");
        Self { is_executed: true, ..refusal }
    }

    pub(crate) fn full(what: &str) -> Self {
        Self::invalid(None, format!("The stand-in has room for no more {what}"))
    }

    pub(crate) fn key(message: &str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "invalid_request_error", None, message)
    }

    pub(crate) fn version(version: &str) -> Self {
        Self::invalid(None, format!("The stand-in speaks only version {version}"))
    }

    pub(crate) fn no_call(method: &http::Method, path: &str) -> Self {
        let message = format!("Unrecognized request URL ({method}: {path}).");
        Self::new(StatusCode::NOT_FOUND, "invalid_request_error", None, message)
    }

    pub(crate) fn other_params(key: &str) -> Self {
        let message = format!(
            "Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a \
             key other than '{key}' if you meant to execute a different request."
        );
        Self::new(StatusCode::BAD_REQUEST, "idempotency_error", None, message)
    }

    pub(crate) fn running(key: &str) -> Self {
        let message = format!("There is currently another in-progress request using this Idempotency Key: {key}");
        Self::new(StatusCode::CONFLICT, "idempotency_error", Some("idempotency_key_in_use"), message)
    }

    /// As a fault, before anything was done.
    pub(crate) fn fault(status: StatusCode) -> Self {
        let (kind, code) = match status {
            StatusCode::TOO_MANY_REQUESTS => ("invalid_request_error", Some("rate_limit")),
            StatusCode::CONFLICT => ("invalid_request_error", Some("lock_timeout")),
            _ => ("api_error", None),
        };
        Self::new(status, kind, code, "A fault that was asked for")
    }

    pub(crate) fn body(&self) -> Value {
        let mut error = json!({ "type": self.kind, "message": self.message });
        if let Some(code) = self.code {
            error["code"] = code.into();
        }
        if let Some(param) = &self.param {
            error["param"] = param.as_str().into();
        }
        json!({ "error": error })
    }
}

/// JSON under a status.
pub(crate) fn answer(status: StatusCode, body: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}
