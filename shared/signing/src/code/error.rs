//! What can be wrong with a code signature, and with a wish for one.

use std::io;

use formats::plist;
use formats::reader::Truncated;

use super::resources::Mismatch;
use crate::apk::Problem;
use crate::cms::Rejected;

/// A code signature that does not hold or cannot be read, or one that cannot be made. Offsets count from its first byte.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A field reaches past the end of what holds it.
    #[error("code signature: {0}")]
    Truncated(#[from] Truncated),
    /// A field is not what the format allows.
    #[error("code signature: {field} at offset {offset} {problem}")]
    Rejected {
        /// The field, by its name in the format.
        field: &'static str,
        /// Where it stands, in bytes.
        offset: u64,
        /// What is wrong with it.
        problem: Problem,
    },
    /// The entitlements cannot be read.
    #[error("code signature: entitlements: {0}")]
    Entitlements(#[source] plist::Error),
    /// The list of a bundle's files cannot be read.
    #[error("CodeResources: {0}")]
    Resources(#[source] plist::Error),
    /// A file of the bundle is not as the list says.
    #[error(transparent)]
    Mismatch(#[from] Mismatch),
    /// The code could not be read.
    #[error("cannot read the code at offset {offset}")]
    Read {
        /// Where reading began, in bytes of the code.
        offset: u64,
        /// The source's own error.
        #[source]
        source: io::Error,
    },
    /// A page of the code is not the one that was signed.
    #[error("page {page} of the code, at offset {offset}, was changed after it was signed")]
    PageChanged {
        /// Number of the page, counted from 0.
        page: u64,
        /// Where it begins, in bytes of the code.
        offset: u64,
    },
    /// Whoever looked on wants no more of it.
    #[error("checking the code signature was stopped")]
    Stopped,
    /// An entitlement has a value that signatures cannot express.
    #[error("the entitlement {key:?} has {found} in it, which code signatures cannot express")]
    EntitlementValue {
        /// Its key.
        key: String,
        /// What the value is.
        found: &'static str,
    },
    /// The entitlements are not the same any more when they are read.
    #[error("the entitlements are nested too deep, too long, or have characters in them that XML cannot express")]
    EntitlementForm,
    /// Text that ends with a NUL in the signature and must have none in it.
    #[error("{0} is empty or has a NUL in it")]
    Text(&'static str),
    /// A path that no list of files can have in it.
    #[error("CodeResources cannot name the file {0:?}")]
    Path(String),
    /// The format has 32 bits for the length of the code.
    #[error("code of {code_limit} bytes is too long to be signed")]
    TooLarge {
        /// Length of the code in bytes.
        code_limit: u64,
    },
    /// Another number of bytes was hashed than is to be signed.
    #[error("{hashed} bytes of the code were hashed, and {code_limit} are to be signed")]
    Pages {
        /// Bytes hashed.
        hashed: u64,
        /// Length of the code in bytes.
        code_limit: u64,
    },
    /// The moment of signing is not one that signed data can name.
    #[error("{0} is not a time that a signature can carry")]
    SigningTime(i64),
    /// The library refused to sign.
    #[error("the key could not sign")]
    Key,
}

impl Error {
    /// An error about `field`, which stands at `offset`.
    pub(super) fn rejected(field: &'static str, offset: u64, problem: Problem) -> Self {
        Self::Rejected { field, offset, problem }
    }

    /// An error in a part of the signature that begins at `base`.
    pub(super) fn within(base: u64) -> impl Fn(Rejected) -> Self {
        move |Rejected { field, offset, problem }| Self::rejected(field, base.saturating_add(offset), problem)
    }
}
