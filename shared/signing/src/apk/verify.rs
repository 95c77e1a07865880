//! Checking the signatures of a package.

use std::ops::Range;

use formats::source::Source;

use super::algorithm::DigestKind;
use super::block::{self, Pair};
use super::digest::{self, ContentDigests};
use super::error::{Part, Problem, SignatureError};
use super::fields::Fields;
use super::signer::CheckedSigner;
use super::{Scheme, v2, v3};
use crate::Certificate;

/// Where a package's parts stand, in bytes from its start. The end record reaches to the end of the package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// The signing block, see [`signing_block_range`](super::signing_block_range).
    pub signing_block: Range<u64>,
    /// Start of the central directory.
    pub central_directory: u64,
    /// Start of the end of central directory record.
    pub end_record: u64,
}

/// A signer whose signatures are right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedSigner {
    /// Scheme it signed with.
    pub scheme: Scheme,
    /// Its certificates, its own first.
    pub certificates: Vec<Certificate>,
}

/// The signatures of a package, all of them right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signatures {
    /// Signers, those of scheme v2 first.
    pub signers: Vec<VerifiedSigner>,
}

impl Signatures {
    /// Schemes that the package is signed with, ascending.
    pub fn schemes(&self) -> Vec<Scheme> {
        let mut schemes: Vec<_> = self.signers.iter().map(|signer| signer.scheme).collect();
        schemes.dedup();
        schemes
    }

    /// Lowest API level whose devices read one of the schemes; the package's minSdkVersion must not be below.
    pub fn read_from(&self) -> Option<u32> {
        self.signers.iter().map(|signer| signer.scheme.read_from()).min()
    }

    /// SHA-256 of each signer's own certificate in lowercase hexadecimal, each once.
    pub fn certificates_sha256(&self) -> Vec<String> {
        let own = self.signers.iter().filter_map(|signer| signer.certificates.first());
        own.map(Certificate::sha256).fold(Vec::new(), |mut found, sha256| {
            if !found.contains(&sha256) {
                found.push(sha256);
            }
            found
        })
    }
}

/// Checks every v2 and v3 signature of a package, reading it once, in memory that does not grow with it.
///
/// Stricter than devices, which look at one scheme only: all that is there must be right and agree. Refused by name,
/// because nothing here could check them: v3.1, proofs of rotation, verity digests, DSA.
pub fn verify_apk<S: Source + ?Sized>(source: &S, layout: &Layout) -> Result<Signatures, SignatureError> {
    let end_record = read_end_record(source, layout)?;
    let pairs = block::pairs(source, &layout.signing_block)?;
    if let Some(newer) = pairs.iter().find(|pair| pair.id == block::V31_ID) {
        return Err(reject(Part::Block, "id of pair", newer.value.start, Problem::Unsupported(newer.id)));
    }
    let (v2, v3) = (value_of(source, &pairs, Scheme::V2)?, value_of(source, &pairs, Scheme::V3)?);
    let v2 = v2.as_ref().map(|value| v2::check(value.fields(), v3.is_some())).transpose()?.unwrap_or_default();
    let v3 = v3.as_ref().map(|value| v3::check(value.fields())).transpose()?.unwrap_or_default();
    let signers: Vec<_> =
        v2.into_iter().map(|one| (Scheme::V2, one)).chain(v3.into_iter().map(|one| (Scheme::V3, one))).collect();
    if signers.is_empty() {
        return Err(SignatureError::Unsigned);
    }
    check_same_signer(&signers, layout)?;
    let digests = digest_package(source, layout, &end_record, &signers)?;
    for (algorithm, digest) in signers.iter().flat_map(|(_, signer)| &signer.digests) {
        if digests.of(algorithm.digest()) != Some(digest.bytes()) {
            return Err(digest.reject("digest", Problem::ContentsChanged));
        }
    }
    let verified = |(scheme, one): (_, CheckedSigner<'_>)| VerifiedSigner { scheme, certificates: one.certificates };
    Ok(Signatures { signers: signers.into_iter().map(verified).collect() })
}

/// The certificates that a package's signing block claims, its newest scheme's signer first, without checking any
/// signature. Empty where there is no v2 or v3 signature. Fit for a report, not for a decision.
pub fn claimed_certificates<S: Source + ?Sized>(
    source: &S,
    central_directory: u64,
) -> Result<Vec<Certificate>, SignatureError> {
    let Some(range) = block::signing_block_range(source, central_directory)? else { return Ok(Vec::new()) };
    let pairs = block::pairs(source, &range)?;
    if let Some(value) = value_of(source, &pairs, Scheme::V3)? {
        return v3::claimed(value.fields());
    }
    value_of(source, &pairs, Scheme::V2)?.map_or_else(|| Ok(Vec::new()), |value| v2::claimed(value.fields()))
}

/// A scheme's value with its place in the package.
struct Value {
    bytes: Vec<u8>,
    offset: u64,
    scheme: Scheme,
}

impl Value {
    fn fields(&self) -> Fields<'_> {
        Fields::new(&self.bytes, self.offset, Part::Scheme(self.scheme))
    }
}

