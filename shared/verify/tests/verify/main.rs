//! What the check accepts, and that it refuses every output that differs by a byte from what was asked for.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

mod bundle;
mod bundle_fields;
mod controls;
mod damage;
mod ios;
mod package;
mod refused;
