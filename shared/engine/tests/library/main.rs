//! Library packages: what is in them, what is refused, and what the tools say that apps are built with.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

mod android;
mod android_tools;
mod documents;
mod ios;
mod ios_tools;
mod support;
