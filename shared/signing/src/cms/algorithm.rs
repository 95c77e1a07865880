//! Object identifiers of CMS signatures, and what they mean.

use aws_lc_rs::digest::{self, Algorithm};

use crate::public_key::Padding;

// Object identifiers, as the bytes of their content.
pub(crate) const SIGNED_DATA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02";
pub(crate) const DATA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01";
pub(crate) const CONTENT_TYPE: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x03";
pub(crate) const MESSAGE_DIGEST: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x04";
pub(crate) const SIGNING_TIME: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x05";
pub(crate) const RSA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01";
pub(crate) const EC: &[u8] = b"\x2a\x86\x48\xce\x3d\x02\x01";
pub(crate) const SHA1: &[u8] = b"\x2b\x0e\x03\x02\x1a";
pub(crate) const SHA256: &[u8] = b"\x60\x86\x48\x01\x65\x03\x04\x02\x01";
const SHA384: &[u8] = b"\x60\x86\x48\x01\x65\x03\x04\x02\x02";
pub(crate) const SHA512: &[u8] = b"\x60\x86\x48\x01\x65\x03\x04\x02\x03";
const SHA1_RSA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05";
const SHA256_RSA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b";
const SHA384_RSA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c";
const SHA512_RSA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d";
const SHA1_ECDSA: &[u8] = b"\x2a\x86\x48\xce\x3d\x04\x01";
pub(crate) const SHA256_ECDSA: &[u8] = b"\x2a\x86\x48\xce\x3d\x04\x03\x02";
const SHA384_ECDSA: &[u8] = b"\x2a\x86\x48\xce\x3d\x04\x03\x03";
const SHA512_ECDSA: &[u8] = b"\x2a\x86\x48\xce\x3d\x04\x03\x04";

/// What a signer's digest algorithm and signature algorithm mean together.
pub(crate) struct Algorithms {
    pub(crate) digest: &'static Algorithm,
    pub(crate) padding: Padding,
    /// Whether the signature algorithm names the hash function once more, and not the key alone.
    pub(crate) names_digest: bool,
}

impl Algorithms {
    /// `None` for pairs that contradict each other, and for MD5, SHA-224 and DSA, which are not verified here.
    pub(super) fn of(digest: &[u8], signature: &[u8]) -> Option<Self> {
        let digest = match digest {
            SHA1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            SHA256 => &digest::SHA256,
            SHA384 => &digest::SHA384,
            SHA512 => &digest::SHA512,
            _ => return None,
        };
        let (padding, named) = match signature {
            RSA => (Padding::RsaPkcs1, None),
            SHA1_RSA => (Padding::RsaPkcs1, Some(&digest::SHA1_FOR_LEGACY_USE_ONLY)),
            SHA256_RSA => (Padding::RsaPkcs1, Some(&digest::SHA256)),
            SHA384_RSA => (Padding::RsaPkcs1, Some(&digest::SHA384)),
            SHA512_RSA => (Padding::RsaPkcs1, Some(&digest::SHA512)),
            EC => (Padding::Ecdsa, None),
            SHA1_ECDSA => (Padding::Ecdsa, Some(&digest::SHA1_FOR_LEGACY_USE_ONLY)),
            SHA256_ECDSA => (Padding::Ecdsa, Some(&digest::SHA256)),
            SHA384_ECDSA => (Padding::Ecdsa, Some(&digest::SHA384)),
            SHA512_ECDSA => (Padding::Ecdsa, Some(&digest::SHA512)),
            _ => return None,
        };
        if named.is_some_and(|named| named != digest) {
            return None;
        }
        Some(Self { digest, padding, names_digest: named.is_some() })
    }
}
