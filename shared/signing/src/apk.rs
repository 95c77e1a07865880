//! Signature schemes of Android packages: files in META-INF ([`v1`]), and from v2 on the signing block between a package's
//! entries and its central directory.
//!
//! <https://source.android.com/docs/security/features/apksigning/v2> and `…/v3`. One module per scheme; what those of the
//! block share is the block around them ([`block`]), the digest of the contents ([`digest`]) and the signer format.
//!
//! Writing: where [`Schemes::for_min_sdk`] asks for v1, make its files with [`v1::sign`] and write them as entries. Feed a [`ContentDigester`] with the entries as they are written, finish it with the central directory and
//! the end record, then write [`sign_block`]'s bytes, the central directory and the end record.

pub mod algorithm;
mod block;
mod digest;
mod error;
mod fields;
mod lineage;
mod sign;
mod signer;
pub mod v1;
mod v2;
mod v3;
mod verify;

pub use algorithm::{DigestKind, Hasher};
pub use block::signing_block_range;
pub use digest::{ContentDigester, ContentDigests};
pub use error::{Part, Problem, SignatureError, SigningError};
pub use lineage::{Level, Lineage};
pub use sign::{Schemes, sign_block};
pub use verify::{
    Advance, Platforms, Signatures, VerifiedSigner, claimed_certificates, claimed_lineage, verify_apk, verify_bundle,
};

/// A signature scheme.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scheme {
    /// JAR signing, read by all devices, from Android 7.0 (API 24) on only where there is no other.
    V1,
    /// APK Signature Scheme v2, read from Android 7.0 (API 24) on.
    V2,
    /// APK Signature Scheme v3, read from Android 9 (API 28) on.
    V3,
}

impl Scheme {
    /// Lowest API level whose devices read the scheme.
    pub fn read_from(self) -> u32 {
        match self {
            Self::V1 => 1,
            Self::V2 => 24,
            Self::V3 => 28,
        }
    }
}
