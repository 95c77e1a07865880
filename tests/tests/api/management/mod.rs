//! The Management API.

mod journey;
mod matrix;
mod recorded;
