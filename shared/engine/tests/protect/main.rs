//! The engine on small packages made here: what it does, what it refuses, and how it ends early.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

mod apk;
mod early_end;
mod manifest;
mod output;
mod refused;
