//! `Idempotency-Key`, for every POST that creates something (contracts, "Errors").

use std::fmt;

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use domain::error::Error;
use domain::id::Sha256Hex;
use http::request::Parts;
use http::{HeaderName, HeaderValue};
use service::changing::IdempotentRequest;

use crate::problem::Problem;

static KEY: HeaderName = HeaderName::from_static("idempotency-key");
static REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// The key of a request, if it carries one: 1 to 255 printable ASCII characters.
#[derive(Clone, Debug)]
pub struct IdempotencyKey {
    key: Option<String>,
    route: String,
}

impl IdempotencyKey {
    /// The request's identity: its key in the scope of caller, tenant and route, and the digest of its body.
    pub fn bind(self, tenant: &str, caller: &dyn fmt::Display, body: Sha256Hex) -> Option<IdempotentRequest> {
        let key = self.key?;
        let scope = format!("{tenant}\n{caller}\n{}\n{key}", self.route);
        Some(IdempotentRequest { scope: Sha256Hex::of(scope.as_bytes()), body })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let route = format!("{} {}", parts.method, parts.uri.path());
        let mut headers = parts.headers.get_all(&KEY).iter();
        let Some(value) = headers.next() else { return Ok(Self { key: None, route }) };
        let printable = value.as_bytes().iter().all(|byte| (0x20..=0x7e).contains(byte));
        if headers.next().is_some() || !printable || !(1..=255).contains(&value.len()) {
            let message = "Idempotency-Key must be 1 to 255 printable ASCII characters";
            return Err(Error::invalid("idempotency_key", message).into());
        }
        Ok(Self { key: value.to_str().ok().map(str::to_owned), route })
    }
}

/// Marks the answer to a request that was carried out before.
pub fn replayable(answer: impl IntoResponse, replayed: bool) -> Response {
    let mut response = answer.into_response();
    if replayed {
        response.headers_mut().insert(REPLAYED.clone(), HeaderValue::from_static("true"));
    }
    response
}
