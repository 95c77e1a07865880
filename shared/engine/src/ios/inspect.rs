//! The input: which code and which files an app has, and whether it can be protected at all.

use std::collections::BTreeMap;

use aws_lc_rs::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY, SHA256};
use domain::phase::Phase;
use formats::macho::{self, Binary};
use formats::plist::Value;
use formats::source::Source as _;
use formats::zip::{self, Archive, Entry, EntrySource};
use serde::Serialize;

use crate::ios::bundles::{self, Bundle, BundleKind, INFO};
use crate::ios::{runnable, tree};
use crate::observe::{Observer, Watch};
use crate::{Error, Plan};

/// Apple's own executable for the watch, which keeps Apple's signature.
const WATCH_STUB: &str = "/_WatchKitStub/";

/// Bytes that tell code.
const HEAD: u64 = 8;
/// Longest path that systems resolve, in bytes.
const LONGEST_TARGET: u64 = 1024;

/// What an `Info.plist` and the executable say about the app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct IosFacts {
    /// `CFBundleIdentifier`.
    pub bundle_id: String,
    /// `CFBundleShortVersionString`.
    pub version: Option<String>,
    /// `CFBundleVersion`.
    pub build: Option<String>,
    /// `MinimumOSVersion`.
    pub minimum_os: Option<String>,
    /// Of the app's own executable, such as `arm64`.
    pub architectures: Vec<String>,
}

/// Digests of a file of the app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Digests {
    pub(crate) sha1: [u8; 20],
    pub(crate) sha256: [u8; 32],
}

impl Digests {
    pub(crate) fn of(content: &[u8]) -> Self {
        let mut digester = Digester::new();
        digester.update(content);
        digester.finish()
    }
}

/// What seals a file of the app.
#[derive(Clone, Debug)]
pub(crate) enum Sealed {
    File(Digests),
    /// A symbolic link, with what it points at.
    Link(String),
}

impl Sealed {
    pub(crate) const fn digests(&self) -> Option<&Digests> {
        match self {
            Self::File(digests) => Some(digests),
            Self::Link(_) => None,
        }
    }
}

/// Takes both digests of a file at once.
pub(crate) struct Digester {
    sha1: Context,
    sha256: Context,
}

impl Digester {
    pub(crate) fn new() -> Self {
        Self { sha1: Context::new(&SHA1_FOR_LEGACY_USE_ONLY), sha256: Context::new(&SHA256) }
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.sha1.update(bytes);
        self.sha256.update(bytes);
    }

    pub(crate) fn finish(self) -> Digests {
        let (mut sha1, mut sha256) = ([0; 20], [0; 32]);
        sha1.copy_from_slice(self.sha1.finish().as_ref());
        sha256.copy_from_slice(self.sha256.finish().as_ref());
        Digests { sha1, sha256 }
    }
}

/// A checked input.
pub(crate) struct Input<'a> {
    pub(crate) archive: Archive<'a>,
    /// The app's bundles; the app itself is the last, those within another come before it.
    pub(crate) bundles: Vec<Bundle>,
    /// Frameworks without their code.
    pub(crate) hollow: Vec<String>,
    /// The app's files that are no code.
    pub(crate) files: BTreeMap<String, Sealed>,
    /// Those of the files that are code which devices do not load, such as object files: nobody signs it.
    pub(crate) unsigned: Vec<String>,
    /// The app's code, by entry.
    pub(crate) code: BTreeMap<String, Binary>,
    pub(crate) facts: IosFacts,
    /// Whether it was built for the simulator.
    pub(crate) is_for_simulator: bool,
}

/// What an entry is.
enum Found {
    /// Nothing that is sealed: a folder, or what does not belong to the app.
    Other,
    File(Sealed),
    /// Code of a kind that nobody signs.
    Unsigned(Sealed),
    /// Its content is checked when it is signed.
    Code(Binary),
}

