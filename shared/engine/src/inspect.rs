//! The input: is it a sound APK, what does it say about itself, who had signed it.

use std::collections::BTreeMap;

use domain::file_name::FileName;
use domain::phase::Phase;
use formats::axml::Document;
use formats::limits::Limits;
use formats::source::Source;
use formats::zip::{self, Archive, Entry};
use signing::apk::{DigestKind, Hasher, v1};

use crate::manifest::{self, Facts};
use crate::observe::{Observer, Watch};
use crate::signature::{Previous, Signature};
use crate::{Error, Plan, controls, kind};

/// Name of the manifest's entry.
pub(crate) const MANIFEST: &str = "AndroidManifest.xml";
/// Name of the resource table's entry.
pub(crate) const RESOURCES: &str = "resources.arsc";
/// From this target on devices refuse a resource table that is compressed or not aligned.
const RESOURCES_STORED_FROM: u32 = 30;

/// A checked input.
pub(crate) struct Input<'a> {
    pub(crate) archive: Archive<'a>,
    /// The manifest's bytes as they are in the package.
    pub(crate) manifest: Vec<u8>,
    pub(crate) document: Document,
    pub(crate) facts: Facts,
    /// Who had signed it.
    pub(crate) previous: Previous,
    /// Who is going to sign the output.
    pub(crate) signature: Option<Signature<'a>>,
    /// Digests of the entries' contents by name, where scheme v1 asks for them.
    digests: BTreeMap<String, Vec<u8>>,
}

impl<'a> Input<'a> {
    /// Reads and checks the whole package: manifest, then every entry's content.
    pub(crate) fn inspect(
        source: &'a dyn Source,
        archive: Archive<'a>,
        plan: &Plan<'a>,
        threads: usize,
        observer: &dyn Observer,
    ) -> Result<Self, Error> {
        let (manifest, document) = read_manifest(&archive, plan.file_name, &plan.limits)?;
        let facts = manifest::inspect(&document)?;
        require_supported(&facts)?;
        let previous = Previous::read(source, &archive)?;
        let signature = Signature::plan(plan, facts.min_sdk_number(), &previous)?;
        let digest = signature.as_ref().and_then(|signature| signature.entry_digest);
        let digests = check(&archive, digest, threads, observer)?;
        Ok(Self { archive, manifest, document, facts, previous, signature, digests })
    }

    /// Name and digest of an entry that is copied under `name`, where scheme v1 asks for one.
    pub(crate) fn digest_of(&self, entry: &Entry, name: &str) -> Option<(String, Vec<u8>)> {
        self.digests.get(&entry.name).map(|digest| (name.to_owned(), digest.clone()))
    }

    /// The resource table's bytes, where a control of the plan may look at them; empty for an app without resources.
    pub(crate) fn read_resources(&self, plan: &Plan<'_>) -> Result<Vec<u8>, Error> {
        let wanted = plan.policy.controls.iter().any(|control| controls::reads_resources(*control));
        if !wanted || self.archive.entry(RESOURCES).is_none() {
            return Ok(Vec::new());
        }
        self.archive.read_entry(RESOURCES, plan.limits.table_bytes).map_err(Error::content)
    }

    /// Whether an entry has to stand in the output as it is, although it may be compressed here.
    pub(crate) fn must_be_stored(&self, entry: &Entry, edited: bool) -> bool {
        entry.name == RESOURCES && (edited || self.facts.target_sdk.is_at_least(RESOURCES_STORED_FROM))
    }
}

/// The manifest's bytes and what they say.
pub(crate) fn read_manifest(
    archive: &Archive<'_>,
    file_name: &FileName,
    limits: &Limits,
) -> Result<(Vec<u8>, Document), Error> {
    let manifest = archive.read_entry(MANIFEST, limits.document_bytes).map_err(Error::content)?;
    kind::require_binary_xml(&manifest, file_name)?;
    let document = Document::parse(&manifest, limits).map_err(manifest::Error::from)?;
    Ok((manifest, document))
}

fn require_supported(facts: &Facts) -> Result<(), Error> {
    match &facts.split {
        Some(split) => Err(Error::Split { split: split.clone() }),
        None => Ok(()),
    }
}

/// The names under which devices look for code, as far as they are there: `classes.dex`, `classes2.dex` and so on without a gap.
pub(crate) fn dex_names(archive: &Archive<'_>) -> Vec<String> {
    let name = |number| if number == 1 { "classes.dex".to_owned() } else { format!("classes{number}.dex") };
    (1_u32..).map(name).take_while(|name| archive.entry(name).is_some()).collect()
}

/// Unpacks every entry on all cores; returns the digests that scheme v1 asks for, by name.
fn check(
    archive: &Archive<'_>,
    digest: Option<DigestKind>,
    threads: usize,
    observer: &dyn Observer,
) -> Result<BTreeMap<String, Vec<u8>>, Error> {
    let watch = Watch::start(observer, Phase::Inspecting, archive.unpacked_size())?;
    let advance = |bytes| watch.advance(bytes);
    let code = dex_names(archive);
    let contents = archive.map_entries(threads, &|entry: &Entry| {
        let part = Part::of(entry, &code);
        look_at(archive, entry, part, digest, &advance)
    });
    watch.go_on()?;
    let names = archive.entries().iter().map(|entry| entry.name.clone());
    Ok(names.zip(contents?).filter_map(|(name, digest)| Some((name, digest?))).collect())
}

/// What an entry has to be for a device to run the app.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Code,
    Resources,
    Other,
}

impl Part {
    /// The longest beginning that is looked at.
    const HEAD: usize = 36;

    fn of(entry: &Entry, code: &[String]) -> Self {
        if entry.name == RESOURCES {
            Self::Resources
        } else if code.contains(&entry.name) {
            Self::Code
        } else {
            Self::Other
        }
    }

    /// Whether a content of `size` bytes that begins with `head` can be it: the type and the length that stand there.
    fn fits(self, head: &[u8], size: u64) -> bool {
        let length = |at: usize| {
            let bytes = head.get(at..at + 4).and_then(|bytes| bytes.try_into().ok());
            bytes.map(u32::from_le_bytes).is_some_and(|length| u64::from(length) <= size)
        };
        match self {
            Self::Code => head.starts_with(b"dex\n") && length(32),
            Self::Resources => head.starts_with(&[2, 0, 12, 0]) && length(4),
            Self::Other => true,
        }
    }
}

/// Unpacks an entry, compares length and CRC-32, and looks at its beginning.
fn look_at(
    archive: &Archive<'_>,
    entry: &Entry,
    part: Part,
    digest: Option<DigestKind>,
    advance: &dyn Fn(u64) -> bool,
) -> Result<Option<Vec<u8>>, Error> {
    let mut hasher = digest.filter(|_| v1::is_digested(&entry.name)).map(DigestKind::hasher);
    let mut head = Vec::new();
    let mut reader = archive.open(entry);
    while let Some(piece) = reader.next_piece().map_err(Error::content)? {
        if part != Part::Other && head.len() < Part::HEAD {
            head.extend_from_slice(&piece[..piece.len().min(Part::HEAD)]);
        }
        if let Some(hasher) = &mut hasher {
            hasher.update(piece);
        }
        if !advance(piece.len() as u64) {
            return Err(Error::content(zip::Error::Stopped));
        }
    }
    if !part.fits(&head, entry.size) {
        let expected = if part == Part::Code { "a DEX file" } else { "a resource table" };
        return Err(Error::WrongContent { entry: entry.name.clone(), expected });
    }
    Ok(hasher.map(Hasher::finish))
}
