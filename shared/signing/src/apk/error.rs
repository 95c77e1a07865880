//! What can be wrong with a signing block, and with a wish for one.

use std::fmt;
use std::io;

use formats::zip;

use super::Scheme;
use crate::KeyKind;

/// The part of the package that an error is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// End record and layout of the package.
    Package,
    /// The signing block around the schemes.
    Block,
    /// One scheme's signers.
    Scheme(Scheme),
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Package => f.write_str("package"),
            Self::Block => f.write_str("APK signing block"),
            Self::Scheme(scheme) => write!(f, "signature scheme {scheme}"),
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V1 => "v1",
            Self::V2 => "v2",
            Self::V3 => "v3",
        })
    }
}

/// A package whose signatures are not accepted, or cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SignatureError {
    /// The bytes could not be read.
    #[error("cannot read the package at offset {offset}")]
    Read {
        /// Where reading began, in bytes.
        offset: u64,
        /// The source's own error.
        #[source]
        source: io::Error,
    },
    /// There is neither a JAR signature nor a signing block with a scheme that is read here.
    #[error("the package has no signature")]
    Unsigned,
    /// Devices want more from packages made for newer platform versions.
    #[error(
        "the package targets API {target_sdk} and is signed with scheme v1 only; from API 30 on it needs v2 or later"
    )]
    OnlyV1 {
        /// API level that the package targets.
        target_sdk: u32,
    },
    /// An entry cannot be unpacked.
    #[error(transparent)]
    Content(zip::Error),
    /// A file of scheme v1, or an entry under it, is not what the scheme allows.
    #[error("signature scheme v1: {name:?}: {field} at offset {offset} {problem}")]
    File {
        /// Name of the entry.
        name: String,
        /// The field, by its name in the specification.
        field: &'static str,
        /// Where the field stands in the unpacked entry, in bytes.
        offset: u64,
        /// What is wrong with it.
        problem: Problem,
    },
    /// A field is not what the scheme allows.
    #[error("{part}: {field} at offset {offset} {problem}")]
    Rejected {
        /// Part of the package.
        part: Part,
        /// The field, by its name in the scheme's specification.
        field: &'static str,
        /// Where the field stands in the package, in bytes.
        offset: u64,
        /// What is wrong with it.
        problem: Problem,
    },
}

/// What is wrong with a field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The field ends behind what holds it.
    #[error("reaches past the end of what holds it")]
    Truncated,
    /// Bytes follow where the format has none.
    #[error("is followed by bytes that belong to nothing")]
    Trailing,
    /// Two places that must agree do not.
    #[error("does not agree with {0}")]
    Disagrees(&'static str),
    /// More than is accepted.
    #[error("is more than the {0} that are accepted")]
    TooMany(u64),
    /// What must be there is not.
    #[error("is missing")]
    Missing,
    /// Nothing where something must be.
    #[error("is empty")]
    Empty,
    /// The same thing twice.
    #[error("appears twice")]
    Duplicate,
    /// A number that stands for nothing known here.
    #[error("is {0:#x}, which is not supported")]
    Unsupported(u32),
    /// Not the structure that must be there.
    #[error("is not {0}")]
    NotA(&'static str),
    /// The signature was not made by the key over these bytes.
    #[error("does not verify under the signer's key")]
    BadSignature,
    /// The package's bytes are not those that were signed.
    #[error("is not the digest of what was signed: that was changed since")]
    ContentsChanged,
    /// The block says that a scheme was there which is gone.
    #[error("says that the package was also signed with scheme v{0}, whose signature is missing")]
    Stripped(u32),
    /// The range of platform versions does not hold together.
    #[error("leaves platform versions without a signer, or with two")]
    SdkRange,
}

/// A wish for signatures that cannot be granted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SigningError {
    /// Devices below API 24 read only scheme v1, those below 28 only up to v2.
    #[error("the package runs from API {min_sdk} on, but the schemes chosen are read from API {read_from} on")]
    MinSdk {
        /// Lowest API level of the package.
        min_sdk: u32,
        /// Lowest API level that reads one of the chosen schemes.
        read_from: u32,
    },
    /// Only the newest key of a lineage may sign.
    #[error(
        "the package's signing key was rotated: it must be signed with the newest key of its lineage, certificate \
         SHA-256 {sha256}"
    )]
    LineageNeedsKey {
        /// SHA-256 of that key's certificate.
        sha256: String,
    },
    /// Devices below API 28 know no lineages and want the oldest key, which would break updates on all others.
    #[error(
        "the package's signing key was rotated, and it runs from API {min_sdk} on: devices below API 28 also need a \
         signature with the oldest key of its lineage, certificate SHA-256 {sha256}"
    )]
    LineageNeedsOldKey {
        /// Lowest API level of the package.
        min_sdk: u32,
        /// SHA-256 of the oldest key's certificate.
        sha256: String,
    },
    /// A lineage was given for other schemes than v3 alone.
    #[error("a lineage of keys goes with scheme v3 alone")]
    LineageNeedsV3,
    /// No scheme was chosen.
    #[error("no signature scheme was chosen")]
    NoScheme,
    /// The digest was made for another key's algorithm.
    #[error("the contents were digested for another kind of key")]
    MissingDigest,
    /// The end of central directory record is shorter than its fixed fields.
    #[error("the end of central directory record is truncated")]
    EndRecord,
    /// ZIP's 32-bit fields, and so Android, end at 4 GiB.
    #[error("the package is too large to be signed")]
    TooLarge,
    /// Old devices verify neither ECDSA nor SHA-256 in JAR signatures, the only scheme that they read.
    #[error(
        "a key of kind {key} cannot sign packages that run from API {min_sdk} on: devices below API {needed} need RSA"
    )]
    KeyForOldDevices {
        /// The signer's key.
        key: KeyKind,
        /// Lowest API level of the package.
        min_sdk: u32,
        /// Lowest API level whose devices verify such keys.
        needed: u32,
    },
    /// Devices below API 24 look at what the certificate says about itself.
    #[error(
        "the certificate cannot sign packages that run from below API 24 on: its key usage leaves signatures out, or it has \
         critical extensions that devices do not know"
    )]
    CertificateUse,
    /// An entry that comes twice or whose name has line breaks or NUL in it, which no manifest can hold.
    #[error("scheme v1 cannot name the entry {0:?}")]
    EntryName(String),
    /// The library refused to sign.
    #[error("the key could not sign")]
    Key,
}
