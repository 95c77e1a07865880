//! Why a property list cannot be read.

use crate::reader::Truncated;

/// Bytes that are no sound property list, or one that does not say what is looked for. Offsets count from its first byte.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Neither of the two forms.
    #[error("not a property list: it begins neither as XML nor with \"bplist00\"")]
    NotAPropertyList,
    /// It is longer than it may be.
    #[error("property list of {length} bytes, and at most {limit} are read")]
    TooLarge {
        /// Length in bytes.
        length: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// Its texts and data are longer than they may be, each counted as often as it is named.
    #[error("property list: text and data up to offset {offset} unpack to more than {limit} bytes")]
    UnpacksTooLarge {
        /// Where the one too many stands.
        offset: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// Arrays and dictionaries are nested deeper than they may be.
    #[error("property list: the value at offset {offset} is nested deeper than {limit} levels")]
    TooDeep {
        /// Where the first one too deep stands.
        offset: u64,
        /// The limit.
        limit: u32,
    },
    /// There are more values than there may be, each counted as often as it is named.
    #[error("property list: more than {limit} values up to offset {offset}")]
    TooManyValues {
        /// Where the one too many stands.
        offset: u64,
        /// The limit.
        limit: u64,
    },
    /// The bytes end inside a field.
    #[error("property list: {0}")]
    Truncated(#[from] Truncated),
    /// A field of the binary form has a value that it must not have.
    #[error("property list: {field} at offset {offset} is {found:#x}: {rule}")]
    Invalid {
        /// The field.
        field: &'static str,
        /// Where it stands.
        offset: u64,
        /// The value that was found.
        found: u64,
        /// What was expected.
        rule: &'static str,
    },
    /// An array or a dictionary that contains itself.
    #[error("property list: the object at offset {offset} contains itself")]
    Cycle {
        /// Where it stands.
        offset: u64,
    },
    /// The XML is not that of a property list.
    #[error("property list: {defect} at offset {offset}")]
    Xml {
        /// What is wrong.
        defect: String,
        /// Where it was noticed.
        offset: u64,
    },
    /// A value that cannot be decoded: a date, a number, Base64, text.
    #[error("property list: {0}")]
    Value(#[from] ::plist::Error),
    /// A dictionary has a key twice; readers differ in which of the two they take.
    #[error("property list: a dictionary has the same key twice")]
    RepeatedKey,
    /// The outermost value is not a dictionary.
    #[error("property list: the outermost value is {found}, and a dictionary is wanted")]
    NotADictionary {
        /// What it is.
        found: &'static str,
    },
    /// A value that must be there is not.
    #[error("property list: {key} is missing")]
    Missing {
        /// Its key.
        key: &'static str,
    },
    /// A value is of another type than its key has.
    #[error("property list: {key} is {found}, and {wanted} is wanted")]
    Type {
        /// Its key.
        key: &'static str,
        /// What it is.
        found: &'static str,
        /// What it should be.
        wanted: &'static str,
    },
}
