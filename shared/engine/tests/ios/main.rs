//! iOS apps: what the engine makes of them, what it refuses.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

mod app;
mod entitlements;
mod info;
mod judged;
mod output;
mod refused;
mod tree;
