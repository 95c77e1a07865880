//! Readers and writers of hostile bytes: ZIP archives, Android binary XML, resource tables, DEX files, native libraries and Apple property lists.
#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::as_conversions)]

pub mod arsc;
pub mod axml;
mod chunk;
pub mod dex;
pub mod elf;
pub mod limits;
pub mod plist;
pub mod reader;
pub mod source;
mod strings;
pub mod zip;
