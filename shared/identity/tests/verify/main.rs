//! ID tokens against an issuer on loopback whose answers the test chooses.
#![expect(clippy::unwrap_used, reason = "a test")]

mod claims;
mod headers;
mod hostile;
mod issuer;
mod keys;
mod log;
mod roots;
mod tokens;
