//! The Management API.

mod audit;
mod configuration;
mod hostile;
mod journey;
mod mail;
mod matrix;
mod operator;
mod races;
mod recorded;
mod replays;
mod rules;
mod saml;
