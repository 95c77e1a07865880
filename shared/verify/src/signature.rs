//! Who signed the output.

use std::ops::Range;

use formats::reader::{Reader, Truncated};
use formats::source::Source;
use formats::zip::Archive;
use signing::apk::{self, Advance, Lineage, Platforms, Scheme, SignatureError, VerifiedSigner};

use crate::manifest::Manifests;
use crate::{Check, Error, Expected, error};

/// Devices below know no signing block.
const BLOCK_FROM: u32 = 24;
/// Identifiers of the pairs that belong into the block: both schemes and the padding.
const PAIRS: [u32; 3] = [0x7109_871A, 0xF053_68C0, PADDING];
const PADDING: u32 = 0x4272_6577;
/// The block of one signer is a few KiB long, a lineage adds some more for each key.
const LONGEST_BLOCK: u64 = 1 << 20;
/// Size and magic at the end of the block.
const FOOTER: usize = 24;

/// Signed by the expected signer under every scheme that the package's devices read, or not at all.
pub(crate) fn check(
    archive: &Archive<'_>,
    manifests: &Manifests<'_>,
    expected: &Expected<'_>,
    advance: Advance<'_>,
) -> Result<String, Error> {
    if manifests.parts().is_bundle() {
        return check_bundle(archive, expected, advance);
    }
    let source = archive.source();
    let block = apk::signing_block_range(source, archive.directory_offset()).map_err(refused)?;
    let (block, wanted) = match (block, expected.certificate_sha256) {
        (None, None) => return Ok("unsigned, as asked for".to_owned()),
        (Some(_), None) => return failed("it is signed, and should not be"),
        (None, Some(_)) => return failed("it is not signed"),
        (Some(block), Some(wanted)) => (block, wanted),
    };
    if block != archive.before_directory() {
        return failed("undeclared bytes stand before the signing block");
    }
    check_pairs(source, &block)?;
    let platforms = Platforms { min_sdk: manifests.min_sdk(), target_sdk: manifests.target_sdk() };
    let signatures = apk::verify_apk(archive, platforms, advance).map_err(refused)?;
    let lineage = input_lineage(manifests)?;
    if signatures.lineage != lineage {
        return failed("it does not carry on the lineage of the input's keys");
    }
    let schemes: &[Scheme] = match (platforms.min_sdk < BLOCK_FROM, lineage.is_some()) {
        (_, true) => &[Scheme::V3],
        (true, _) => &[Scheme::V1, Scheme::V2, Scheme::V3],
        (false, _) => &[Scheme::V2, Scheme::V3],
    };
    let names = schemes.iter().map(Scheme::to_string).collect::<Vec<_>>().join(", ");
    if signatures.schemes() != schemes {
        return failed(format!("it does not carry exactly the schemes {names}"));
    }
    if signatures.signers.iter().any(|signer| own_certificate(signer).as_deref() != Some(wanted)) {
        return failed(format!("it is not signed with the certificate {wanted}"));
    }
    Ok(format!("{names}, certificate {wanted}"))
}

/// A bundle has a JAR signature of the expected signer over every entry, or none at all.
fn check_bundle(archive: &Archive<'_>, expected: &Expected<'_>, advance: Advance<'_>) -> Result<String, Error> {
    let signers = match (apk::verify_bundle(archive, advance), expected.certificate_sha256) {
        (Err(SignatureError::Unsigned), None) => return Ok("unsigned, as asked for".to_owned()),
        (Err(SignatureError::Unsigned), Some(_)) => return failed("it is not signed"),
        (Ok(_), None) => return failed("it is signed, and should not be"),
        (Err(error), _) => return Err(refused(error)),
        (Ok(signers), Some(_)) => signers,
    };
    let wanted = expected.certificate_sha256.unwrap_or_default();
    let own: Vec<String> = signers.iter().filter_map(|signer| Some(signer.first()?.sha256())).collect();
    match own.as_slice() {
        [own] if own == wanted => Ok(format!("{}, certificate {wanted}", Scheme::V1)),
        _ => failed(format!("it is not signed with the certificate {wanted}")),
    }
}

/// The keys that the app was signed with before. A block that cannot be understood says nothing about them.
fn input_lineage(manifests: &Manifests<'_>) -> Result<Option<Lineage>, Error> {
    let input = manifests.input();
    match apk::claimed_lineage(input.source(), input.directory_offset()) {
        Err(SignatureError::Read { source, .. }) => Err(Error::Source(source)),
        found => Ok(found.unwrap_or_default()),
    }
}

/// The block itself is covered by no signature, so nothing else may hide in it: both schemes, and padding of zeros.
fn check_pairs(source: &dyn Source, block: &Range<u64>) -> Result<(), Error> {
    let length = block.end - block.start;
    if length > LONGEST_BLOCK {
        return failed(format!("the signing block of {length} bytes is longer than any signer's"));
    }
    let mut bytes = vec![0; length as usize];
    source.read_at(block.start, &mut bytes).map_err(Error::Source)?;
    let mut reader = Reader::at(&bytes, block.start);
    let cut_off = |error: Truncated| Check::Signatures.failed(error.to_string());
    reader.u64("signing block size").map_err(cut_off)?;
    while reader.remaining() > FOOTER {
        let offset = reader.offset();
        let length = reader.u64("length of pair").map_err(cut_off)?;
        let mut pair = reader.part(usize::try_from(length).unwrap_or(usize::MAX), "pair").map_err(cut_off)?;
        let id = pair.u32("id of pair").map_err(cut_off)?;
        if !PAIRS.contains(&id) {
            return failed(format!("the signing block holds a pair {id:#010x} at offset {offset}"));
        }
        if id == PADDING && pair.rest().iter().any(|byte| *byte != 0) {
            return failed(format!("the signing block's padding at offset {offset} is not empty"));
        }
    }
    Ok(())
}

fn own_certificate(signer: &VerifiedSigner) -> Option<String> {
    signer.certificates.first().map(|certificate| certificate.sha256())
}

fn failed<T>(detail: impl Into<String>) -> Result<T, Error> {
    Err(Check::Signatures.failed(detail))
}

fn refused(error: SignatureError) -> Error {
    match error {
        SignatureError::Read { source, .. } => Error::Source(source),
        SignatureError::Content(error) => error::of_archive(Check::Contents, error),
        error => Check::Signatures.failed(error.to_string()),
    }
}
