//! The Management API.

mod journey;
mod recorded;
