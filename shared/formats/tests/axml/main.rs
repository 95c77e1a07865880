//! Binary XML: round trips, edits as golden dumps, one fixture per defect, and properties.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

mod builder;
mod defects;
mod edits;
mod manifest;
mod properties;
mod round_trip;
mod tree;
