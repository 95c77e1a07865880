//! Every signature of an app, with everything that it seals.

use std::collections::BTreeMap;
use std::ops::Range;

use aws_lc_rs::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY, SHA256};
use formats::macho::{self, Binary};
use formats::parallel;
use formats::plist::Dictionary;
use formats::source::{Part, Source as _};
use formats::zip::{Entry, EntrySource};
use signing::code::resources::{self, Content};
use signing::code::{self, Sealed, Verified};
use signing::ios::ProvisioningProfile;

use super::bundles::{App, Bundle, PROFILE, SEAL};
use super::entitlements;
use crate::error::of_archive;
use crate::{Check, Error, Expected};

/// Bytes that tell code.
const HEAD: usize = 8;

/// Longest signature that is read, in bytes; those of the largest executables have some ten megabytes.
const LONGEST_SIGNATURE: u64 = 64 << 20;
/// A file of the app.
#[derive(Clone, Debug)]
pub(crate) struct File {
    content: Content,
    is_code: bool,
}

/// What a program asks for, by the folder of its bundle.
pub(crate) type Programs = BTreeMap<String, Dictionary>;

/// Unpacks every entry; the files of the app with their digests.
pub(crate) fn digests(
    app: &App<'_>,
    threads: usize,
    advance: &(dyn Fn(u64) -> bool + Sync),
) -> Result<BTreeMap<String, File>, Error> {
    let found = app.archive.map_entries(threads, &|entry| digest(app, entry, advance))?;
    let entries = app.archive.entries().iter().zip(found);
    let files = entries.filter(|(entry, _)| app.has(&entry.name) && !entry.is_folder());
    Ok(files.map(|(entry, file)| (entry.name.clone(), file)).collect())
}

fn digest(app: &App<'_>, entry: &Entry, advance: &(dyn Fn(u64) -> bool + Sync)) -> Result<File, Error> {
    let failed = |error| of_archive(Check::Contents, error);
    let (mut sha1, mut sha256) = (Context::new(&SHA1_FOR_LEGACY_USE_ONLY), Context::new(&SHA256));
    let mut head = Vec::new();
    let mut reader = app.archive.open(entry);
    while let Some(piece) = reader.next_piece().map_err(failed)? {
        // A piece can have as little as one byte.
        head.extend(piece.iter().take(HEAD.saturating_sub(head.len())));
        sha1.update(piece);
        sha256.update(piece);
        if !advance(piece.len() as u64) {
            return Err(Error::Stopped);
        }
    }
    let is_link = entry.is_symbolic_link();
    let content = match is_link {
        true => Content::Link(String::from_utf8_lossy(&app.read_entry(&entry.name)?).into_owned()),
        false => Content::File { sha1: array(sha1.finish().as_ref()), sha256: array(sha256.finish().as_ref()) },
    };
    Ok(File { content, is_code: macho::is_macho(&head) && !is_watch_stub(&entry.name) && !is_link })
}

/// Whether an entry is Apple's own executable for the watch, which keeps Apple's signature.
pub(super) fn is_watch_stub(entry: &str) -> bool {
    entry.contains("/_WatchKitStub/")
}

fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    bytes.try_into().unwrap_or([0; N])
}

/// Checks every signature, each bundle's list of files, and what the programs ask for.
pub(crate) fn check(
    before: &App<'_>,
    app: &App<'_>,
    files: &BTreeMap<String, File>,
    expected: &Expected<'_>,
    threads: usize,
    advance: &(dyn Fn(u64) -> bool + Sync),
) -> Result<Programs, Error> {
    let code: Vec<&str> = files.iter().filter(|(_, file)| file.is_code).map(|(name, _)| name.as_str()).collect();
    let checked = parallel::map(&code, threads, &|entry| check_code(app, entry, expected, advance))?;
    for bundle in &app.bundles {
        check_files(app, bundle, files)?;
        if bundle.is_program {
            check_profile(app, bundle, expected)?;
        }
    }
    let profile = expected.profile.map(ProvisioningProfile::parse).transpose();
    let profile = profile.map_err(|error| Check::Signatures.failed(error.to_string()))?;
    let programs = app.programs().map(|bundle| {
        let found = code.iter().zip(&checked).find(|(entry, _)| **entry == bundle.executable);
        let entitlements = found.and_then(|(_, entitlements)| entitlements.clone()).unwrap_or_default();
        entitlements::check(before, bundle, &entitlements, profile.as_ref(), expected.policy)?;
        Ok((bundle.path.clone(), entitlements))
    });
    programs.collect()
}

/// For people.
pub(crate) fn describe(programs: &Programs, expected: &Expected<'_>) -> String {
    let by = match expected.certificate_sha256 {
        Some(certificate) => format!("certificate {certificate}"),
        None => "ad hoc, as asked for".to_owned(),
    };
    format!("{} programs with everything within them, {by}", programs.len())
}

