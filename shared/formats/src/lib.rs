//! Readers and writers of hostile bytes: ZIP archives and Android binary XML.
#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::as_conversions)]

pub mod axml;
pub mod limits;
pub mod reader;
pub mod source;
pub mod zip;
