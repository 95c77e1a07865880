//! Why a message cannot be read or edited.

use crate::reader::Truncated;

/// Bytes that are no sound message, or an edit that would not do what it says. Offsets count from the message's first byte.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The message is longer than it may be.
    #[error("protobuf message of {length} bytes, and at most {limit} are read")]
    TooLarge {
        /// Length in bytes.
        length: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// Messages are nested deeper than they may be.
    #[error("protobuf: {message} at offset {offset} is nested deeper than {limit} levels")]
    TooDeep {
        /// Kind of the message.
        message: &'static str,
        /// Where it starts.
        offset: u64,
        /// The limit.
        limit: u32,
    },
    /// There is more of something than there may be.
    #[error("protobuf: the {what} at offset {offset} is one too many: at most {limit} are read")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// Where the one too many starts.
        offset: u64,
        /// The limit.
        limit: u64,
    },
    /// The bytes end inside a field.
    #[error("protobuf: {0}")]
    Truncated(#[from] Truncated),
    /// A field has a form or a value that it must not have.
    #[error("protobuf: {field} at offset {offset} {defect}")]
    Invalid {
        /// The field, or the message that should have it.
        field: &'static str,
        /// Where it starts.
        offset: u64,
        /// What is wrong with it.
        defect: &'static str,
    },
    /// The format, or the limit, has no room for what should be added.
    #[error("protobuf: no room for another {what}")]
    Full {
        /// What there are too many of.
        what: &'static str,
    },
    /// An entry of that type and name is there already.
    #[error("protobuf: {type_name}/{name} is there already as {id:#010x}")]
    Exists {
        /// Name of the type.
        type_name: String,
        /// Name of the entry.
        name: String,
        /// Its id.
        id: u32,
    },
    /// A path that is to be renamed is no file's, or is text as well that the app may read.
    #[error("protobuf: {path:?} is not only the path of a file")]
    NotOnlyAPath {
        /// The path.
        path: String,
    },
    /// Entries with different names would have the same one.
    #[error("protobuf: more than one name would become {name:?}")]
    Collision {
        /// The name they would have.
        name: String,
    },
}
