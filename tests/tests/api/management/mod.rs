//! The Management API.

mod audit;
mod hostile;
mod journey;
mod mail;
mod matrix;
mod races;
mod recorded;
mod replays;
mod rules;
mod saml;
