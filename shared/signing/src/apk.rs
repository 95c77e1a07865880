//! APK Signature Schemes: the signing block between a package's entries and its central directory.
//!
//! <https://source.android.com/docs/security/features/apksigning/v2> and `…/v3`. One module per scheme; what they
//! share is the block around them ([`block`]), the digest of the contents ([`digest`]) and the signer format.
//!
//! Writing: feed a [`ContentDigester`] with the entries as they are written, finish it with the central directory and
//! the end record, then write [`sign_block`]'s bytes, the central directory and the end record.

pub mod algorithm;
mod block;
mod digest;
mod error;
mod fields;
mod sign;
mod signer;
mod v2;
mod v3;
mod verify;

pub use block::signing_block_range;
pub use digest::{ContentDigester, ContentDigests};
pub use error::{Part, Problem, SignatureError, SigningError};
pub use sign::{Schemes, sign_block};
pub use verify::{Layout, Signatures, VerifiedSigner, claimed_certificates, verify_apk};

/// A signature scheme of the signing block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scheme {
    /// APK Signature Scheme v2, read from Android 7.0 (API 24) on.
    V2,
    /// APK Signature Scheme v3, read from Android 9 (API 28) on.
    V3,
}

impl Scheme {
    /// Lowest API level whose devices read the scheme.
    pub fn read_from(self) -> u32 {
        match self {
            Self::V2 => 24,
            Self::V3 => 28,
        }
    }
}
