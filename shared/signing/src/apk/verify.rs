//! Checking the signatures of a package.

use std::ops::Range;

use formats::source::Source;
use formats::zip::Archive;

use super::algorithm::DigestKind;
use super::block::{self, Pair};
use super::digest::{self, ContentDigests};
use super::error::{Part, Problem, SignatureError};
use super::fields::Fields;
use super::lineage::Lineage;
use super::signer::CheckedSigner;
use super::{Scheme, v1, v2, v3};
use crate::Certificate;

/// Told about every piece of bytes that was read, from any thread; `false` ends the check with
/// [`zip::Error::Stopped`](formats::zip::Error::Stopped).
pub type Advance<'a> = &'a (dyn Fn(u64) -> bool + Sync);

/// Devices refuse packages that target this API level or a later one and are signed with scheme v1 only.
const BLOCK_FOR_TARGET: u32 = 30;

/// What a package's manifest says about platform versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Platforms {
    /// Lowest API level of the devices that the package runs on.
    pub min_sdk: u32,
    /// API level that the package was made for.
    pub target_sdk: u32,
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
    /// Signers, in the order of the schemes; those of v1 only where devices look at them.
    pub signers: Vec<VerifiedSigner>,
    /// The keys before the signer's, where scheme v3 proves them.
    pub lineage: Option<Lineage>,
}

