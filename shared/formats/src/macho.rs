//! Mach-O binaries, thin and fat: what an engine must know of them, and their rewriting for a new code signature, with symbols
//! taken out on the way.
//!
//! dyld maps segments, and finds everything else by load commands, which give file offsets. What stands in front of `__LINKEDIT`
//! is never moved here; only what follows the load commands in their padding, and the tables in `__LINKEDIT`, the last segment,
//! get new places. Offsets in errors count from the beginning of the slice, as otool shows them.
//!
//! Layouts are those of Apple's `mach-o/loader.h`, `mach-o/fat.h` and `mach-o/nlist.h`. Little-endian slices of both widths are
//! read; nothing that an iPhone ever ran on was big-endian.

mod binary;
mod command;
mod compare;
mod error;
mod fat;
mod header;
mod layout;
mod linkedit;
mod platform;
mod remake;
mod segment;
mod slice;
mod strip;
mod symbols;

pub use binary::Binary;
pub use compare::{Difference, same_image};
pub use error::Error;
pub use fat::is_macho;
pub use header::{Cpu, FileKind};
pub use layout::{Layout, Placed};
pub use platform::{Build, Platform, Version};
pub use remake::{Remade, RemadeSlice, Remake, Removed, remake};
pub use slice::{Dylib, DylibUse, Slice};
