//! The answerer against a scripted Converse, over HTTP and through the SDK.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

mod answers;
mod failures;
mod hostile;
mod requests;
mod searches;
mod setup;