impl Signatures {
    /// Schemes that the package is signed with, as far as they were checked, ascending.
    pub fn schemes(&self) -> Vec<Scheme> {
        let mut schemes: Vec<_> = self.signers.iter().map(|signer| signer.scheme).collect();
        schemes.dedup();
        schemes
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

/// Checks the signatures of a package as its devices do, from the oldest to those to come, in memory that does not grow
/// with the package's contents.
///
/// Schemes v2 and v3 are checked where they are there, v1 where devices below API 24 need it or nothing else is there. Then
/// every entry is unpacked and its CRC-32 compared as well. Stricter than devices, each of which looks at one scheme only: all
/// must be right and agree on the signer. Refused by name, because nothing here could check them: v3.1, verity digests, DSA.
pub fn verify_apk(
    archive: &Archive<'_>,
    platforms: Platforms,
    advance: Advance<'_>,
) -> Result<Signatures, SignatureError> {
    let source = archive.source();
    let range = block::signing_block_range(source, archive.directory_offset())?;
    let pairs = range.as_ref().map_or_else(|| Ok(Vec::new()), |range| block::pairs(source, range))?;
    if let Some(newer) = pairs.iter().find(|pair| pair.id == block::V31_ID) {
        return Err(reject(Part::Block, "id of pair", newer.value.start, Problem::Unsupported(newer.id)));
    }
    let (v2, v3) = (value_of(source, &pairs, Scheme::V2)?, value_of(source, &pairs, Scheme::V3)?);
    let checked_v2 = v2.as_ref().map(|value| v2::check(value.fields(), v3.is_some())).transpose()?;
    let checked_v3 = v3.as_ref().map(|value| v3::check(value.fields(), platforms.min_sdk)).transpose()?;
    let higher: Vec<_> = [(v2.is_some(), Scheme::V2), (v3.is_some(), Scheme::V3)]
        .into_iter()
        .filter_map(|(found, scheme)| found.then_some(scheme))
        .collect();
    let v3::Checked { signers: v3, lineage } = checked_v3.unwrap_or_default();
    let in_block = InBlock { v2: checked_v2.unwrap_or_default(), v3, lineage };
    if let Some(range) = range.filter(|_| !higher.is_empty()) {
        check_digests(archive, &range, &in_block, advance)?;
    }
    let v1 = check_v1(archive, platforms, &higher, advance)?;
    in_block.check_agreement(&v1, archive)?;
    Ok(in_block.into_signatures(v1))
}

/// The signers of scheme v1, where devices look at them.
fn check_v1(
    archive: &Archive<'_>,
    platforms: Platforms,
    higher: &[Scheme],
    advance: Advance<'_>,
) -> Result<Vec<Vec<Certificate>>, SignatureError> {
    if higher.is_empty() {
        if !v1::is_signed(archive) {
            return Err(SignatureError::Unsigned);
        }
        if platforms.target_sdk >= BLOCK_FOR_TARGET {
            return Err(SignatureError::OnlyV1 { target_sdk: platforms.target_sdk });
        }
    } else if platforms.min_sdk >= Scheme::V2.read_from() {
        return Ok(Vec::new());
    }
    v1::check(archive, platforms.min_sdk, higher, v1::Cover::Packages, advance)
}

/// Checks the JAR signatures of an app bundle, which cover every entry, and unpacks each. Returns the signers' certificates, each signer's
/// own first.
pub fn verify_bundle(archive: &Archive<'_>, advance: Advance<'_>) -> Result<Vec<Vec<Certificate>>, SignatureError> {
    match v1::is_signed(archive) {
        true => v1::check(archive, v1::BUNDLE_SDK, &[], v1::Cover::Archives, advance),
        false => Err(SignatureError::Unsigned),
    }
}

/// The signers of the signing block.
struct InBlock<'a> {
    v2: Vec<CheckedSigner<'a>>,
    v3: Vec<CheckedSigner<'a>>,
    lineage: Option<Lineage>,
}

impl InBlock<'_> {
    fn all(&self) -> impl Iterator<Item = &CheckedSigner<'_>> {
        self.v2.iter().chain(&self.v3)
    }

    /// Schemes v1 and v2 must have the same signers. Where there is v3 too they must have one, which v3's lineage began
    /// with, or without lineage v3's own: or devices would disagree about who made the package.
    fn check_agreement(&self, v1: &[Vec<Certificate>], archive: &Archive<'_>) -> Result<(), SignatureError> {
        let v1: Vec<_> = v1.iter().filter_map(|signer| signer.first()).collect();
        let v2: Vec<_> = self.v2.iter().filter_map(|signer| signer.certificates.first()).collect();
        let disagrees = |scheme, with| {
            let (part, problem) = (Part::Scheme(scheme), Problem::Disagrees(with));
            Err(reject(part, "certificate", archive.directory_offset(), problem))
        };
        let among = |some: &[&Certificate], others: &[&Certificate]| some.iter().all(|one| others.contains(one));
        if !(v1.is_empty() || v2.is_empty() || among(&v1, &v2) && among(&v2, &v1)) {
            return disagrees(Scheme::V2, "the signers of scheme v1");
        }
        let old = if v1.is_empty() { v2 } else { v1 };
        let fits = match (old.as_slice(), &self.lineage, self.v3.as_slice()) {
            ([], _, _) | (_, _, []) => true,
            ([old], Some(lineage), _) => lineage.began_with(old),
            ([old], None, [v3]) => v3.certificates.first() == Some(*old),
            _ => false,
        };
        if fits { Ok(()) } else { disagrees(Scheme::V3, "the signer of schemes v1 and v2") }
    }

    fn into_signatures(self, v1: Vec<Vec<Certificate>>) -> Signatures {
        let certificates = |signer: CheckedSigner<'_>| signer.certificates;
        let v1 = v1.into_iter().map(|certificates| (Scheme::V1, certificates));
        let v2 = self.v2.into_iter().map(|signer| (Scheme::V2, certificates(signer)));
        let v3 = self.v3.into_iter().map(|signer| (Scheme::V3, certificates(signer)));
        let signers = v1.chain(v2).chain(v3).map(|(scheme, certificates)| VerifiedSigner { scheme, certificates });
        Signatures { signers: signers.collect(), lineage: self.lineage }
    }
}

