//! Builds from end to end, with real tools as judges.

mod dev;
mod journey;
mod judges;
mod multipart;
mod real_packages;
mod refused;
mod samples;
mod shell;
mod signed_urls;
