//! Readers and writers of hostile bytes: ZIP archives, Android binary XML and resource tables, the protobuf forms of both, DEX files,
//! native libraries, Mach-O binaries, Apple property lists and PNG images.
#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::as_conversions)]

pub mod arsc;
pub mod axml;
mod chunk;
pub mod dex;
pub mod elf;
pub mod limits;
pub mod macho;
mod pairs;
pub mod parallel;
pub mod paths;
pub mod piece;
pub mod plist;
pub mod png;
pub mod proto;
pub mod reader;
pub mod source;
mod strings;
pub mod zip;
