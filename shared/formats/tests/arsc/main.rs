//! Resource tables: round trips, edits as golden dumps, one fixture per defect, properties, and other people's tools.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

#[path = "../axml/builder.rs"]
#[expect(dead_code, reason = "documents are not made here")]
mod axml_builder;
mod builder;
mod defects;
mod edits;
mod properties;
mod queries;
mod real;
mod rename;
mod round_trip;
mod tools;
