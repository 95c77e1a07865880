//! Proofs of rotation: each key of an app certified by the one before it, so that devices accept updates under a new key.
//!
//! <https://source.android.com/docs/security/features/apksigning/v3#proof-of-rotation-and-self-trusted-old-certs-structs>

use super::algorithm::SignatureAlgorithm;
use super::error::{Problem, SignatureError, SigningError};
use super::fields::Fields;
use super::{Scheme, Schemes};
use crate::{Certificate, Signer};

/// The only version of the format.
const VERSION: u32 = 1;
/// Keys change once in years.
const MAX_LEVELS: usize = 64;

/// The keys that an app was signed with, each certified by its predecessor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lineage {
    levels: Vec<Level>,
    /// The structure as it was read; a signature over each level is in it.
    encoded: Vec<u8>,
}

/// One key of a lineage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Level {
    /// The key's certificate.
    pub certificate: Certificate,
    /// What the key may still be used for, as the format's bits: installed data, shared uid, permission, rollback, auth.
    pub flags: u32,
}

impl Lineage {
    /// Reads the attribute and checks each level's signature under the key of the level before it.
    pub(super) fn read(attribute: Fields<'_>) -> Result<Self, SignatureError> {
        let mut fields = attribute;
        let version = fields.u32("version of lineage")?;
        if version != VERSION {
            return Err(attribute.reject("version of lineage", Problem::Unsupported(version)));
        }
        let mut levels: Vec<Level> = Vec::new();
        let mut next_algorithm = 0;
        for level in fields.elements("level of lineage", MAX_LEVELS)? {
            let read = ReadLevel::read(level)?;
            if let Some(parent) = levels.last() {
                read.check(&parent.certificate, next_algorithm)?;
            }
            if levels.iter().any(|earlier| earlier.certificate == read.certificate) {
                return Err(level.reject("level of lineage", Problem::Duplicate));
            }
            next_algorithm = read.next_algorithm;
            levels.push(Level { certificate: read.certificate, flags: read.flags });
        }
        Ok(Self { levels, encoded: attribute.bytes().to_vec() })
    }

    /// All keys, the oldest first. There is at least one.
    pub fn levels(&self) -> &[Level] {
        &self.levels
    }

    /// Whether `key` is the oldest: the one that schemes v1 and v2 must be signed with.
    pub(super) fn began_with(&self, key: &Certificate) -> bool {
        self.levels.first().is_some_and(|oldest| oldest.certificate == *key)
    }

    /// Whether `key` is the newest: the one that scheme v3 must be signed with.
    pub(super) fn leads_to(&self, key: &Certificate) -> bool {
        self.levels.last().is_some_and(|newest| newest.certificate == *key)
    }

    /// Whether this lineage goes on from where the other one ends.
    pub(super) fn continues(&self, other: &Self) -> bool {
        let certificates =
            |lineage: &Self| lineage.levels.iter().map(|one| one.certificate.clone()).collect::<Vec<_>>();
        certificates(self).starts_with(&certificates(other))
    }

    /// The attribute's value.
    pub(super) fn encoded(&self) -> &[u8] {
        &self.encoded
    }

    /// The schemes to sign with so that the lineage stays: v3 alone, since v2 would need the oldest key.
    ///
    /// # Errors
    /// A signer with another key than the newest, or devices that know no lineages.
    pub fn schemes(&self, signer: &Signer, min_sdk: u32) -> Result<Schemes, SigningError> {
        let sha256 = |level: Option<&Level>| level.map_or_else(String::new, |level| level.certificate.sha256());
        if !self.leads_to(signer.certificate()) {
            return Err(SigningError::LineageNeedsKey { sha256: sha256(self.levels.last()) });
        }
        if min_sdk < Scheme::V3.read_from() {
            return Err(SigningError::LineageNeedsOldKey { min_sdk, sha256: sha256(self.levels.first()) });
        }
        Ok(Schemes { v1: false, v2: false, v3: true })
    }
}

struct ReadLevel<'a> {
    certificate: Certificate,
    flags: u32,
    /// What the level is signed with, by the key before it.
    algorithm: u32,
    /// What the next level is signed with, by this level's key.
    next_algorithm: u32,
    signed: Fields<'a>,
    signature: Fields<'a>,
}

impl<'a> ReadLevel<'a> {
    fn read(mut level: Fields<'a>) -> Result<Self, SignatureError> {
        let signed = level.prefixed("signed data of level")?;
        let flags = level.u32("flags of level")?;
        let next_algorithm = level.u32("signature algorithm of level")?;
        let signature = level.prefixed("signature of level")?;
        level.end("level of lineage")?;
        let mut fields = signed;
        let certificate = fields.prefixed("certificate of level")?;
        let algorithm = fields.u32("signed algorithm of level")?;
        fields.end("signed data of level")?;
        let not_one = |_| certificate.reject("certificate of level", Problem::NotA("an X.509 certificate"));
        let certificate = Certificate::from_der(certificate.bytes()).map_err(not_one)?;
        Ok(Self { certificate, flags, algorithm, next_algorithm, signed, signature })
    }

    fn check(&self, parent: &Certificate, announced: u32) -> Result<(), SignatureError> {
        let field = "signature algorithm of level";
        if self.algorithm != announced {
            return Err(self.signed.reject(field, Problem::Disagrees("the level before it")));
        }
        let Some(algorithm) = SignatureAlgorithm::from_id(announced) else {
            return Err(self.signed.reject(field, Problem::Unsupported(announced)));
        };
        if algorithm.verify(parent.public_key_info(), self.signed.bytes(), self.signature.bytes()) {
            Ok(())
        } else {
            Err(self.signature.reject("signature of level", Problem::BadSignature))
        }
    }
}