fn value_of<S: Source + ?Sized>(source: &S, pairs: &[Pair], scheme: Scheme) -> Result<Option<Value>, SignatureError> {
    let id = match scheme {
        Scheme::V1 => return Ok(None),
        Scheme::V2 => block::V2_ID,
        Scheme::V3 => block::V3_ID,
    };
    let pair = pairs.iter().find(|pair| pair.id == id);
    pair.map(|pair| Ok(Value { bytes: block::read_value(source, pair, scheme)?, offset: pair.value.start, scheme }))
        .transpose()
}

/// A package is signed by one key in all schemes: where they differ, devices would disagree about who made it.
fn check_same_signer(signers: &[(Scheme, CheckedSigner<'_>)], layout: &Layout) -> Result<(), SignatureError> {
    let own = |scheme| -> Vec<_> {
        signers.iter().filter(|(found, _)| *found == scheme).map(|(_, signer)| signer.certificates.first()).collect()
    };
    let (v2, v3) = (own(Scheme::V2), own(Scheme::V3));
    if v2.is_empty() || v3.iter().all(|certificate| v2 == [*certificate]) {
        return Ok(());
    }
    let problem = Problem::Disagrees("the signer of scheme v2");
    Err(reject(Part::Scheme(Scheme::V3), "certificate", layout.signing_block.start, problem))
}

fn digest_package<S: Source + ?Sized>(
    source: &S,
    layout: &Layout,
    end_record: &[u8],
    signers: &[(Scheme, CheckedSigner<'_>)],
) -> Result<ContentDigests, SignatureError> {
    let mut kinds: Vec<DigestKind> =
        signers.iter().flat_map(|(_, signer)| &signer.digests).map(|(algorithm, _)| algorithm.digest()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let block = &layout.signing_block;
    let end_record = digest::with_directory_at(end_record, block.start)
        .map_err(|_| reject(Part::Package, "end record", layout.end_record, Problem::Truncated))?;
    digest::digest_sections(source, &[0..block.start, block.end..layout.end_record], &end_record, &kinds)
}

/// Reads the end record and checks that it says what the layout says: it is digested with another offset in it.
fn read_end_record<S: Source + ?Sized>(source: &S, layout: &Layout) -> Result<Vec<u8>, SignatureError> {
    let offset = layout.end_record;
    let refuse = |field, problem| reject(Part::Package, field, offset, problem);
    let directory = layout.central_directory;
    if block::signing_block_range(source, directory)?.as_ref() != Some(&layout.signing_block) {
        return Err(SignatureError::Unsigned);
    }
    let len = source.len().checked_sub(offset).filter(|len| (22..=22 + 0xffff).contains(len));
    let Some(len) = len.and_then(|len| usize::try_from(len).ok()) else {
        return Err(refuse("end record", Problem::NotA("an end of central directory record")));
    };
    let mut record = vec![0; len];
    source.read_at(offset, &mut record).map_err(|source| SignatureError::Read { offset, source })?;
    let field = |at: usize| {
        let bytes = at.checked_add(4).and_then(|end| record.get(at..end)).and_then(|bytes| bytes.first_chunk());
        u64::from(bytes.map_or(0, |bytes| u32::from_le_bytes(*bytes)))
    };
    if field(0) != 0x0605_4b50 {
        return Err(refuse("end record", Problem::NotA("an end of central directory record")));
    }
    if field(16) != directory {
        return Err(refuse("offset of central directory", Problem::Disagrees("the place behind the signing block")));
    }
    if directory.checked_add(field(12)) != Some(offset) {
        return Err(refuse("size of central directory", Problem::Disagrees("the place of the end record")));
    }
    Ok(record)
}

fn reject(part: Part, field: &'static str, offset: u64, problem: Problem) -> SignatureError {
    SignatureError::Rejected { part, field, offset, problem }
}
