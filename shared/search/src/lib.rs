//! Searches in the logs: the query language and what it means, and the grammar that turns a question in English into a query and a
//! time window. Texts in, values out: no AWS, no HTTP, no clock.
#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::as_conversions)]

pub mod audit;
pub mod column;
pub mod query;
pub mod question;
