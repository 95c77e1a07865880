//! The HTTP API: each documented field, status and header, the recorded events, the document and the calls behind it.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test ends where its ground is missing")]

mod attribution;
mod authentication;
mod calls;
mod events;
mod http_rules;
mod idempotency;
mod log;
mod management;
mod multipart;
mod openapi;
mod outcomes;
mod pepper;
mod replays;
mod rounds;
mod routes;
mod schemathesis;
mod signing_keys;
mod status;
mod upload;
mod user_pool;