/// What a package's signing block claims about its signer, its newest scheme's first, without any signature over the package
/// being checked. Empty where there is no signature of scheme v2 or later. Fit for a report, not for a decision.
pub fn claimed_certificates<S: Source + ?Sized>(
    source: &S,
    central_directory: u64,
) -> Result<Vec<Certificate>, SignatureError> {
    Ok(claimed(source, central_directory)?.0)
}

/// The lineage of the package's newest scheme; `None` where there is none. Each level's signature is checked, those over
/// the package are not: the lineage is one of its newest key, but the package may not be signed with that.
pub fn claimed_lineage<S: Source + ?Sized>(
    source: &S,
    central_directory: u64,
) -> Result<Option<Lineage>, SignatureError> {
    Ok(claimed(source, central_directory)?.1)
}

fn claimed<S: Source + ?Sized>(
    source: &S,
    central_directory: u64,
) -> Result<(Vec<Certificate>, Option<Lineage>), SignatureError> {
    let nothing = (Vec::new(), None);
    let Some(range) = block::signing_block_range(source, central_directory)? else { return Ok(nothing) };
    let pairs = block::pairs(source, &range)?;
    // Scheme v3.1 has the form of v3, for later platform versions.
    for id in [block::V31_ID, block::V3_ID] {
        if let Some(value) = value_with(source, &pairs, id, Scheme::V3)? {
            return v3::claimed(value.fields());
        }
    }
    let v2 = value_of(source, &pairs, Scheme::V2)?;
    v2.map_or(Ok(nothing), |value| Ok((v2::claimed(value.fields())?, None)))
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
    match scheme {
        Scheme::V1 => Ok(None),
        Scheme::V2 => value_with(source, pairs, block::V2_ID, scheme),
        Scheme::V3 => value_with(source, pairs, block::V3_ID, scheme),
    }
}

fn value_with<S: Source + ?Sized>(
    source: &S,
    pairs: &[Pair],
    id: u32,
    scheme: Scheme,
) -> Result<Option<Value>, SignatureError> {
    let pair = pairs.iter().find(|pair| pair.id == id);
    pair.map(|pair| Ok(Value { bytes: block::read_value(source, pair, scheme)?, offset: pair.value.start, scheme }))
        .transpose()
}

/// Compares all signers' digests with the package.
fn check_digests(
    archive: &Archive<'_>,
    block: &Range<u64>,
    signers: &InBlock<'_>,
    advance: Advance<'_>,
) -> Result<(), SignatureError> {
    let digests = digest_package(archive, block, signers, advance)?;
    for (algorithm, digest) in signers.all().flat_map(|signer| &signer.digests) {
        if digests.of(algorithm.digest()) != Some(digest.bytes()) {
            return Err(digest.reject("digest", Problem::ContentsChanged));
        }
    }
    Ok(())
}

fn digest_package(
    archive: &Archive<'_>,
    block: &Range<u64>,
    signers: &InBlock<'_>,
    advance: Advance<'_>,
) -> Result<ContentDigests, SignatureError> {
    let (source, end) = (archive.source(), archive.end_offset());
    let mut kinds: Vec<DigestKind> =
        signers.all().flat_map(|signer| &signer.digests).map(|(algorithm, _)| algorithm.digest()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let truncated = || reject(Part::Package, "end record", end, Problem::Truncated);
    let length = source.len().checked_sub(end).and_then(|length| usize::try_from(length).ok()).ok_or_else(truncated)?;
    let mut end_record = vec![0; length];
    source.read_at(end, &mut end_record).map_err(|source| SignatureError::Read { offset: end, source })?;
    // It is signed as if the block were not there.
    let end_record = digest::with_directory_at(&end_record, block.start).map_err(|_| truncated())?;
    digest::digest_sections(source, &[0..block.start, block.end..end], &end_record, &kinds, advance)
}

fn reject(part: Part, field: &'static str, offset: u64, problem: Problem) -> SignatureError {
    SignatureError::Rejected { part, field, offset, problem }
}
