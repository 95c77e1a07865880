//! Signature algorithms of schemes v2 and v3, by their numbers in the format.

use std::fmt;

use aws_lc_rs::digest::{self, Context};

use crate::key::{KeyKind, PrivateKey};
use crate::public_key::{self, Padding};

/// Hash function of a contents' digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DigestKind {
    /// SHA-1, for entries under scheme v1 only.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-512.
    Sha512,
}

impl DigestKind {
    /// Begins a digest of bytes that come piece by piece.
    pub fn hasher(self) -> Hasher {
        Hasher(Context::new(self.algorithm()))
    }

    pub(crate) fn algorithm(self) -> &'static digest::Algorithm {
        match self {
            Self::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => &digest::SHA256,
            Self::Sha512 => &digest::SHA512,
        }
    }

    /// The digest of these bytes.
    pub fn digest(self, bytes: &[u8]) -> Vec<u8> {
        digest::digest(self.algorithm(), bytes).as_ref().to_vec()
    }
}

/// A digest in the making, such as the one of an entry's content for scheme v1.
#[derive(Clone)]
pub struct Hasher(Context);

impl Hasher {
    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest of all bytes taken.
    pub fn finish(self) -> Vec<u8> {
        self.0.finish().as_ref().to_vec()
    }
}

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Hasher").field(self.0.algorithm()).finish()
    }
}

/// Algorithms that are made or checked here. DSA and the verity digests are not among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SignatureAlgorithm {
    /// 0x0101, RSASSA-PSS with SHA-256 (checked, never made: it is randomised).
    RsaPssSha256,
    /// 0x0102, RSASSA-PSS with SHA-512 (checked, never made).
    RsaPssSha512,
    /// 0x0103, RSASSA-PKCS1-v1_5 with SHA-256.
    RsaSha256,
    /// 0x0104, RSASSA-PKCS1-v1_5 with SHA-512.
    RsaSha512,
    /// 0x0201, ECDSA with SHA-256.
    EcdsaSha256,
    /// 0x0202, ECDSA with SHA-512.
    EcdsaSha512,
}

impl SignatureAlgorithm {
    const ALL: [Self; 6] = [
        Self::RsaPssSha256,
        Self::RsaPssSha512,
        Self::RsaSha256,
        Self::RsaSha512,
        Self::EcdsaSha256,
        Self::EcdsaSha512,
    ];

    /// The algorithm that apksigner takes for a key: SHA-512 where the key is stronger than SHA-256.
    pub(crate) fn for_key(key: &PrivateKey) -> Self {
        match key.kind() {
            KeyKind::Rsa(bits) if bits <= 3072 => Self::RsaSha256,
            KeyKind::Rsa(_) => Self::RsaSha512,
            KeyKind::P256 => Self::EcdsaSha256,
            KeyKind::P384 | KeyKind::P521 => Self::EcdsaSha512,
        }
    }

    /// Number in the signing block.
    pub fn id(self) -> u32 {
        match self {
            Self::RsaPssSha256 => 0x0101,
            Self::RsaPssSha512 => 0x0102,
            Self::RsaSha256 => 0x0103,
            Self::RsaSha512 => 0x0104,
            Self::EcdsaSha256 => 0x0201,
            Self::EcdsaSha512 => 0x0202,
        }
    }

    /// The algorithm with this number; `None` where it is not checked here.
    pub fn from_id(id: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.id() == id)
    }

    /// Hash function, both of the signature and of the contents' digest that goes with it.
    pub fn digest(self) -> DigestKind {
        match self {
            Self::RsaPssSha256 | Self::RsaSha256 | Self::EcdsaSha256 => DigestKind::Sha256,
            Self::RsaPssSha512 | Self::RsaSha512 | Self::EcdsaSha512 => DigestKind::Sha512,
        }
    }

    /// Whether `signature` is one by the key in `public_key` (a DER `SubjectPublicKeyInfo`) over `message`.
    pub(super) fn verify(self, public_key: &[u8], message: &[u8], signature: &[u8]) -> bool {
        let padding = match self {
            Self::RsaPssSha256 | Self::RsaPssSha512 => Padding::RsaPss,
            Self::RsaSha256 | Self::RsaSha512 => Padding::RsaPkcs1,
            Self::EcdsaSha256 | Self::EcdsaSha512 => Padding::Ecdsa,
        };
        public_key::verify(public_key, padding, self.digest().algorithm(), message, signature) == Some(true)
    }
}
