//! The Management API.

mod journey;
