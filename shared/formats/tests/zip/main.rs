//! The ZIP reader and writer: rewriting, one fixture for each defect, truncation, and other people's readers.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

mod builder;
mod defects;
mod rewrite;
mod splice;
mod tools;
