//! Property lists: what Python writes, one fixture per defect, and lists that ask for more than they hold.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

mod binary;
mod builder;
mod damage;
mod fields;
mod python;
mod xml;
