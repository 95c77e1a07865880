//! Object identifiers of CMS signatures, and from which platform version on devices verify them.

use aws_lc_rs::digest::{self, Algorithm};

use crate::public_key::Padding;

// Object identifiers, as the bytes of their content.
pub(super) const SIGNED_DATA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02";
pub(super) const DATA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01";
pub(super) const CONTENT_TYPE: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x03";
pub(super) const MESSAGE_DIGEST: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x04";
pub(super) const RSA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01";
pub(super) const EC: &[u8] = b"\x2a\x86\x48\xce\x3d\x02\x01";
pub(super) const SHA1: &[u8] = b"\x2b\x0e\x03\x02\x1a";
pub(super) const SHA256: &[u8] = b"\x60\x86\x48\x01\x65\x03\x04\x02\x01";
const SHA384: &[u8] = b"\x60\x86\x48\x01\x65\x03\x04\x02\x02";
pub(super) const SHA512: &[u8] = b"\x60\x86\x48\x01\x65\x03\x04\x02\x03";
const SHA1_RSA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05";
const SHA256_RSA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b";
const SHA384_RSA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c";
const SHA512_RSA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d";
const SHA1_ECDSA: &[u8] = b"\x2a\x86\x48\xce\x3d\x04\x01";
const SHA256_ECDSA: &[u8] = b"\x2a\x86\x48\xce\x3d\x04\x03\x02";
const SHA384_ECDSA: &[u8] = b"\x2a\x86\x48\xce\x3d\x04\x03\x03";
const SHA512_ECDSA: &[u8] = b"\x2a\x86\x48\xce\x3d\x04\x03\x04";

/// What a signer's digest algorithm and signature algorithm mean together.
pub(super) struct Algorithms {
    pub(super) digest: &'static Algorithm,
    pub(super) padding: Padding,
    /// Lowest API level from which on all devices verify the pair.
    pub(super) from: u32,
}

impl Algorithms {
    /// `None` for pairs that devices verify never or with gaps, and for MD5, SHA-224 and DSA, which are not verified here.
    pub(super) fn of(digest: &[u8], signature: &[u8]) -> Option<Self> {
        let digest = match digest {
            SHA1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            SHA256 => &digest::SHA256,
            SHA384 => &digest::SHA384,
            SHA512 => &digest::SHA512,
            _ => return None,
        };
        // The signature's identifier names the key alone, or the hash function once more.
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
        let sha1 = *digest == digest::SHA1_FOR_LEGACY_USE_ONLY;
        let from = match (padding, named) {
            (Padding::RsaPkcs1, _) if sha1 => 0,
            (_, None) => 18,
            (Padding::Ecdsa, _) if sha1 => 18,
            (Padding::RsaPkcs1, _) if *digest == digest::SHA256 => 18,
            _ => 21,
        };
        Some(Self { digest, padding, from })
    }
}
