//! The Management API.

mod journey;
mod matrix;
mod races;
mod recorded;
mod saml;
