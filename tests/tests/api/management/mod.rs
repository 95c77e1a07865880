//! The Management API.

mod assistant;
mod audit;
mod billing;
mod build_races;
mod builds;
mod configuration;
mod hostile;
mod journey;
mod libraries;
mod library_packages;
mod live_policies;
mod mail;
mod matrix;
mod messages;
mod operator;
mod pagination;
mod races;
mod recorded;
mod replays;
mod rules;
mod saml;
mod signing_keys;
mod support;
