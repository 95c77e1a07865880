//! APK Signature Scheme v3: as v2, with a range of platform versions per signer, and a lineage of keys.

use super::Scheme;
use super::digest::ContentDigests;
use super::error::{Problem, SignatureError, SigningError};
use super::fields::{Fields, prefix_each};
use super::lineage::Lineage;
use super::signer::{self, CheckedSigner, MAX_SIGNERS};
use crate::{Certificate, Signer};

/// Platform versions are signed 32-bit numbers on devices.
const MAX_SDK: u32 = 0x7fff_ffff;
/// What apksigner writes for algorithms known since Android 7.0, whatever the package asks for.
const MIN_SDK: u32 = 24;
/// Attribute with the proof that the key took over from an earlier one.
const LINEAGE: u32 = 0x3ba0_6f8c;
/// Attribute that names the platform version from which on scheme v3.1 counts.
const ROTATION_MIN_SDK: u32 = 0x559f_8b02;

/// The scheme's value in the signing block.
pub(super) fn sign(
    digests: &ContentDigests,
    signer: &Signer,
    lineage: Option<&Lineage>,
) -> Result<Vec<u8>, SigningError> {
    let sdks = [MIN_SDK.to_le_bytes(), MAX_SDK.to_le_bytes()].concat();
    let digests = signer::digests_field(digests, signer)?;
    let attributes = lineage.map_or_else(Vec::new, |lineage| {
        let attribute = [LINEAGE.to_le_bytes().as_slice(), lineage.encoded()].concat();
        prefix_each([attribute.as_slice()])
    });
    let mut signed_data = prefix_each([digests.as_slice(), &signer::certificates_field(signer)]);
    signed_data.extend(&sdks);
    signed_data.extend(prefix_each([attributes.as_slice()]));
    let signatures = signer::signatures_field(signer, &signed_data)?;
    let mut signer_block = prefix_each([signed_data.as_slice()]);
    signer_block.extend(&sdks);
    signer_block.extend(prefix_each([signatures.as_slice(), signer.certificate().public_key_info()]));
    Ok(prefix_each([prefix_each([signer_block.as_slice()]).as_slice()]))
}

/// The scheme's signers, their signatures checked.
#[derive(Default)]
pub(super) struct Checked<'a> {
    /// Signers, that for the oldest platforms first.
    pub(super) signers: Vec<CheckedSigner<'a>>,
    /// The longest lineage.
    pub(super) lineage: Option<Lineage>,
}

/// Reads and checks all signers. Together they must cover every platform version from `min_sdk` on once.
pub(super) fn check(mut value: Fields<'_>, min_sdk: u32) -> Result<Checked<'_>, SignatureError> {
    let whole = value;
    let signers = value.prefixed("signers")?;
    value.end("signers")?;
    let signers = signers.elements("signer", MAX_SIGNERS)?;
    let mut all: Vec<_> = signers.into_iter().map(check_signer).collect::<Result<_, _>>()?;
    all.sort_by_key(|one| one.sdks.min);
    let contiguous = all
        .iter()
        .zip(all.iter().skip(1))
        .all(|(earlier, later)| earlier.sdks.max.checked_add(1) == Some(later.sdks.min));
    let from = all.first().is_some_and(|one| one.sdks.min <= min_sdk.max(Scheme::V3.read_from()));
    let to = all.last().is_some_and(|one| one.sdks.max == MAX_SDK);
    if !(contiguous && from && to) {
        return Err(whole.reject("range of platform versions", Problem::SdkRange));
    }
    let mut checked = Checked::default();
    for one in all {
        if let Some(lineage) = one.lineage {
            if checked.lineage.as_ref().is_some_and(|shorter| !lineage.continues(shorter)) {
                return Err(whole.reject("lineage", Problem::Disagrees("that for older platform versions")));
            }
            checked.lineage = Some(lineage);
        }
        checked.signers.push(one.signer);
    }
    Ok(checked)
}

/// What the signer for the newest platforms claims: certificates and lineage, the first checked for their form only.
pub(super) fn claimed(mut value: Fields<'_>) -> Result<(Vec<Certificate>, Option<Lineage>), SignatureError> {
    let mut newest: Option<(u32, _)> = None;
    for mut signer in value.prefixed("signers")?.elements("signer", MAX_SIGNERS)? {
        let mut signed_data = signer.prefixed("signed data")?;
        let (_, certificates) = signer::read_digests_and_certificates(&mut signed_data)?;
        let sdks = Sdks::read(&mut signed_data)?;
        let attributes = signed_data.prefixed("additional attributes")?;
        if newest.as_ref().is_none_or(|(max, _)| sdks.max > *max) {
            newest = Some((sdks.max, (certificates, attributes)));
        }
    }
    let Some((_, (certificates, attributes))) = newest else { return Ok((Vec::new(), None)) };
    Ok((certificates, read_lineage(attributes)?))
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

struct OneSigner<'a> {
    sdks: Sdks,
    signer: CheckedSigner<'a>,
    lineage: Option<Lineage>,
}

fn check_signer(mut signer: Fields<'_>) -> Result<OneSigner<'_>, SignatureError> {
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
    let signer = signer::check(signed_data, digests, certificates, signatures, public_key)?;
    let lineage = read_lineage(attributes)?;
    if let Some(rotation) = signer::read_attributes(attributes)?.iter().find(|one| one.id == ROTATION_MIN_SDK) {
        return Err(rotation.value.reject("attribute of scheme v3.1", Problem::Unsupported(ROTATION_MIN_SDK)));
    }
    let own = signer.certificates.first();
    if lineage.as_ref().is_some_and(|lineage| !own.is_some_and(|own| lineage.leads_to(own))) {
        return Err(attributes.reject("lineage", Problem::Disagrees("the signer's certificate")));
    }
    Ok(OneSigner { sdks, signer, lineage })
}

fn read_lineage(attributes: Fields<'_>) -> Result<Option<Lineage>, SignatureError> {
    let mut lineage = None;
    for attribute in signer::read_attributes(attributes)? {
        match attribute.id {
            LINEAGE if lineage.is_some() => return Err(attribute.value.reject("lineage", Problem::Duplicate)),
            LINEAGE => lineage = Some(Lineage::read(attribute.value)?),
            _ => {}
        }
    }
    Ok(lineage)
}
