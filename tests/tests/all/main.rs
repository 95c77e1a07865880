//! Cross-function tests against the local AWS.

mod harness;
mod journey;
mod packages;
