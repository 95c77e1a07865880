//! App bundles: what the engine makes of them, what it refuses, and what the tools say that packages are made with.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

mod judged;
mod kept;
mod memory;
mod output;
mod refused;
mod support;
mod variants;