impl<'a> Input<'a> {
    /// Reads the whole package: bundles, files, code.
    pub(crate) fn inspect(
        archive: Archive<'a>,
        plan: &Plan<'_>,
        threads: usize,
        observer: &dyn Observer,
    ) -> Result<Self, Error> {
        let root = bundles::app_folder(&archive, plan.file_name)?;
        let watch = Watch::start(observer, Phase::Inspecting, archive.unpacked_size())?;
        tree::refuse_links(&archive)?;
        let bundles::Found { mut bundles, hollow } = bundles::find(&archive, &root, &plan.limits, &watch)?;
        tree::require_files(&archive, &bundles, plan.ios_key().is_some())?;
        let found = archive.map_entries(threads, &|entry| look_at(&archive, entry, &root, &watch));
        watch.go_on()?;
        let (mut files, mut unsigned, mut code) = (BTreeMap::new(), Vec::new(), BTreeMap::new());
        for (entry, found) in archive.entries().iter().zip(found?) {
            match found {
                Found::Other => {}
                Found::File(sealed) => drop(files.insert(entry.name.clone(), sealed)),
                Found::Unsigned(sealed) => {
                    unsigned.push(entry.name.clone());
                    files.insert(entry.name.clone(), sealed);
                }
                Found::Code(binary) => drop(code.insert(entry.name.clone(), binary)),
            }
        }
        // What else a folder of resources calls its executable is a file like the others there.
        bundles.retain(|bundle| bundle.kind != BundleKind::PlugIn || code.contains_key(&bundle.executable));
        let is_for_simulator = runnable::require(&bundles, &code, plan)?;
        let facts = facts(&archive, &root, &code, plan)?;
        Ok(Self { archive, bundles, hollow, files, unsigned, code, facts, is_for_simulator })
    }
}

fn look_at(archive: &Archive<'_>, entry: &Entry, root: &str, watch: &Watch<'_>) -> Result<Found, Error> {
    let belongs = entry.name.strip_prefix(root).is_some_and(|rest| rest.starts_with('/')) && !entry.is_folder();
    if belongs && entry.is_symbolic_link() {
        return read_link(archive, entry).map(Found::File);
    }
    let is_code = belongs && !entry.name.contains(WATCH_STUB) && macho::is_macho(&read_head(archive, entry)?);
    if is_code && let Some(binary) = read_code(archive, entry)? {
        return Ok(Found::Code(binary));
    }
    let mut digester = Digester::new();
    let mut reader = archive.open(entry);
    while let Some(piece) = reader.next_piece().map_err(Error::content)? {
        if belongs {
            digester.update(piece);
        }
        if !watch.advance(piece.len() as u64) {
            return Err(Error::content(zip::Error::Stopped));
        }
    }
    let sealed = Sealed::File(digester.finish());
    Ok(match (belongs, is_code) {
        (false, _) => Found::Other,
        (true, false) => Found::File(sealed),
        (true, true) => Found::Unsigned(sealed),
    })
}

/// The bytes that tell code.
fn read_head(archive: &Archive<'_>, entry: &Entry) -> Result<Vec<u8>, Error> {
    let mut head = vec![0; entry.size.min(HEAD) as usize];
    EntrySource::new(archive, entry).read_at(0, &mut head).map_err(Error::of_source)?;
    Ok(head)
}

fn read_link(archive: &Archive<'_>, entry: &Entry) -> Result<Sealed, Error> {
    let target = archive.read_entry(&entry.name, LONGEST_TARGET).map_err(Error::content)?;
    let wrong = || Error::WrongContent {
        entry: entry.name.clone(),
        expected: "a symbolic link to what lies beside it or deeper",
    };
    let target = String::from_utf8(target).map_err(|_| wrong())?;
    let leaves = target.starts_with('/') || target.split('/').any(|part| part == "..");
    if leaves { Err(wrong()) } else { Ok(Sealed::Link(target)) }
}

/// The code of an entry; `None` where it is of a kind that devices do not load, such as an object file.
fn read_code(archive: &Archive<'_>, entry: &Entry) -> Result<Option<Binary>, Error> {
    let binary = Binary::read(&EntrySource::new(archive, entry));
    let binary = binary.map_err(|error| Error::code_refused(&entry.name, error))?;
    Ok(binary.slices.iter().all(|slice| slice.kind.is_signed()).then_some(binary))
}

fn facts(
    archive: &Archive<'_>,
    root: &str,
    code: &BTreeMap<String, Binary>,
    plan: &Plan<'_>,
) -> Result<IosFacts, Error> {
    let info = bundles::read_info(archive, &format!("{root}/{INFO}"), &plan.limits)?;
    let text = |key: &str| info.get(key).and_then(Value::as_string).map(str::to_owned);
    let executable = text("CFBundleExecutable").and_then(|name| code.get(&format!("{root}/{name}")));
    let slices = executable.iter().flat_map(|binary| &binary.slices);
    Ok(IosFacts {
        bundle_id: text("CFBundleIdentifier").unwrap_or_default(),
        version: text("CFBundleShortVersionString"),
        build: text("CFBundleVersion"),
        minimum_os: text("MinimumOSVersion"),
        architectures: slices.map(|slice| slice.cpu.to_string()).collect(),
    })
}
