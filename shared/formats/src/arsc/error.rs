//! Why a table cannot be read or edited.

use crate::chunk::from_chunk_error;
use crate::reader::Truncated;

/// Bytes that are no sound table, or an edit that would not do what it says. Offsets count from the table's first byte.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The table is longer than it may be.
    #[error("resource table of {length} bytes, and at most {limit} are read")]
    TooLarge {
        /// Length in bytes.
        length: usize,
        /// The limit in bytes.
        limit: u64,
    },
    /// The table has more chunks than it may have.
    #[error("resource table: the chunk at offset {offset} is one too many: at most {limit} are read")]
    TooManyChunks {
        /// Where the chunk starts.
        offset: u64,
        /// The limit.
        limit: u64,
    },
    /// The bytes end inside a field.
    #[error("resource table: {0}")]
    Truncated(#[from] Truncated),
    /// A field has a value that it must not have.
    #[error("resource table: {field} at offset {offset} is {found:#x}: {rule}")]
    Invalid {
        /// The field.
        field: &'static str,
        /// Where the field, or the chunk that it belongs to, starts.
        offset: u64,
        /// The value that was found.
        found: u64,
        /// What was expected.
        rule: &'static str,
    },
    /// A field refers to a string that the pool does not have.
    #[error("resource table: {field} at offset {offset} is string {index}, and the pool has {count}")]
    StringOutOfRange {
        /// The field.
        field: &'static str,
        /// Where the field stands.
        offset: u64,
        /// The index that was found.
        index: u32,
        /// Strings in the pool.
        count: u32,
    },
    /// The format, or the limit, has no room for what should be added.
    #[error("resource table: no room for another {what}")]
    Full {
        /// What there are too many of.
        what: &'static str,
    },
    /// The table lacks a part that the edit needs.
    #[error("resource table: it has no {what}")]
    Missing {
        /// The part.
        what: &'static str,
    },
    /// An entry of that type and name is there already.
    #[error("resource table: {type_name}/{name} is there already as {id:#010x}")]
    Exists {
        /// Name of the type.
        type_name: String,
        /// Name of the entry.
        name: String,
        /// Its id.
        id: u32,
    },
    /// No entry has that id and that file.
    #[error("resource table: {id:#010x} does not refer to {path:?}")]
    NoSuchFile {
        /// The id.
        id: u32,
        /// The path that was looked for.
        path: String,
    },
    /// A path that is to be renamed is no file's, or is text as well that the app may read.
    #[error("resource table: {path:?} is not only the path of a file")]
    NotOnlyAPath {
        /// The path.
        path: String,
    },
    /// Entries lie partly over each other, so that none could be edited without damage to another.
    #[error("resource table: the entry at offset {offset} of type {type_id:#04x} overlaps another one")]
    Overlapping {
        /// Its type.
        type_id: u8,
        /// Where it starts, counted from the first entry of its chunk.
        offset: u32,
    },
    /// Entries with different names would have the same one.
    #[error("resource table: more than one name would become {name:?}")]
    Collision {
        /// The name they would have.
        name: String,
    },
}

from_chunk_error!(Error);
