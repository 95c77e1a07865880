//! APK Signature Scheme v3: as v2, with a range of platform versions per signer.

use super::Scheme;
use super::digest::ContentDigests;
use super::error::{Problem, SignatureError, SigningError};
use super::fields::{Fields, prefix_each};
use super::signer::{self, CheckedSigner, MAX_SIGNERS};
use crate::{Certificate, Signer};

/// Platform versions are signed 32-bit numbers on devices.
const MAX_SDK: u32 = 0x7fff_ffff;
/// What apksigner writes for algorithms known since Android 7.0, whatever the package asks for.
const MIN_SDK: u32 = 24;
/// Attribute with the proof that the key took over from an earlier one.
const LINEAGE: u32 = 0x3ba0_6f8c;

/// The scheme's value in the signing block.
pub(super) fn sign(digests: &ContentDigests, signer: &Signer) -> Result<Vec<u8>, SigningError> {
    let sdks = [MIN_SDK.to_le_bytes(), MAX_SDK.to_le_bytes()].concat();
    let digests = signer::digests_field(digests, signer)?;
    let mut signed_data = prefix_each([digests.as_slice(), &signer::certificates_field(signer)]);
    signed_data.extend(&sdks);
    signed_data.extend(prefix_each([[].as_slice()]));
    let signatures = signer::signatures_field(signer, &signed_data)?;
    let mut signer_block = prefix_each([signed_data.as_slice()]);
    signer_block.extend(&sdks);
    signer_block.extend(prefix_each([signatures.as_slice(), signer.certificate().public_key_info()]));
    Ok(prefix_each([prefix_each([signer_block.as_slice()]).as_slice()]))
}

/// Reads and checks all signers. Together they must cover every platform version once.
pub(super) fn check(mut value: Fields<'_>) -> Result<Vec<CheckedSigner<'_>>, SignatureError> {
    let whole = value;
    let signers = value.prefixed("signers")?;
    value.end("signers")?;
    let signers = signers.elements("signer", MAX_SIGNERS)?;
    let mut checked: Vec<_> = signers.into_iter().map(check_signer).collect::<Result<_, _>>()?;
    checked.sort_by_key(|(sdks, _)| sdks.min);
    let contiguous = checked
        .iter()
        .zip(checked.iter().skip(1))
        .all(|((earlier, _), (later, _))| earlier.max.checked_add(1) == Some(later.min));
    let from = checked.first().is_some_and(|(sdks, _)| sdks.min <= Scheme::V3.read_from());
    let to = checked.last().is_some_and(|(sdks, _)| sdks.max == MAX_SDK);
    if !(contiguous && from && to) {
        return Err(whole.reject("range of platform versions", Problem::SdkRange));
    }
    Ok(checked.into_iter().map(|(_, signer)| signer).collect())
}

/// The certificates of the last signer, the one for the newest platforms, checked for their form only.
pub(super) fn claimed(mut value: Fields<'_>) -> Result<Vec<Certificate>, SignatureError> {
    let mut newest: Option<(u32, Vec<Certificate>)> = None;
    for mut signer in value.prefixed("signers")?.elements("signer", MAX_SIGNERS)? {
        let mut signed_data = signer.prefixed("signed data")?;
        let (_, certificates) = signer::read_digests_and_certificates(&mut signed_data)?;
        let sdks = Sdks::read(&mut signed_data)?;
        if newest.as_ref().is_none_or(|(max, _)| sdks.max > *max) {
            newest = Some((sdks.max, certificates));
        }
    }
    Ok(newest.map(|(_, certificates)| certificates).unwrap_or_default())
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Sdks {
    min: u32,
    max: u32,
}

impl Sdks {
    fn read(fields: &mut Fields<'_>) -> Result<Self, SignatureError> {
        let start = *fields;
        let sdks = Self { min: fields.u32("minimum platform version")?, max: fields.u32("maximum platform version")? };
        if sdks.min > sdks.max || sdks.max > MAX_SDK {
            return Err(start.reject("range of platform versions", Problem::SdkRange));
        }
        Ok(sdks)
    }
}

fn check_signer(mut signer: Fields<'_>) -> Result<(Sdks, CheckedSigner<'_>), SignatureError> {
    let signed_data = signer.prefixed("signed data")?;
    let outer_start = signer;
    let outer = Sdks::read(&mut signer)?;
    let signatures = signer.prefixed("signatures")?;
    let public_key = signer.prefixed("public key")?;
    signer.end("signer")?;
    let mut fields = signed_data;
    let (digests, certificates) = signer::read_digests_and_certificates(&mut fields)?;
    let sdks = Sdks::read(&mut fields)?;
    let attributes = fields.prefixed("additional attributes")?;
    fields.end("signed data")?;
    if sdks != outer {
        return Err(outer_start.reject("range of platform versions", Problem::Disagrees("the signed data")));
    }
    let checked = signer::check(signed_data, digests, certificates, signatures, public_key)?;
    for attribute in signer::read_attributes(attributes)? {
        if attribute.id == LINEAGE {
            return Err(attribute.value.reject("proof of rotation", Problem::Unsupported(LINEAGE)));
        }
    }
    Ok((sdks, checked))
}
