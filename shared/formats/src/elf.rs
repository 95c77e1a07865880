//! Native libraries: taking symbols and debug sections out of ELF files, and proving that nothing else changed.
//!
//! A dynamic linker works by program headers, and what they cover is never moved or altered here; so addresses, alignment and
//! page sizes stay as they were. Sections outside of them are only for tools, with one exception: .NET finds the whole app in
//! a section `payload`, at an offset and under a number that are compiled into its runtime. Therefore **no section ever changes
//! its number** (a removed one leaves an empty header behind, and only the end of the table is cut off), and sections of unknown
//! meaning keep their offset.
//!
//! Layouts are those of the System V gABI, chapters 4 and 5. Little-endian files of both classes are read; nothing that Android
//! ever ran on was big-endian.

mod compare;
mod debug;
mod dump;
mod error;
mod file;
mod header;
mod layout;
mod section;
mod segment;
mod strip;

pub use compare::{Difference, same_image};
pub use dump::dump;
pub use error::Error;
pub use strip::{Removed, Stripped, strip};
