//! The Management API.

mod journey;
mod races;
mod saml;
