//! Checking v1 signatures as all devices from some platform version on do.

use std::collections::HashMap;
use std::num::NonZero;
use std::ops::Range;
use std::thread;

use aws_lc_rs::digest::Context;
use formats::zip::{self, Archive, Entry};

use super::expected::{Expected, expected};
use super::file::File;
use super::sections::{Section, Sections};
use super::{APK_SIGNED, FOLDER, MANIFEST, is_digested, signed_data};
use crate::Certificate;
use crate::apk::{Advance, Problem, Scheme, SignatureError};
use crate::cms::{Ber, SignedData};

/// Android itself accepts no more.
const MAX_SIGNERS: usize = 10;
/// Ten times what 65,534 entries with names of usual length need.
const MAX_TEXT: u64 = 32 << 20;
const MAX_BLOCK: u64 = 1 << 20;
const BLOCKS: [&str; 3] = [".RSA", ".DSA", ".EC"];

/// Which entries signatures have to cover.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::apk) enum Cover {
    /// Those that devices look at: nothing in META-INF, and no folders.
    Packages,
    /// All but folders and the files of signatures, as Java's tools look at archives.
    Archives,
}

impl Cover {
    fn must_be_signed(self, name: &str) -> bool {
        match self {
            Self::Packages => !name.starts_with(FOLDER) && !name.ends_with('/'),
            Self::Archives => is_digested(name),
        }
    }
}

/// Checks the signatures of `archive` and unpacks every entry, also those that no signature covers. Returns the signers'
/// certificates, each signer's own first. `higher` are the other schemes that the package is signed with.
pub(in crate::apk) fn check(
    archive: &Archive<'_>,
    min_sdk: u32,
    higher: &[Scheme],
    cover: Cover,
    advance: Advance<'_>,
) -> Result<Vec<Vec<Certificate>>, SignatureError> {
    let content = read(archive, MANIFEST, MAX_TEXT)?;
    let manifest = Manifest::read(archive, File { name: MANIFEST, content: &content })?;
    let signers = signers(archive, &manifest, min_sdk, higher)?;
    let covering = covering(archive, &manifest, &signers, cover)?;
    check_contents(archive, &manifest, min_sdk, cover, advance)?;
    let used = signers.into_iter().enumerate().filter(|(position, _)| covering.contains(position));
    Ok(used.map(|(_, signer)| signer.certificates).collect())
}

/// The certificates of those who say they made the package's JAR signatures. Nothing is checked.
///
/// # Errors
/// Files that are no signatures, or cannot be read.
pub fn claimed_certificates(archive: &Archive<'_>) -> Result<Vec<Certificate>, SignatureError> {
    let mut certificates = Vec::new();
    for block in archive.entries().iter().filter(|entry| is_block(&entry.name)).take(MAX_SIGNERS) {
        let content = read(archive, &block.name, MAX_BLOCK)?;
        let file = File { name: &block.name, content: &content };
        let signed = SignedData::read(&mut Ber::of(&content)).map_err(|error| file.rejected(error))?;
        for signer in signed.signers().take(MAX_SIGNERS) {
            let own = signer.and_then(|signer| signer.certificate(&signed.certificates).cloned());
            certificates.push(own.map_err(|error| file.rejected(error))?);
        }
    }
    Ok(certificates)
}

/// Whether there is anything of scheme v1.
pub(in crate::apk) fn is_signed(archive: &Archive<'_>) -> bool {
    archive.entry(MANIFEST).is_some() && archive.entries().iter().any(|entry| is_block(&entry.name))
}

fn is_block(name: &str) -> bool {
    name.starts_with(FOLDER) && BLOCKS.iter().any(|extension| name.ends_with(extension))
}

fn read(archive: &Archive<'_>, name: &str, most: u64) -> Result<Vec<u8>, SignatureError> {
    archive.read_entry(name, most).map_err(|error| match error {
        zip::Error::Missing { .. } => {
            SignatureError::File { name: name.to_owned(), field: "file", offset: 0, problem: Problem::Missing }
        }
        error => SignatureError::Content(error),
    })
}

/// The manifest: where it speaks of which entry.
struct Manifest<'a> {
    file: File<'a>,
    main: Range<usize>,
    sections: HashMap<String, Claim>,
}

struct Claim {
    range: Range<usize>,
    /// Number of the section.
    position: usize,
}

