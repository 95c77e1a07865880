//! What one signer of scheme v2 and one of v3 have in common: digests, certificates, signatures, public key.

use super::algorithm::SignatureAlgorithm;
use super::digest::ContentDigests;
use super::error::{Problem, SignatureError, SigningError};
use super::fields::{Fields, numbered, prefix_each};
use crate::{Certificate, Signer};

/// Android itself accepts no more.
pub(super) const MAX_SIGNERS: usize = 10;
const MAX_SIGNATURES: usize = 16;
const MAX_CERTIFICATES: usize = 16;
const MAX_ATTRIBUTES: usize = 16;

/// Digests that only a Merkle tree over the whole file gives; see fs-verity.
const VERITY: [u32; 3] = [0x0421, 0x0423, 0x0425];

/// The digests field of the signed data.
pub(super) fn digests_field(digests: &ContentDigests, signer: &Signer) -> Result<Vec<u8>, SigningError> {
    let algorithm = SignatureAlgorithm::for_key(signer.key());
    let digest = digests.of(algorithm.digest()).ok_or(SigningError::MissingDigest)?;
    Ok(numbered(algorithm.id(), digest))
}

/// The certificates field of the signed data, the signer's own first.
pub(super) fn certificates_field(signer: &Signer) -> Vec<u8> {
    prefix_each(signer.chain().map(Certificate::der))
}

/// The signatures field over `signed_data`.
pub(super) fn signatures_field(signer: &Signer, signed_data: &[u8]) -> Result<Vec<u8>, SigningError> {
    let algorithm = SignatureAlgorithm::for_key(signer.key());
    let signature = signer.key().sign(algorithm.digest(), signed_data).map_err(|_| SigningError::Key)?;
    Ok(numbered(algorithm.id(), &signature))
}

/// A signer as it was read, its signatures checked.
pub(super) struct CheckedSigner<'a> {
    pub(super) certificates: Vec<Certificate>,
    /// Algorithms with the digests that the signer vouches for.
    pub(super) digests: Vec<(SignatureAlgorithm, Fields<'a>)>,
}

/// Reads digests and certificates, the first two fields of the signed data.
pub(super) fn read_digests_and_certificates<'a>(
    signed_data: &mut Fields<'a>,
) -> Result<(Vec<Numbered<'a>>, Vec<Certificate>), SignatureError> {
    let digests = read_numbered(signed_data.prefixed("digests")?, "digest")?;
    let certificates = read_certificates(signed_data.prefixed("certificates")?)?;
    Ok((digests, certificates))
}

/// Checks all signatures over the signed data, and that digests, signatures, certificate and key belong together.
pub(super) fn check<'a>(
    signed_data: Fields<'_>,
    digests: Vec<Numbered<'a>>,
    certificates: Vec<Certificate>,
    signatures: Fields<'_>,
    public_key: Fields<'_>,
) -> Result<CheckedSigner<'a>, SignatureError> {
    if certificates.first().is_none_or(|own| own.public_key_info() != public_key.bytes()) {
        return Err(public_key.reject("public key", Problem::Disagrees("the certificate")));
    }
    let whole = signatures;
    let signatures = read_numbered(signatures, "signature")?;
    if !signatures.iter().map(|one| one.id).eq(digests.iter().map(|one| one.id)) {
        return Err(whole.reject("signature algorithms", Problem::Disagrees("the digests' algorithms")));
    }
    let mut checked = 0_usize;
    for one in &signatures {
        let Some(algorithm) = one.algorithm()? else { continue };
        if !algorithm.verify(public_key.bytes(), signed_data.bytes(), one.value.bytes()) {
            return Err(one.value.reject("signature", Problem::BadSignature));
        }
        checked = checked.saturating_add(1);
    }
    if checked == 0 {
        let id = signatures.first().map_or(0, |one| one.id);
        return Err(whole.reject("signature algorithm", Problem::Unsupported(id)));
    }
    let digests = digests.into_iter().filter_map(|one| Some((SignatureAlgorithm::from_id(one.id)?, one.value)));
    Ok(CheckedSigner { certificates, digests: digests.collect() })
}

/// An attribute of the signed data.
pub(super) struct Attribute<'a> {
    pub(super) id: u32,
    pub(super) value: Fields<'a>,
}

/// Reads the additional attributes, of which there may be none.
pub(super) fn read_attributes(field: Fields<'_>) -> Result<Vec<Attribute<'_>>, SignatureError> {
    if field.is_empty() {
        return Ok(Vec::new());
    }
    let elements = field.elements("additional attributes", MAX_ATTRIBUTES)?;
    elements
        .into_iter()
        .map(|mut element| Ok(Attribute { id: element.u32("id of attribute")?, value: element }))
        .collect()
}

/// An algorithm's number with a digest or a signature.
pub(super) struct Numbered<'a> {
    id: u32,
    value: Fields<'a>,
}

impl Numbered<'_> {
    /// Algorithms that no device has yet are passed over as devices do, those that we could not check are refused.
    fn algorithm(&self) -> Result<Option<SignatureAlgorithm>, SignatureError> {
        if VERITY.contains(&self.id) {
            return Err(self.value.reject("signature algorithm", Problem::Unsupported(self.id)));
        }
        Ok(SignatureAlgorithm::from_id(self.id))
    }
}

fn read_numbered<'a>(field: Fields<'a>, name: &'static str) -> Result<Vec<Numbered<'a>>, SignatureError> {
    let mut all: Vec<Numbered<'a>> = Vec::new();
    for mut element in field.elements(name, MAX_SIGNATURES)? {
        let start = element;
        let id = element.u32(name)?;
        let value = element.prefixed(name)?;
        element.end(name)?;
        if all.iter().any(|earlier| earlier.id == id) {
            return Err(start.reject(name, Problem::Duplicate));
        }
        all.push(Numbered { id, value });
    }
    Ok(all)
}

fn read_certificates(field: Fields<'_>) -> Result<Vec<Certificate>, SignatureError> {
    let elements = field.elements("certificate", MAX_CERTIFICATES)?;
    elements
        .into_iter()
        .map(|element| {
            let not_one = |_| element.reject("certificate", Problem::NotA("an X.509 certificate"));
            Certificate::from_der(element.bytes()).map_err(not_one)
        })
        .collect()
}
