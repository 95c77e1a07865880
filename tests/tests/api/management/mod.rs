//! The Management API.

mod audit;
mod journey;
mod matrix;
mod races;
mod recorded;
mod rules;
