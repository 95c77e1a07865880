//! Why a binary cannot be read, or cannot be rewritten without a guess.

use std::io;

use crate::reader::Truncated;

/// Why a binary is refused. All but [`Io`](Self::Io) say something about the binary.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The source failed; nothing is said about the binary.
    #[error("reading the binary failed: {0}")]
    Io(#[from] io::Error),
    /// One slice of a fat file is defective.
    #[error("slice {number} at offset {start}: {error}")]
    Slice {
        /// Its number in the order of the file, from 0 on.
        number: usize,
        /// Where it starts in the file.
        start: u64,
        /// What is wrong with it; offsets count from its start.
        #[source]
        error: Box<Error>,
    },
    /// It ends inside a header, or a load command is too short for its fields.
    #[error("Mach-O: {0}")]
    Truncated(#[from] Truncated),
    /// It does not begin with one of Mach-O's magic numbers.
    #[error("not a Mach-O file")]
    NotMachO,
    /// A static library where a binary should stand.
    #[error("a static library, not a Mach-O file")]
    StaticLibrary,
    /// The highest byte of each number comes first.
    #[error("Mach-O: big-endian files are not supported")]
    BigEndian,
    /// A field has a value that it must not have.
    #[error("Mach-O: {field} at offset {offset} is {found:#x}: {rule}")]
    Invalid {
        /// The field.
        field: &'static str,
        /// Where it, or the command that it belongs to, starts.
        offset: u64,
        /// What stands there.
        found: u64,
        /// What belongs there.
        rule: &'static str,
    },
    /// Something reaches past the end of what it belongs to.
    #[error("Mach-O: {what} takes {length} bytes from offset {offset}, {container} ends at {end}")]
    Outside {
        /// The slice, segment, section or table.
        what: String,
        /// Where it starts.
        offset: u64,
        /// Its length in bytes.
        length: u64,
        /// What it should lie in.
        container: &'static str,
        /// Where that ends.
        end: u64,
    },
    /// Two things claim the same bytes.
    #[error("Mach-O: {what} overlaps {other} at offset {offset}")]
    Overlap {
        /// The one.
        what: String,
        /// The other.
        other: String,
        /// Where the second one starts.
        offset: u64,
    },
    /// There may be only one of this load command.
    #[error("Mach-O: there is a second {command} at offset {offset}")]
    Twice {
        /// The command.
        command: &'static str,
        /// Where the second one starts.
        offset: u64,
    },
    /// What cannot be done without it is not there.
    #[error("Mach-O: there is no {0}")]
    Missing(&'static str),
    /// More of something than is accepted.
    #[error("Mach-O: {what} is {found}, at most {limit} is accepted")]
    Limit {
        /// What is counted, with its unit.
        what: &'static str,
        /// The number found.
        found: u64,
        /// The limit.
        limit: u64,
    },
    /// Only linked images can be signed.
    #[error("Mach-O: a file of type {0} cannot be signed")]
    Kind(String),
    /// The load commands leave no room for one more.
    #[error("Mach-O: a load command of {wanted} bytes does not fit at offset {offset}: {free} bytes are free")]
    NoRoom {
        /// Where it would stand.
        offset: u64,
        /// Its length in bytes.
        wanted: u64,
        /// Unused bytes there.
        free: u64,
    },
    /// A load command of unknown meaning, which may point at what would be moved.
    #[error("Mach-O: the load command {command:#x} at offset {offset} is not known")]
    UnknownCommand {
        /// Its number.
        command: u32,
        /// Where it starts.
        offset: u64,
    },
    /// Bytes that no load command accounts for, and that would be lost or moved.
    #[error("Mach-O: {length} bytes at offset {offset} belong to no table")]
    Undeclared {
        /// Where they start.
        offset: u64,
        /// How many they are.
        length: u64,
    },
}

impl Error {
    /// Says in which slice of a fat file something is wrong.
    pub(super) fn in_slice(self, number: usize, start: u64) -> Self {
        match self {
            Self::Io(error) => Self::Io(error),
            error => Self::Slice { number, start, error: Box::new(error) },
        }
    }

    pub(super) fn invalid<T>(field: &'static str, offset: u64, found: u64, rule: &'static str) -> Result<T, Self> {
        Err(Self::Invalid { field, offset, found, rule })
    }
}

/// Refuses a count above its limit.
pub(super) fn at_most(what: &'static str, found: u64, limit: u64) -> Result<(), Error> {
    if found > limit { Err(Error::Limit { what, found, limit }) } else { Ok(()) }
}
