//! The DEX reader, the removal of debug information, and the comparison: what is kept, what goes, one fixture for each defect,
//! truncation and damage, real packages, and other people's readers as judges.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

mod builder;
mod compare;
mod damage;
mod defects;
mod packages;
mod queries;
mod sample;
mod strip;
mod tools;
mod unusual;
