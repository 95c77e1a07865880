//! The input: is it a sound APK, what does it say about itself, who had signed it.

use std::thread;

use domain::phase::Phase;
use formats::axml::Document;
use formats::source::Source;
use formats::zip::{Archive, Entry};
use signing::Certificate;
use signing::apk::SignatureError;

use crate::manifest::{self, Facts};
use crate::observe::{Observer, Watch};
use crate::{Error, Plan, hashing, kind};

/// Name of the manifest's entry.
pub(crate) const MANIFEST: &str = "AndroidManifest.xml";
/// Name of the resource table's entry.
pub(crate) const RESOURCES: &str = "resources.arsc";
/// The first API level whose devices read signature scheme v2.
const LOWEST_MIN_SDK: u32 = 24;
/// From this target on devices refuse a resource table that is compressed or not aligned.
const RESOURCES_STORED_FROM: u32 = 30;

/// A checked input.
pub(crate) struct Input<'a> {
    pub(crate) archive: Archive<'a>,
    pub(crate) sha256: String,
    /// The manifest's bytes as they are in the package.
    pub(crate) manifest: Vec<u8>,
    pub(crate) document: Document,
    pub(crate) facts: Facts,
    /// Certificates in the signing block, not checked; `None` where the block cannot be understood.
    pub(crate) previous_signers: Option<Vec<Certificate>>,
}

impl<'a> Input<'a> {
    /// Reads and checks the whole package: structure, kind, manifest, then every entry's content and the file's digest.
    pub(crate) fn inspect(
        source: &'a dyn Source,
        plan: &Plan<'_>,
        threads: usize,
        observer: &dyn Observer,
    ) -> Result<Self, Error> {
        Watch::start(observer, Phase::Inspecting, source.len())?;
        let archive = Archive::read(source, &plan.limits).map_err(Error::structure)?;
        kind::require_apk(&archive, plan)?;
        plan.require_implemented()?;

        let manifest = archive.read_entry(MANIFEST, plan.limits.document_bytes).map_err(Error::content)?;
        kind::require_binary_xml(&manifest, plan)?;
        let document = Document::parse(&manifest, &plan.limits).map_err(manifest::Error::from)?;
        let facts = manifest::inspect(&document)?;
        require_supported(&facts)?;
        let previous_signers = previous_signers(source, &archive)?;
        let sha256 = check(source, &archive, threads, observer)?;
        Ok(Self { archive, sha256, manifest, document, facts, previous_signers })
    }

    /// Whether an entry has to be unpacked in the output although it is compressed here.
    pub(crate) fn must_be_stored(&self, entry: &Entry) -> bool {
        entry.name == RESOURCES && self.facts.target_sdk.is_at_least(RESOURCES_STORED_FROM)
    }
}

fn require_supported(facts: &Facts) -> Result<(), Error> {
    if let Some(split) = &facts.split {
        return Err(Error::Split { split: split.clone() });
    }
    if !facts.min_sdk.is_at_least(LOWEST_MIN_SDK) {
        return Err(Error::MinSdk { min_sdk: facts.min_sdk.clone(), lowest: LOWEST_MIN_SDK });
    }
    Ok(())
}

/// Unpacks every entry on all cores but one, which takes the digest of the file meanwhile.
fn check(source: &dyn Source, archive: &Archive<'_>, threads: usize, observer: &dyn Observer) -> Result<String, Error> {
    let total = source.len().saturating_add(archive.unpacked_size());
    let watch = Watch::start(observer, Phase::Inspecting, total)?;
    let advance = |bytes| watch.advance(bytes);
    let (contents, digest) = thread::scope(|scope| {
        let digest = scope.spawn(|| hashing::sha256(source, &advance));
        let contents = archive.check_contents(threads.saturating_sub(1).max(1), &advance);
        (contents, hashing::join(digest))
    });
    watch.go_on()?;
    contents.map_err(Error::content)?;
    digest.map_err(Error::Source)
}

/// The certificates claimed in the input's signing block. A block that cannot be understood is no reason to refuse the package, since it
/// is not kept: the report says that there was one.
fn previous_signers(source: &dyn Source, archive: &Archive<'_>) -> Result<Option<Vec<Certificate>>, Error> {
    match signing::apk::claimed_certificates(source, archive.directory_offset()) {
        Ok(certificates) => Ok(Some(certificates)),
        Err(SignatureError::Read { source, .. }) => Err(Error::Source(source)),
        Err(_) => Ok(None),
    }
}
