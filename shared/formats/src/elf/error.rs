//! Why a library is left as it is.

use std::io;

use crate::reader::Truncated;

/// Why a library cannot be edited safely. All but [`Io`](Self::Io) say something about the library; it can be used unedited.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The source failed; nothing is said about the library.
    #[error("reading the library failed: {0}")]
    Io(#[from] io::Error),
    /// The file ends inside a header.
    #[error("ELF: {0}")]
    Truncated(#[from] Truncated),
    /// It does not begin with ELF's four bytes.
    #[error("not an ELF file")]
    NotElf,
    /// The highest byte of each number comes first.
    #[error("ELF: big-endian files are not supported")]
    BigEndian,
    /// Neither a shared library nor an executable.
    #[error("ELF: e_type at offset 16 is {0}: only shared libraries (3) and executables (2) are supported")]
    Kind(u16),
    /// A field has a value that it must not have.
    #[error("ELF: {field} at offset {offset} is {found:#x}: {rule}")]
    Invalid {
        /// The field.
        field: &'static str,
        /// Where the field, or the header that it belongs to, starts.
        offset: u64,
        /// What stands there.
        found: u64,
        /// What belongs there.
        rule: &'static str,
    },
    /// Counts that do not fit into the file header and stand in the first section header; no library needs them.
    #[error("ELF: extended numbering is not supported ({field} at offset {offset})")]
    ExtendedNumbering {
        /// The field that says so.
        field: &'static str,
        /// Its offset.
        offset: u64,
    },
    /// More of something than the limits allow.
    #[error("ELF: {what} is {found}, at most {limit} is accepted")]
    Limit {
        /// What is counted, with its unit.
        what: &'static str,
        /// The number found.
        found: u64,
        /// The limit.
        limit: u64,
    },
    /// Something reaches past the end of the file.
    #[error("ELF: {what} takes {length} bytes from offset {offset}, the file has {available}")]
    Outside {
        /// The table, segment or section.
        what: String,
        /// Where it starts.
        offset: u64,
        /// Its length in bytes.
        length: u64,
        /// Length of the file in bytes.
        available: u64,
    },
    /// Bytes of something to be removed belong to something that stays, or it is unclear to what they belong.
    #[error("ELF: {what} overlaps {other} at offset {offset}")]
    Overlap {
        /// The one.
        what: String,
        /// The other.
        other: String,
        /// Where the second one starts.
        offset: u64,
    },
    /// Bytes that no header accounts for, and that removing sections would lose or move.
    #[error("ELF: {length} bytes at offset {offset} belong to no section and no segment")]
    Undeclared {
        /// Where they start.
        offset: u64,
        /// How many they are.
        length: u64,
    },
    /// A section that stays refers to one that would be removed.
    #[error("ELF: {section} refers to {needed}, which would be removed")]
    StillUsed {
        /// The section that stays.
        section: String,
        /// The section it needs.
        needed: String,
    },
    /// The table with the names of sections is also one that would be removed.
    #[error("ELF: {0} holds the names of sections, and would be removed")]
    SharedNames(String),
}