impl<'a> Manifest<'a> {
    fn read(archive: &Archive<'_>, file: File<'a>) -> Result<Self, SignatureError> {
        let mut all = Sections::of(file.content);
        let main = all.next().map_or(0..0, |section| section.range);
        let mut sections = HashMap::new();
        for (position, section) in all.enumerate() {
            let name = name_of(&section, file)?;
            if archive.entry(&name).is_none() {
                return Err(file.reject(
                    "section",
                    section.range.start,
                    Problem::NotA("about an entry of the package"),
                ));
            }
            let claim = Claim { range: section.range.clone(), position };
            if sections.insert(name, claim).is_some() {
                return Err(file.reject("section", section.range.start, Problem::Duplicate));
            }
        }
        Ok(Self { file, main, sections })
    }

    fn section(&self, claim: &Claim) -> Section<'a> {
        Section::at(self.file.content, claim.range.clone())
    }

    fn bytes(&self, range: &Range<usize>) -> &'a [u8] {
        self.file.content.get(range.clone()).unwrap_or_default()
    }
}

fn name_of(section: &Section<'_>, file: File<'_>) -> Result<String, SignatureError> {
    let name = section.name().and_then(|name| String::from_utf8(name.into_owned()).ok());
    name.ok_or_else(|| file.reject("name of section", section.range.start, Problem::Missing))
}

/// One signer whose signature over its signature file holds, and that over the manifest.
struct Signer {
    certificates: Vec<Certificate>,
    /// For each of the manifest's sections, whether the signer signed it.
    signed: Vec<bool>,
}

fn signers(
    archive: &Archive<'_>,
    manifest: &Manifest<'_>,
    min_sdk: u32,
    higher: &[Scheme],
) -> Result<Vec<Signer>, SignatureError> {
    let mut signers = Vec::new();
    for block in archive.entries().iter().filter(|entry| is_block(&entry.name)) {
        // Devices pass over signatures of nothing.
        let stem = block.name.rsplit_once('.').map_or("", |(stem, _)| stem);
        let name = format!("{stem}.SF");
        if archive.entry(&name).is_none() {
            continue;
        }
        if signers.len() >= MAX_SIGNERS {
            let problem = Problem::TooMany(u64::try_from(MAX_SIGNERS).unwrap_or(u64::MAX));
            return Err(File { name: &block.name, content: &[] }.reject("signer", 0, problem));
        }
        let text = read(archive, &name, MAX_TEXT)?;
        let signature = read(archive, &block.name, MAX_BLOCK)?;
        let signed = check_signature_file(File { name: &name, content: &text }, manifest, min_sdk, higher)?;
        let certificates = signed_data::check(File { name: &block.name, content: &signature }, &text, min_sdk)?;
        signers.push(Signer { certificates, signed });
    }
    if signers.is_empty() {
        return Err(manifest.file.reject("signature", 0, Problem::Missing));
    }
    Ok(signers)
}

/// Checks a signature file against the manifest and says which of its sections it covers.
fn check_signature_file(
    file: File<'_>,
    manifest: &Manifest<'_>,
    min_sdk: u32,
    higher: &[Scheme],
) -> Result<Vec<bool>, SignatureError> {
    let mut sections = Sections::of(file.content);
    let main = sections.next().filter(|main| main.attribute("Signature-Version").is_some());
    let main = main.ok_or_else(|| file.reject("signature version", 0, Problem::Missing))?;
    if main.attribute("Created-By").is_some_and(|tool| tool.contains("signtool")) {
        return Err(file.reject("tool", main.range.start, Problem::NotA("one whose signature files are read here")));
    }
    check_stripping(&main, file, higher)?;
    let holds = |digests: &[Expected], bytes| digests.iter().all(|one| one.holds(bytes));
    let whole = expected(&main, "-Digest-Manifest", min_sdk, file)?;
    let whole = !whole.is_empty() && holds(&whole, manifest.file.content);
    let main_attributes = expected(&main, "-Digest-Manifest-Main-Attributes", min_sdk, file)?;
    if !holds(&main_attributes, manifest.bytes(&manifest.main)) {
        return Err(file.reject("digest of the manifest's main section", main.range.start, Problem::ContentsChanged));
    }
    let mut signed = vec![false; manifest.sections.len()];
    for section in sections {
        let start = section.range.start;
        let Some(claim) = manifest.sections.get(&name_of(&section, file)?) else {
            return Err(file.reject("section", start, Problem::NotA("about a section of the manifest")));
        };
        if !whole {
            let digests = expected(&section, "-Digest", min_sdk, file)?;
            if digests.is_empty() || !holds(&digests, manifest.bytes(&claim.range)) {
                return Err(file.reject("digest of a section", start, Problem::ContentsChanged));
            }
        }
        if signed.get_mut(claim.position).is_some_and(|signed| std::mem::replace(signed, true)) {
            return Err(file.reject("section", start, Problem::Duplicate));
        }
    }
    Ok(signed)
}

