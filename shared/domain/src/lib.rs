//! Types, rules, errors, the control catalogue and the job's transition table. No AWS, no HTTP, no clock, no environment.

pub mod control;
pub mod error;
pub mod phase;
pub mod plan;
pub mod platform;
