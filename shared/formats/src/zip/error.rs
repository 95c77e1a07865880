//! Why an archive is refused.

use std::io;

use crate::reader::Truncated;

/// Why an archive cannot be read or written. Every message names the place in the file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The source or the sink failed; nothing is said about the archive.
    #[error("reading or writing the package failed: {0}")]
    Io(#[from] io::Error),
    /// A record ends before its fields do.
    #[error(transparent)]
    Truncated(#[from] Truncated),
    /// There is no end record: not an archive, or a cut-off one.
    #[error("not a ZIP archive: no end of central directory record in the last {searched} of {length} bytes")]
    NoEnd {
        /// Bytes searched from the end on.
        searched: u64,
        /// Length of the package.
        length: u64,
    },
    /// Two readers could take different records as the end record.
    #[error("ambiguous archive: a second end of central directory record at offset {second} beside the one at {first}")]
    AmbiguousEnd {
        /// Offset of the record that most readers take.
        first: u64,
        /// Offset of the other one.
        second: u64,
    },
    /// ZIP64 structures; no app up to 2 GiB needs them.
    #[error("ZIP64 archives are not supported ({field} at offset {offset})")]
    Zip64 {
        /// The field that says so.
        field: &'static str,
        /// Its offset.
        offset: u64,
    },
    /// A field of the end record or the directory has an impossible value.
    #[error("{field} at offset {offset} is {found}, expected {expected}")]
    Field {
        /// The field's name.
        field: &'static str,
        /// Its offset.
        offset: u64,
        /// What stands there.
        found: u64,
        /// What belongs there.
        expected: u64,
    },
    /// Bytes before the first entry that are no padding: the file is also something else.
    #[error("{length} undeclared bytes before the first entry")]
    Prefix {
        /// Number of bytes.
        length: u64,
    },
    /// More of something than the limits allow.
    #[error("too large: {what} is {found}, at most {limit} is accepted")]
    Limit {
        /// What is counted, with its unit.
        what: &'static str,
        /// The number found.
        found: u64,
        /// The limit.
        limit: u64,
    },
    /// One entry is defective.
    #[error("entry \"{name}\": {field} at offset {offset}: {defect}")]
    Entry {
        /// The entry's name as the directory has it, unprintable characters escaped.
        name: String,
        /// The field that shows the defect.
        field: &'static str,
        /// Its offset, or that of the record it stands in.
        offset: u64,
        /// What is wrong.
        defect: Defect,
    },
    /// There is no entry of this name.
    #[error("entry \"{name}\" is missing")]
    Missing {
        /// The name asked for.
        name: String,
    },
    /// The caller ended a long check.
    #[error("stopped by the caller")]
    Stopped,
}

/// What is wrong with an entry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Defect {
    /// The name stands in the directory twice.
    #[error("the name occurs twice")]
    Duplicate,
    /// The entry's bytes belong to another entry as well, or to the directory.
    #[error("overlaps what starts at offset {0}")]
    Overlap(u64),
    /// The entry is encrypted.
    #[error("encrypted entries are not supported")]
    Encrypted,
    /// The name is empty, or no UTF-8.
    #[error("the name is not valid UTF-8 text")]
    NotText,
    /// The name could lead outside a folder, or mean different things to different readers.
    #[error("the name is unsafe: {0}")]
    UnsafeName(&'static str),
    /// A compression method other than stored and deflated.
    #[error("compression method {0} is not supported")]
    Method(u16),
    /// A value differs from the one in the central directory.
    #[error("is {found}, the central directory says {expected}")]
    Disagrees {
        /// The value found.
        found: u64,
        /// The directory's value.
        expected: u64,
    },
    /// The name in the local header is another one.
    #[error("differs from the name in the central directory")]
    OtherName,
    /// A stored entry has two different sizes.
    #[error("a stored entry of {packed} bytes claims an unpacked size of {size}")]
    StoredSizes {
        /// Length in the file.
        packed: u64,
        /// Length claimed.
        size: u64,
    },
    /// The record or the data reach past where entries may stand.
    #[error("reaches to {end}, entries end at {limit}")]
    Outside {
        /// Where it would end.
        end: u64,
        /// Where entries end.
        limit: u64,
    },
    /// No local header stands where the directory points to.
    #[error("no local header there")]
    NoHeader,
    /// The deflate stream is broken or longer or shorter than its declared length.
    #[error("broken compressed data: {0}")]
    Deflate(&'static str),
    /// The content has another checksum.
    #[error("the content's CRC-32 is {found:08x}, declared is {expected:08x}")]
    Crc {
        /// Computed.
        found: u32,
        /// Declared.
        expected: u32,
    },
    /// The entry is longer than it may be to be held in memory.
    #[error("{size} bytes unpacked, at most {limit} are accepted here")]
    TooLarge {
        /// Unpacked length.
        size: u64,
        /// Longest accepted.
        limit: u64,
    },
}

impl Error {
    pub(super) fn entry(name: &str, field: &'static str, offset: u64, defect: Defect) -> Self {
        Self::Entry { name: name.escape_debug().to_string(), field, offset, defect }
    }
}
