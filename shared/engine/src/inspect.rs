//! The input: is it a sound package of an Android app, what does it say about itself, who had signed it.

use std::collections::{BTreeMap, BTreeSet};

use domain::file_name::FileName;
use domain::phase::Phase;
use formats::axml::Document;
use formats::axml::tree::Element;
use formats::limits::Limits;
use formats::proto::xml;
use formats::source::Source;
use formats::zip::{self, Archive, Entry};
use signing::apk::{DigestKind, Hasher, v1};

use crate::bundle::Bundle;
use crate::error::BundlePart;
use crate::kind::Kind;
use crate::manifest::{self, Facts};
use crate::module::Module;
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
    /// The manifest of the app itself.
    pub(crate) base: Manifest,
    /// Those of a bundle's other modules.
    pub(crate) features: Vec<Manifest>,
    /// What an app bundle says beside its modules.
    pub(crate) bundle: Option<Bundle>,
    /// What the app's manifest says.
    pub(crate) facts: Facts,
    /// Who had signed it.
    pub(crate) previous: Previous,
    /// Who is going to sign the output.
    pub(crate) signature: Option<Signature<'a>>,
    /// Digests of the entries' contents by name, where scheme v1 asks for them.
    digests: BTreeMap<String, Vec<u8>>,
}

/// The bytes of each module's resource table; empty for a module without resources.
#[derive(Debug)]
pub(crate) struct Tables {
    pub(crate) base: Vec<u8>,
    pub(crate) features: Vec<Vec<u8>>,
}

/// The manifest of a module.
#[derive(Clone, Debug)]
pub(crate) struct Manifest {
    pub(crate) module: Module,
    /// Its bytes as they are in the package.
    pub(crate) bytes: Vec<u8>,
    pub(crate) document: Document,
}

impl<'a> Input<'a> {
    /// Reads and checks the whole package: manifests, then every entry's content.
    pub(crate) fn inspect(
        source: &'a dyn Source,
        archive: Archive<'a>,
        kind: Kind,
        plan: &Plan<'a>,
        threads: usize,
        observer: &dyn Observer,
    ) -> Result<Self, Error> {
        let (bundle, base, features) = match kind {
            Kind::Aab => {
                let bundle = Bundle::read(&archive, &plan.limits)?;
                let (base, features) = read_manifests(&archive, &bundle, plan.file_name, &plan.limits)?;
                (Some(bundle), base, features)
            }
            _ => (None, read_manifest(&archive, plan.file_name, &plan.limits)?, Vec::new()),
        };
        let (facts, form) = (manifest::inspect(&base.document)?, base.module.form());
        require_supported(&facts)?;
        let previous = Previous::read(source, &archive, form)?;
        let signature = Signature::plan(plan, form, facts.min_sdk_number(), &previous)?;
        let digest = signature.as_ref().and_then(|signature| signature.entry_digest);
        let manifests = std::iter::once(&base).chain(&features);
        let code = manifests.flat_map(|manifest| manifest.module.dex_names(&archive)).collect();
        let digests = check(&archive, &code, digest, threads, observer)?;
        Ok(Self { archive, base, features, bundle, facts, previous, signature, digests })
    }

    /// Name and digest of an entry that is copied under `name`, where scheme v1 asks for one.
    pub(crate) fn digest_of(&self, entry: &Entry, name: &str) -> Option<(String, Vec<u8>)> {
        self.digests.get(&entry.name).map(|digest| (name.to_owned(), digest.clone()))
    }

    /// The bytes of each module's resource table, where a control of the plan may look at them; empty for a module without resources.
    /// They are held in memory, so that all together may be as long as one.
    pub(crate) fn read_resources(&self, plan: &Plan<'_>) -> Result<Tables, Error> {
        let wanted = plan.policy.controls.iter().any(|control| controls::reads_resources(*control));
        let mut room = plan.limits.table_bytes;
        let mut read = |manifest: &Manifest| -> Result<Vec<u8>, Error> {
            let name = manifest.module.table();
            if !wanted || self.archive.entry(&name).is_none() {
                return Ok(Vec::new());
            }
            let bytes = self.archive.read_entry(&name, room).map_err(Error::content)?;
            room -= bytes.len() as u64;
            Ok(bytes)
        };
        let base = read(&self.base)?;
        Ok(Tables { base, features: self.features.iter().map(read).collect::<Result<_, _>>()? })
    }

