//! Types, rules, errors, the control catalogue and the job's transition table. No AWS, no HTTP, no clock, no environment.

pub mod phase;
