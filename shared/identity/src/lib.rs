//! ID tokens of the user pool: their keys, their checks, and whom they name. Asks the issuer for keys; no AWS SDK, no clock,
//! no environment.

mod claims;
mod fetch;
mod keys;
mod pool;
mod verifier;

pub use pool::{BadPool, Pool};
pub use verifier::Verifier;
