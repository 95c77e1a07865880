//! Why a document cannot be read or edited.

use crate::chunk::from_chunk_error;
use crate::reader::Truncated;

/// Bytes that are no sound document, or an edit that would not do what it says. Offsets count from the document's first byte.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The document is longer than it may be.
    #[error("binary XML of {length} bytes, and at most {limit} are read")]
    TooLarge {
        /// Length in bytes.
        length: usize,
        /// The limit in bytes.
        limit: u64,
    },
    /// Elements are nested deeper than they may be.
    #[error("binary XML element at offset {offset} is nested deeper than {limit} levels")]
    TooDeep {
        /// Where the element starts.
        offset: u64,
        /// The limit.
        limit: u32,
    },
    /// The bytes end inside a field.
    #[error("binary XML: {0}")]
    Truncated(#[from] Truncated),
    /// A field has a value that it must not have.
    #[error("binary XML: {field} at offset {offset} is {found:#x}: {rule}")]
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
    #[error("binary XML: {field} at offset {offset} is string {index}, and the pool has {count}")]
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
    /// A string that is referred to is cut off, overlong or not terminated.
    #[error("binary XML: string {index} of the pool, used as {field} at offset {offset}, is {defect}")]
    BadString {
        /// Its index in the pool.
        index: u32,
        /// The field that refers to it.
        field: &'static str,
        /// Where that field stands.
        offset: u64,
        /// What is wrong with it.
        defect: &'static str,
    },
    /// Starts and ends of elements do not match.
    #[error("binary XML: unbalanced elements: {defect} at offset {offset}")]
    Unbalanced {
        /// What does not match.
        defect: &'static str,
        /// Where it was noticed.
        offset: u64,
    },
    /// A chunk that may stand only once, or only before the first node, stands elsewhere.
    #[error("binary XML: {chunk} at offset {offset} {defect}")]
    Misplaced {
        /// The chunk.
        chunk: &'static str,
        /// Where it starts.
        offset: u64,
        /// What is wrong with its place.
        defect: &'static str,
    },
    /// The attributes of an element to be edited are not in the order in which the platform looks for them, so that an edit
    /// would have another effect on a device than in any tool.
    #[error("binary XML: the attributes of <{element}> are not sorted by resource id")]
    UnsortedAttributes {
        /// The element's name.
        element: String,
    },
    /// The element was removed, or belongs to another document.
    #[error("binary XML: the element to be edited is not in the document")]
    NoSuchElement,
    /// The root cannot be removed.
    #[error("binary XML: the root element cannot be removed")]
    RootElement,
    /// The format has no room for what should be added.
    #[error("binary XML: no room for another {what}")]
    Full {
        /// What there are too many of.
        what: &'static str,
    },
    /// The document is sound, but no manifest.
    #[error("manifest: {0}")]
    NotAManifest(&'static str),
    /// A value of the manifest is missing or of the wrong kind.
    #[error("manifest: {field} is {found}")]
    Manifest {
        /// The attribute.
        field: &'static str,
        /// What it is.
        found: String,
    },
}

from_chunk_error!(Error);
