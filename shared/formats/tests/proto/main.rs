//! Protobuf documents and tables: round trips, edits that aapt2 and bundletool read, one fixture per defect, and properties.
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

mod bundles;
mod defects;
mod documents;
mod properties;
mod tables;
mod tools;
