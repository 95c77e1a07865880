//! Checking code signatures as devices do, and more strictly where our own are concerned: nothing in them may be unsealed.
//!
//! Whether Apple issued the certificates is not checked: devices and the App Store do.

use aws_lc_rs::digest::SHA256;
use formats::plist::Dictionary;
use formats::source::Source;

use super::blob::{Blob, Blobs, REQUIREMENTS, WRAPPER, slot};
use super::cms::{self, CD_HASH, Checked, cd_hash};
use super::directory::{Directory, ExecSegment, MIN_EXEC_SEGMENT};
use super::error::Error;
use super::read::{primary, read_der_blob, read_xml};
use crate::Certificate;
use crate::apk::{Advance, Problem};

/// Bytes of code that are read at a time: whole pages of every length.
const PORTION: usize = 1 << 20;
/// Lengths of pages as powers of two: 4 KiB and 16 KiB.
const PAGE_BITS: [u8; 2] = [12, 14];
/// The executable's pages may be changed by a debugger.
const ALLOW_UNSIGNED: u64 = 0x10;

/// The files of a bundle that the signature of its executable seals.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sealed<'a> {
    /// `Info.plist`; none for code that is not the executable of a bundle.
    pub info_plist: Option<&'a [u8]>,
    /// `_CodeSignature/CodeResources`, likewise.
    pub code_resources: Option<&'a [u8]>,
}

/// What a signature that holds says.
#[derive(Debug, Clone, PartialEq)]
pub struct Verified {
    /// What the code is called.
    pub identifier: String,
    /// The team that signed.
    pub team_id: Option<String>,
    /// The digest that names the code: that of the code directory with SHA-256, which is the one that devices choose.
    pub cd_hash: [u8; CD_HASH],
    /// Whether nobody's key signed.
    pub is_ad_hoc: bool,
    /// Flags of the code directory (`CS_…` in XNU's `cs_blobs.h`).
    pub flags: u32,
    /// What the code asks to be allowed.
    pub entitlements: Option<Dictionary>,
    /// Where the code directory says that the code is; nowhere in old ones.
    pub executable: Option<ExecSegment>,
    /// The signer's own certificate, followed by its issuers as far as the signature has them; none where nobody's key signed.
    pub certificates: Vec<Certificate>,
    /// When it was signed, in Unix seconds.
    pub signing_time: Option<i64>,
}

/// Checks a signature: `code` is the slice up to where the signature begins, and is read once from front to back; `signature` is
/// all of the space behind it.
///
/// # Errors
/// The first thing that is not as it was signed, or that no signature covers. [`Error::Stopped`] when `advance` says so, which is
/// told of every portion of the code.
pub fn verify(
    code: &dyn Source,
    signature: &[u8],
    sealed: Sealed<'_>,
    advance: Advance<'_>,
) -> Result<Verified, Error> {
    let blobs = Blobs::read(signature)?;
    check_layout(&blobs)?;
    let directories = directories(&blobs)?;
    // SHA-1 alone protects from nothing.
    let weak = || Error::rejected("code directory", blobs.first, Problem::NotA("one with SHA-256"));
    let chosen = directories.iter().find(|one| one.algorithm == &SHA256).ok_or_else(weak)?;
    for directory in &directories {
        check_limit(directory, code.len())?;
        check_special(directory, &blobs, sealed)?;
    }
    let entitlements = entitlements(&blobs, &directories)?;
    let checked = check_signed_data(&blobs, &directories)?;
    check_pages(code, &directories, advance)?;
    Ok(Verified {
        identifier: chosen.identifier.to_owned(),
        team_id: chosen.team_id.map(str::to_owned),
        cd_hash: cd_hash(chosen.digest(chosen.blob.whole).as_ref()),
        is_ad_hoc: chosen.is_ad_hoc(),
        flags: chosen.flags,
        entitlements,
        executable: chosen.executable.map(|(segment, _)| segment),
        certificates: checked.certificates,
        signing_time: checked.signing_time,
    })
}

