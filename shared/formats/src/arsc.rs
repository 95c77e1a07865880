//! Resource tables: `resources.arsc`.
//!
//! [`Table::parse`] borrows the file and copies nothing but what an edit changes; a table that nobody edited is written back byte for
//! byte. Chunk layouts and what is refused follow the platform's `ResourceTypes.h` and its `LoadedArsc` reader: chunks must fit into
//! each other, while an entry that cannot be read is an entry that is not there, as on a device. Tables made by shrinkers and
//! obfuscators (collapsed names, shared entries, sparse and 16-bit offsets, compact entries, unknown chunks) are read as the platform
//! reads them.

mod chunk;
mod config;
mod dump;
mod edit;
mod entry;
mod error;
mod query;
mod read;
mod rename;
mod same;
mod survey;
mod write;

use crate::strings::StringPool;

use chunk::Package;

pub use crate::axml::Value;
pub use config::{Closeness, Config};
pub use dump::dump;
pub use error::Error;
pub use query::{Content, FileReference, PackageName, Resource, SingleValue, Variant};
pub use rename::RenamedName;
pub use same::{Added, Difference, Same, same_values};
pub use survey::EntryName;

/// A parsed table. Reading never changes it; every edit that fails leaves it as it was.
#[derive(Clone, Debug)]
pub struct Table<'a> {
    /// The bytes that were parsed, while they still say the same as the fields below.
    original: Option<&'a [u8]>,
    /// Bytes of the header beyond the count of packages.
    header_extra: &'a [u8],
    package_count: u32,
    parts: Vec<Part<'a>>,
    /// Bytes after the table.
    trailing: &'a [u8],
    /// How long the table may become, in bytes.
    limit: u64,
}

/// What a table is made of, in the order of the file.
#[derive(Clone, Debug)]
enum Part<'a> {
    /// The strings that values refer to.
    Strings(Box<StringPool<'a>>),
    Package(Box<Package<'a>>),
    /// Chunks that are none of the above, whole: the platform skips them.
    Other(&'a [u8]),
}

/// The package of the app itself.
const APP_PACKAGE: u32 = 0x7f;
