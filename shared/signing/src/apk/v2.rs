//! APK Signature Scheme v2.

use super::digest::ContentDigests;
use super::error::{Problem, SignatureError, SigningError};
use super::fields::{Fields, prefix_each};
use super::signer::{self, CheckedSigner, MAX_SIGNERS};
use crate::{Certificate, Signer};

/// Attribute that names a higher scheme the package is signed with, so that nobody can take that away unnoticed.
const STRIPPING_PROTECTION: u32 = 0xbeef_f00d;

/// The scheme's value in the signing block.
pub(super) fn sign(digests: &ContentDigests, signer: &Signer, with_v3: bool) -> Result<Vec<u8>, SigningError> {
    let digests = signer::digests_field(digests, signer)?;
    let certificates = signer::certificates_field(signer);
    let mut attributes = Vec::new();
    if with_v3 {
        let attribute = [STRIPPING_PROTECTION.to_le_bytes(), 3_u32.to_le_bytes()].concat();
        attributes = prefix_each([attribute.as_slice()]);
    }
    // The empty fourth field is no part of the specification; apksigner writes it, and all devices have seen it.
    let signed_data = prefix_each([digests.as_slice(), &certificates, &attributes, &[]]);
    let signatures = signer::signatures_field(signer, &signed_data)?;
    let signer = prefix_each([signed_data.as_slice(), &signatures, signer.certificate().public_key_info()]);
    Ok(prefix_each([prefix_each([signer.as_slice()]).as_slice()]))
}

/// Reads and checks all signers; `v3` says whether the block holds that scheme too.
pub(super) fn check(mut value: Fields<'_>, v3: bool) -> Result<Vec<CheckedSigner<'_>>, SignatureError> {
    let signers = value.prefixed("signers")?;
    value.end("signers")?;
    let signers = signers.elements("signer", MAX_SIGNERS)?;
    signers.into_iter().map(|signer| check_signer(signer, v3)).collect()
}

/// The certificates of the first signer, without checking anything but their form.
pub(super) fn claimed(mut value: Fields<'_>) -> Result<Vec<Certificate>, SignatureError> {
    let mut signed_data = value.prefixed("signers")?.prefixed("signer")?.prefixed("signed data")?;
    Ok(signer::read_digests_and_certificates(&mut signed_data)?.1)
}

fn check_signer(mut signer: Fields<'_>, v3: bool) -> Result<CheckedSigner<'_>, SignatureError> {
    let signed_data = signer.prefixed("signed data")?;
    let signatures = signer.prefixed("signatures")?;
    let public_key = signer.prefixed("public key")?;
    signer.end("signer")?;
    let mut fields = signed_data;
    let (digests, certificates) = signer::read_digests_and_certificates(&mut fields)?;
    // Early signers left the attributes out, apksigner appends an empty field.
    let attributes = if fields.is_empty() { fields } else { fields.prefixed("additional attributes")? };
    if !fields.is_empty() {
        fields.prefixed("padding of signed data")?.end("padding of signed data")?;
        fields.end("signed data")?;
    }
    let checked = signer::check(signed_data, digests, certificates, signatures, public_key)?;
    for mut attribute in signer::read_attributes(attributes)? {
        if attribute.id == STRIPPING_PROTECTION {
            let start = attribute.value;
            let scheme = attribute.value.u32("stripping protection")?;
            if scheme == 3 && !v3 {
                return Err(start.reject("stripping protection", Problem::Stripped(scheme)));
            }
        }
    }
    Ok(checked)
}