/// Refuses a package that has lost a signature which this file says was there.
fn check_stripping(main: &Section<'_>, file: File<'_>, higher: &[Scheme]) -> Result<(), SignatureError> {
    let named = main.attribute(APK_SIGNED).unwrap_or_default();
    for (number, scheme) in [(2, Scheme::V2), (3, Scheme::V3)] {
        let is_named = named.split(',').any(|one| one.trim().parse() == Ok(number));
        if is_named && !higher.contains(&scheme) {
            return Err(file.reject("stripping protection", main.range.start, Problem::Stripped(number)));
        }
    }
    Ok(())
}

/// The signers, by position, that cover all entries: devices want the same ones for each.
fn covering(
    archive: &Archive<'_>,
    manifest: &Manifest<'_>,
    signers: &[Signer],
    cover: Cover,
) -> Result<Vec<usize>, SignatureError> {
    let mut all: Option<Vec<usize>> = None;
    for entry in archive.entries().iter().filter(|entry| cover.must_be_signed(&entry.name)) {
        let unsigned = |problem| SignatureError::File { name: entry.name.clone(), field: "entry", offset: 0, problem };
        let claim = manifest.sections.get(&entry.name).ok_or_else(|| unsigned(Problem::NotA("in the manifest")))?;
        let covers = |signer: &Signer| signer.signed.get(claim.position).copied().unwrap_or_default();
        let found: Vec<usize> =
            signers.iter().enumerate().filter(|(_, signer)| covers(signer)).map(|(position, _)| position).collect();
        if found.is_empty() {
            return Err(unsigned(Problem::NotA("signed")));
        }
        if all.get_or_insert_with(|| found.clone()) != &found {
            return Err(unsigned(Problem::Disagrees("the signers of the other entries")));
        }
    }
    all.ok_or_else(|| manifest.file.reject("entries", 0, Problem::Empty))
}

fn check_contents(
    archive: &Archive<'_>,
    manifest: &Manifest<'_>,
    min_sdk: u32,
    cover: Cover,
    advance: Advance<'_>,
) -> Result<(), SignatureError> {
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let check = |entry: &Entry| match manifest.sections.get(&entry.name).filter(|_| cover.must_be_signed(&entry.name)) {
        Some(claim) => check_content(archive, entry, &manifest.section(claim), manifest.file, min_sdk, advance),
        None => archive.check_content(entry, advance).map_err(SignatureError::Content),
    };
    archive.map_entries(threads, &check).map(drop)
}

fn check_content(
    archive: &Archive<'_>,
    entry: &Entry,
    section: &Section<'_>,
    manifest: File<'_>,
    min_sdk: u32,
    advance: Advance<'_>,
) -> Result<(), SignatureError> {
    let digests = expected(section, "-Digest", min_sdk, manifest)?;
    if digests.is_empty() {
        return Err(manifest.reject("digest", section.range.start, Problem::Missing));
    }
    let mut contexts: Vec<_> = digests.iter().map(|one| Context::new(one.algorithm)).collect();
    let mut reader = archive.open(entry);
    while let Some(piece) = reader.next_piece().map_err(SignatureError::Content)? {
        contexts.iter_mut().for_each(|context| context.update(piece));
        if !advance(u64::try_from(piece.len()).unwrap_or(u64::MAX)) {
            return Err(SignatureError::Content(zip::Error::Stopped));
        }
    }
    let right = contexts.into_iter().zip(&digests).all(|(context, one)| context.finish().as_ref() == one.digest);
    if right { Ok(()) } else { Err(manifest.reject("digest", section.range.start, Problem::ContentsChanged)) }
}
