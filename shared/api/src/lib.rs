//! What every HTTP function shares: callers, extractors, the error envelope, request ids and the OpenAPI document.

pub mod access;
pub mod answers;
pub mod body;
mod call;
pub mod caller;
pub mod downloads;
pub mod fields;
pub mod idempotency;
pub mod openapi;
pub mod path;
pub mod problem;
pub mod query;
mod rendering;
pub mod server;
mod shown;
pub mod uploads;

use service::Service;

pub use answers::Success;
pub use body::{JsonBody, JsonObject, NoBody, RawBody};
pub use caller::{Caller, KeyHolder, Visitor};
pub use idempotency::{IdempotencyKey, replayable};
pub use path::{IdPath, JobPath};
pub use problem::{ErrorBody, Problem};
pub use query::QueryFields;
pub use server::serve;

/// What a handler answers.
pub type ApiResult<T> = Result<T, Problem>;

/// The state of every router.
#[derive(Clone, Debug)]
pub struct App {
    /// The use cases.
    pub service: Service,
}
