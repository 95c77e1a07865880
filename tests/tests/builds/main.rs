//! Builds from end to end, with real tools as judges.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failed step is a failed test")]

mod applications;
mod bundles;
mod controls;
mod dev;
mod ios;
mod journey;
mod judges;
mod large;
mod logs;
mod multipart;
mod real_packages;
mod refused;
mod release_keys;
mod samples;
mod shell;
mod signed_urls;
mod token;