    /// Whether an entry has to stand in the output as it is, although it may be compressed here.
    pub(crate) fn must_be_stored(&self, entry: &Entry, edited: bool) -> bool {
        self.bundle.is_none()
            && entry.name == RESOURCES
            && (edited || self.facts.target_sdk.is_at_least(RESOURCES_STORED_FROM))
    }
}

/// The manifest of an APK.
pub(crate) fn read_manifest(archive: &Archive<'_>, file_name: &FileName, limits: &Limits) -> Result<Manifest, Error> {
    let bytes = archive.read_entry(MANIFEST, limits.document_bytes).map_err(Error::content)?;
    kind::require_binary_xml(&bytes, file_name)?;
    let document = Document::parse(&bytes, limits).map_err(manifest::Error::from)?;
    Ok(Manifest { module: Module::apk(), bytes, document })
}

/// Modules of a bundle. Large apps have some dozens.
const MOST_MODULES: u64 = 256;
const NO_BASE: &str = "it has no manifest in base/manifest, where that of the app stands";

/// The manifests of a bundle: that of the app, and those of the other modules. They are held in memory, so that all together may be as long
/// as one and say as much.
pub(crate) fn read_manifests(
    archive: &Archive<'_>,
    bundle: &Bundle,
    file_name: &FileName,
    limits: &Limits,
) -> Result<(Manifest, Vec<Manifest>), Error> {
    if let Some(reason) = bundle.is_no_app() {
        return Err(Error::NoApp { file_name: file_name.as_str().to_owned(), reason });
    }
    let mut room = *limits;
    let mut read = |module: Module| -> Result<Manifest, Error> {
        let entry = module.manifest();
        let bytes = archive.read_entry(&entry, room.document_bytes).map_err(Error::content)?;
        let refused = |error| Error::of_document(BundlePart::Manifest, &entry, error);
        let tree = xml::read(&bytes, &room).map_err(|error| refused(error.into()))?;
        let document = Document::of_tree(&tree).map_err(|error| refused(error.into()))?;
        room.document_bytes -= bytes.len() as u64;
        room.values = room.values.saturating_sub(nodes(&tree));
        Ok(Manifest { module, bytes, document })
    };
    let modules = Module::of_bundle(archive);
    let found = modules.len() as u64;
    if found > MOST_MODULES {
        return Err(Error::TooLarge(zip::Error::Limit { what: "number of modules", found, limit: MOST_MODULES }));
    }
    let mut modules = modules.into_iter();
    let base = modules.next().filter(Module::is_base).ok_or_else(|| kind::unknown(file_name, NO_BASE))?;
    Ok((read(base)?, modules.map(read).collect::<Result<_, _>>()?))
}

/// Nodes and attributes of an element, and of all in it.
fn nodes(element: &Element) -> u64 {
    let children = element.children.len() + element.attributes.len();
    1 + children as u64 + element.elements().map(nodes).sum::<u64>()
}

fn require_supported(facts: &Facts) -> Result<(), Error> {
    match &facts.split {
        Some(split) => Err(Error::Split { split: split.clone() }),
        None => Ok(()),
    }
}

/// Unpacks every entry on all cores; returns the digests that scheme v1 asks for, by name.
fn check(
    archive: &Archive<'_>,
    code: &BTreeSet<String>,
    digest: Option<DigestKind>,
    threads: usize,
    observer: &dyn Observer,
) -> Result<BTreeMap<String, Vec<u8>>, Error> {
    let watch = Watch::start(observer, Phase::Inspecting, archive.unpacked_size())?;
    let advance = |bytes| watch.advance(bytes);
    let contents = archive.map_entries(threads, &|entry: &Entry| {
        let part = Part::of(entry, code);
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

    fn of(entry: &Entry, code: &BTreeSet<String>) -> Self {
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