/// The blobs stand one behind the other, and behind them is nothing.
fn check_layout(blobs: &Blobs<'_>) -> Result<(), Error> {
    let mut end = blobs.first;
    for blob in &blobs.all {
        if blob.offset != end {
            return Err(Error::rejected("blob", blob.offset, Problem::Disagrees("the end of the blob before it")));
        }
        end = end.saturating_add(u64::try_from(blob.whole.len()).unwrap_or(u64::MAX));
    }
    if end != blobs.end || blobs.rest.iter().any(|byte| *byte != 0) {
        return Err(Error::rejected("signature", end, Problem::Trailing));
    }
    Ok(())
}

/// The first code directory and the alternates, which must say the same.
fn directories<'a>(blobs: &Blobs<'a>) -> Result<Vec<Directory<'a>>, Error> {
    let mut all = vec![primary(blobs)?];
    for blob in blobs.all.iter().filter(|blob| slot::ALTERNATES.contains(&blob.number)) {
        let other = Directory::read(*blob)?;
        let said = |one: &Directory<'a>| (one.version, one.flags, one.identifier, one.team_id, one.executable);
        if all.iter().any(|one| said(one) != said(&other) || one.algorithm == other.algorithm) {
            let problem = Problem::Disagrees("the other code directory");
            return Err(Error::rejected("alternate code directory", blob.offset, problem));
        }
        all.push(other);
    }
    Ok(all)
}

fn check_limit(directory: &Directory<'_>, length: u64) -> Result<(), Error> {
    if directory.code_limit != length {
        let problem = Problem::Disagrees("where the signature begins");
        return Err(Error::rejected("code limit", directory.limit_offset, problem));
    }
    let bits = directory.page_bits;
    if !PAGE_BITS.contains(&bits) {
        return Err(Error::rejected("length of a page", directory.blob.offset, Problem::Unsupported(bits.into())));
    }
    let digests = directory.pages.rest().chunks_exact(directory.algorithm.output_len()).len();
    if u64::try_from(digests).ok() != Some(length.div_ceil(1_u64 << bits)) {
        let problem = Problem::Disagrees("the length of the code");
        return Err(Error::rejected("number of pages", directory.blob.offset, problem));
    }
    Ok(())
}

/// Each blob and each file has its digest in the directory, and each digest has its blob or file.
fn check_special(directory: &Directory<'_>, blobs: &Blobs<'_>, sealed: Sealed<'_>) -> Result<(), Error> {
    let files = [(slot::INFO_PLIST, sealed.info_plist), (slot::CODE_RESOURCES, sealed.code_resources)];
    let files = files.into_iter().filter_map(|(number, bytes)| Some((number, bytes?)));
    let own = |blob: &&Blob<'_>| {
        blob.number != slot::CODE_DIRECTORY
            && blob.number != slot::SIGNATURE
            && !slot::ALTERNATES.contains(&blob.number)
    };
    let mut expected: Vec<_> =
        files.chain(blobs.all.iter().filter(own).map(|blob| (blob.number, blob.whole))).collect();
    expected.sort_unstable_by_key(|(number, _)| *number);
    let mut found: Vec<_> = directory.special().collect();
    found.sort_unstable_by_key(|(number, _)| *number);
    for (number, bytes) in &expected {
        let digest = directory.digest(bytes);
        if !found.contains(&(*number, digest.as_ref())) {
            return Err(Error::rejected(part(*number), directory.blob.offset, Problem::ContentsChanged));
        }
    }
    let unclaimed = found.iter().find(|(number, _)| expected.iter().all(|(other, _)| other != number));
    unclaimed.map_or(Ok(()), |(number, _)| {
        Err(Error::rejected(part(*number), directory.blob.offset, Problem::Disagrees("what there is to sign")))
    })
}

/// What has a digest in the directory.
fn part(number: u32) -> &'static str {
    match number {
        slot::INFO_PLIST => "digest of Info.plist",
        slot::REQUIREMENTS => "digest of the requirements",
        slot::CODE_RESOURCES => "digest of CodeResources",
        slot::ENTITLEMENTS => "digest of the entitlements",
        slot::DER_ENTITLEMENTS => "digest of the DER entitlements",
        _ => "digest of a blob",
    }
}

