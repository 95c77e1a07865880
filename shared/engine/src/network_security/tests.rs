//! Configurations as XML before and after a merge, what the report says, and the platform's own semantics as the judge.

mod cleartext;
mod model;
mod pinning;
mod refused;
mod support;
mod transparency;
