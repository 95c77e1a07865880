//! Why a DEX file cannot be read or written.

use crate::reader::Truncated;

/// Bytes that are no sound DEX file. Offsets count from the file's first byte.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file is longer than it may be.
    #[error("DEX file of {length} bytes, and at most {limit} are read")]
    TooLarge {
        /// Length in bytes.
        length: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// The file has more items than it may have.
    #[error("DEX file of {items} items, and at most {limit} are read")]
    TooManyItems {
        /// Number of items and rows of tables.
        items: u64,
        /// The limit.
        limit: u64,
    },
    /// A kind or version of executable that is known but not read here.
    #[error("{0} is not supported")]
    Unsupported(&'static str),
    /// The bytes end inside a field.
    #[error("DEX: {0}")]
    Truncated(#[from] Truncated),
    /// A field has a value that it must not have.
    #[error("DEX: {field} at offset {offset} is {found:#x}: {rule}")]
    Invalid {
        /// The field.
        field: &'static str,
        /// Where the field, or the item that it belongs to, starts.
        offset: u64,
        /// The value that was found.
        found: u64,
        /// What was expected.
        rule: &'static str,
    },
    /// The content has another Adler-32 checksum than the header says: the platform refuses to load it.
    #[error("DEX: checksum at offset 8 is {declared:#010x}, and that of the content is {computed:#010x}")]
    Checksum {
        /// What the header says.
        declared: u32,
        /// What the content has.
        computed: u32,
    },
    /// A field refers to an entry that a table does not have.
    #[error("DEX: {field} at offset {offset} is {table} {index}, and there are {count}")]
    OutOfRange {
        /// The field.
        field: &'static str,
        /// Where the field, or the item that it belongs to, starts.
        offset: u64,
        /// The table that it refers to.
        table: &'static str,
        /// The index that was found.
        index: u32,
        /// Entries of the table.
        count: u32,
    },
    /// A field points to a place where no item of the right kind starts.
    #[error("DEX: {field} at offset {offset} points to {target}, where no {kind} starts")]
    Dangling {
        /// The field.
        field: &'static str,
        /// Where the field, or the item that it belongs to, starts.
        offset: u64,
        /// Where it points to.
        target: u32,
        /// What should stand there.
        kind: &'static str,
    },
    /// Arrays and annotations are nested deeper than they may be.
    #[error("DEX: encoded value at offset {offset} is nested deeper than {limit} levels")]
    TooDeep {
        /// Where the value starts.
        offset: u64,
        /// The limit.
        limit: u32,
    },
}

/// An [`Error::Invalid`].
pub(super) fn invalid(field: &'static str, offset: u64, found: impl Into<u64>, rule: &'static str) -> Error {
    Error::Invalid { field, offset, found: found.into(), rule }
}