/// The entitlements, which must be the same in both forms, and in the flags that are made of them.
fn entitlements(blobs: &Blobs<'_>, directories: &[Directory<'_>]) -> Result<Option<Dictionary>, Error> {
    if let Some(requirements) = blobs.find(slot::REQUIREMENTS) {
        requirements.expect(REQUIREMENTS, "magic number of the requirements")?;
    }
    let xml = blobs.find(slot::ENTITLEMENTS);
    let entitlements = xml.map(read_xml).transpose()?.flatten();
    let der = blobs.find(slot::DER_ENTITLEMENTS);
    let offset = der.or(xml).map_or(0, |blob| blob.offset);
    let is_new = |one: &Directory<'_>| one.version >= MIN_EXEC_SEGMENT;
    let is_main = |one: &Directory<'_>| one.executable.is_some_and(|(segment, _)| segment.is_main);
    let wants_der = entitlements.is_some() && directories.iter().any(|one| is_new(one) && is_main(one));
    match (der.map(read_der_blob).transpose()?, wants_der) {
        (None, true) => return Err(Error::rejected("DER entitlements", offset, Problem::Missing)),
        (Some(der), _) if Some(&der) != entitlements.as_ref() => {
            return Err(Error::rejected("DER entitlements", offset, Problem::Disagrees("those in XML")));
        }
        _ => {}
    }
    let debuggable = entitlements.as_ref().is_some_and(|all| {
        ["get-task-allow", "run-unsigned-code"]
            .iter()
            .any(|key| all.get(key).is_some_and(|value| *value == true.into()))
    });
    let flags = directories.iter().filter(|one| is_main(one)).filter_map(|one| one.executable);
    for (_, flags) in flags {
        if (flags & ALLOW_UNSIGNED != 0) != debuggable {
            let problem = Problem::Disagrees("the entitlements");
            return Err(Error::rejected("flags of the executable segment", offset, problem));
        }
    }
    Ok(entitlements)
}

fn check_signed_data(blobs: &Blobs<'_>, directories: &[Directory<'_>]) -> Result<Checked, Error> {
    let is_ad_hoc = directories.iter().all(Directory::is_ad_hoc);
    let missing = || Error::rejected("signed data", blobs.end, Problem::Missing);
    let blob = blobs.find(slot::SIGNATURE).ok_or_else(missing)?;
    blob.expect(WRAPPER, "magic number of the signed data")?;
    match (is_ad_hoc, blob.content.is_empty()) {
        (true, true) => Ok(Checked { certificates: Vec::new(), signing_time: None }),
        (true, false) => {
            Err(Error::rejected("signed data", blob.offset, Problem::Disagrees("the flags of the code directory")))
        }
        (false, true) => Err(missing()),
        (false, false) => cms::check(blob.content.rest(), directories).map_err(Error::within(blob.content.offset())),
    }
}

fn check_pages(code: &dyn Source, directories: &[Directory<'_>], advance: Advance<'_>) -> Result<(), Error> {
    let portion = u64::try_from(PORTION).unwrap_or(u64::MAX);
    let mut buffer = Vec::new();
    let mut offset = 0;
    while offset < code.len() {
        let length = portion.min(code.len().saturating_sub(offset));
        buffer.resize(usize::try_from(length).unwrap_or_default(), 0);
        code.read_at(offset, &mut buffer).map_err(|source| Error::Read { offset, source })?;
        for directory in directories {
            check_portion(&buffer, offset, directory)?;
        }
        if !advance(length) {
            return Err(Error::Stopped);
        }
        offset = offset.saturating_add(length);
    }
    Ok(())
}

/// Checks the pages of a portion that begins at `offset`, where a page begins.
fn check_portion(bytes: &[u8], offset: u64, directory: &Directory<'_>) -> Result<(), Error> {
    let page_length = 1_u64 << directory.page_bits;
    let first = offset.checked_div(page_length).unwrap_or_default();
    let digests = directory.pages.rest().chunks_exact(directory.algorithm.output_len());
    let digests = digests.skip(usize::try_from(first).unwrap_or(usize::MAX));
    let pages = bytes.chunks(usize::try_from(page_length).unwrap_or(PORTION));
    for (page, (bytes, digest)) in (first..).zip(pages.zip(digests)) {
        if directory.digest(bytes).as_ref() != digest {
            return Err(Error::PageChanged { page, offset: page.saturating_mul(page_length) });
        }
    }
    Ok(())
}