/// The entitlements of code, which is signed by whom it has to be, in each of its slices in the same way.
fn check_code(
    app: &App<'_>,
    entry: &str,
    expected: &Expected<'_>,
    advance: &(dyn Fn(u64) -> bool + Sync),
) -> Result<Option<Dictionary>, Error> {
    let Some(place) = app.archive.entry(entry) else { return Ok(None) };
    let source = EntrySource::new(app.archive, place);
    let binary = Binary::read(&source).map_err(|error| refused_code(entry, error))?;
    if binary.slices.iter().any(|slice| !slice.kind.is_signed()) {
        return Ok(None);
    }
    // Its name has no folder in it, so that no other bundle has the same one.
    let bundle = app.bundles.iter().find(|bundle| bundle.executable == entry);
    let (info_plist, code_resources) = match bundle {
        Some(bundle) => {
            (Some(app.read_entry(&bundle.entry("Info.plist"))?), Some(app.read_entry(&bundle.entry(SEAL))?))
        }
        None => (None, None),
    };
    let sealed = Sealed { info_plist: info_plist.as_deref(), code_resources: code_resources.as_deref() };
    let mut asked = Vec::new();
    for slice in &binary.slices {
        let Some(place) = &slice.signature else {
            return failed(entry, format!("its slice for {} is not signed", slice.cpu));
        };
        let signature = read_range(&source, place)?;
        let code = Part::new(&source, slice.range.start..place.start);
        let verified = code::verify(&code, &signature, sealed, advance).map_err(|error| refused(entry, error))?;
        check_signer(entry, bundle, &verified, expected)?;
        asked.push(verified.entitlements);
    }
    let entitlements = asked.pop().flatten();
    match asked.iter().all(|other| *other == entitlements) {
        true => Ok(entitlements),
        false => failed(entry, "its slices ask for different entitlements".to_owned()),
    }
}

/// A signature lies within the binary, and is as long at most.
pub(super) fn read_range(source: &EntrySource<'_>, range: &Range<u64>) -> Result<Vec<u8>, Error> {
    let mut bytes = vec![0; (range.end - range.start).min(LONGEST_SIGNATURE) as usize];
    source.read_at(range.start, &mut bytes).map_err(Error::Source)?;
    Ok(bytes)
}

fn check_signer(
    entry: &str,
    bundle: Option<&Bundle>,
    verified: &Verified,
    expected: &Expected<'_>,
) -> Result<(), Error> {
    if let Some(bundle) = bundle.filter(|bundle| bundle.identifier != verified.identifier) {
        return failed(entry, format!("it is signed as {:?}, not as {:?}", verified.identifier, bundle.identifier));
    }
    let signer = verified.certificates.first().map(|certificate| certificate.sha256());
    match (expected.certificate_sha256, signer.as_deref()) {
        (None, None) if verified.is_ad_hoc => Ok(()),
        (None, _) => failed(entry, "it is signed by a key, and should not be".to_owned()),
        (Some(wanted), Some(found)) if wanted == found => Ok(()),
        (Some(wanted), _) => failed(entry, format!("it is not signed with the certificate {wanted}")),
    }
}

fn check_files(app: &App<'_>, bundle: &Bundle, files: &BTreeMap<String, File>) -> Result<(), Error> {
    let within = files.range(bundle.entry("")..).map_while(|(entry, file)| Some((bundle.path_of(entry)?, file)));
    let within = within.map(|(path, file)| (path.to_owned(), file.content.clone())).collect();
    let executable = bundle.path_of(&bundle.executable).unwrap_or_default();
    let seal = app.read_entry(&bundle.entry(SEAL))?;
    resources::check(&seal, executable, &within).map_err(|error| refused(&bundle.path, error))
}

/// A program runs under the profile of its signer.
fn check_profile(app: &App<'_>, bundle: &Bundle, expected: &Expected<'_>) -> Result<(), Error> {
    let Some(profile) = expected.profile else { return Ok(()) };
    match app.read_entry(&bundle.entry(PROFILE))? == profile {
        true => Ok(()),
        false => failed(&bundle.path, "it has another provisioning profile".to_owned()),
    }
}

pub(super) fn failed<T>(entry: &str, reason: String) -> Result<T, Error> {
    Err(Check::Signatures.failed(format!("{}: {reason}", entry.escape_debug())))
}

pub(super) fn refused(entry: &str, error: code::Error) -> Error {
    match error {
        code::Error::Read { source, .. } => Error::Source(source),
        code::Error::Stopped => Error::Stopped,
        error => Check::Signatures.failed(format!("{}: {error}", entry.escape_debug())),
    }
}

pub(super) fn refused_code(entry: &str, error: macho::Error) -> Error {
    match error {
        macho::Error::Io(error) => Error::Source(error),
        error => Check::Signatures.failed(format!("{}: {error}", entry.escape_debug())),
    }
}
