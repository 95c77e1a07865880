//! Signing from the inside out: what lies deepest first, each bundle after everything within it.

use std::collections::BTreeMap;
use std::io::{self, Write as _};

use formats::limits::Limits;
use formats::macho::{self, Binary, Layout, Remade, RemadeSlice, Remake};
use formats::parallel;
use formats::piece::Piece;
use formats::plist::Dictionary;
use formats::zip::{Archive, Entry, EntrySource, Splicer};
use signing::code::{By, Code, CodeResources, ExecSegment, PageHasher, sign, signature_length};
use signing::ios::IosIdentity;

use crate::Error;
use crate::ios::bundles::{Bundle, INFO, PROFILE, SEAL, depth};
use crate::ios::forward::Forward;
use crate::ios::inspect::{Digester, Digests, Input, Sealed};
use crate::observe::Watch;
use crate::outcome::Change;
use crate::rework::{Body, KEPT, pack_pieces};

/// Bytes that all lists of files may have together. That of an app with 65,000 files has some 20 MB.
const MOST_LISTED: usize = 128 << 20;
/// What is signed before the bytes that are held are counted again: not as many as there are threads, which must not decide how code is
/// packed.
const BATCH: usize = 16;

/// The new content of an entry.
#[derive(Debug)]
pub(crate) enum Content {
    Bytes(Vec<u8>),
    /// Code with a new signature, packed.
    Code(Body),
}

/// What signs, and what is sealed besides the files of the input.
pub(crate) struct Signing<'a> {
    pub(crate) input: &'a Input<'a>,
    /// Who signs, and when; nobody for a signature ad hoc.
    pub(crate) key: Option<(&'a IosIdentity, i64)>,
    /// New `Info.plist` files by entry.
    pub(crate) infos: BTreeMap<String, Vec<u8>>,
    /// What each program asks for, by its folder.
    pub(crate) entitlements: BTreeMap<String, Dictionary>,
    /// Whether symbols are taken out.
    pub(crate) strips: bool,
    pub(crate) limits: &'a Limits,
    pub(crate) watch: &'a Watch<'a>,
}

/// Everything that is new in the app.
#[derive(Debug, Default)]
pub(crate) struct Signed {
    /// New contents by entry.
    pub(crate) contents: BTreeMap<String, Content>,
    /// The symbols that were taken out.
    pub(crate) changes: Vec<Change>,
    /// Why they could not be taken out of some code.
    pub(crate) warnings: Vec<String>,
    /// Bytes of the lists of files, and of profiles.
    listed: usize,
    /// Bytes of packed code.
    held: usize,
}

impl Signed {
    /// Bundles within bundles list the same files over and over: what is held in memory has to end somewhere.
    fn add(&mut self, entry: String, content: Content) -> Result<(), Error> {
        match &content {
            Content::Bytes(bytes) => self.listed += bytes.len(),
            Content::Code(body) => self.held += body.held(),
        }
        self.contents.insert(entry, content);
        if self.listed > MOST_LISTED { Err(Error::TooMuchToList { limit: MOST_LISTED }) } else { Ok(()) }
    }
}

/// Something with a signature of its own.
#[derive(Clone, Copy)]
enum Item<'a> {
    Loose(&'a str),
    Bundle(&'a Bundle),
}

impl Item<'_> {
    fn path(&self) -> &str {
        match self {
            Self::Loose(entry) => entry,
            Self::Bundle(bundle) => &bundle.path,
        }
    }
}

/// What signing one thing made.
#[derive(Default)]
struct Made {
    /// Bytes of packed code that may be held in memory.
    kept: usize,
    contents: Vec<(String, Content, Digests)>,
    changes: Vec<Change>,
    warnings: Vec<String>,
}

impl Signing<'_> {
    /// Signs everything, on up to `threads` threads.
    pub(crate) fn run(mut self, threads: usize) -> Result<Signed, Error> {
        let mut signed = Signed::default();
        let mut files = self.input.files.clone();
        for (entry, content) in std::mem::take(&mut self.infos) {
            files.insert(entry.clone(), Sealed::File(Digests::of(&content)));
            signed.contents.insert(entry, Content::Bytes(content));
        }
        let levels: Vec<Vec<Item<'_>>> = self.levels().into_values().rev().collect();
        for batch in levels.iter().flat_map(|level| level.chunks(BATCH)) {
            let kept = if (signed.held as u64) < self.limits.held_bytes { KEPT } else { 0 };
            let made = parallel::map(batch, threads, &|item| match item {
                Item::Loose(entry) => self.sign_loose(entry, kept),
                Item::Bundle(bundle) => self.sign_bundle(bundle, &files, kept),
            })?;
            for Made { contents, changes, warnings, .. } in made {
                signed.changes.extend(changes);
                signed.warnings.extend(warnings);
                for (entry, content, digests) in contents {
                    files.insert(entry.clone(), Sealed::File(digests));
                    signed.add(entry, content)?;
                }
            }
        }
        Ok(signed)
    }

    /// What is signed, by how deep it lies. Nothing at one depth lies within something else there.
    fn levels(&self) -> BTreeMap<usize, Vec<Item<'_>>> {
        let bundles = &self.input.bundles;
        let of_bundle = |entry: &str| bundles.iter().any(|bundle| bundle.executable == entry);
        let loose = self.input.code.keys().filter(|entry| !of_bundle(entry)).map(|entry| Item::Loose(entry));
        let mut levels: BTreeMap<usize, Vec<Item<'_>>> = BTreeMap::new();
        for item in loose.chain(bundles.iter().map(Item::Bundle)) {
            levels.entry(depth(item.path())).or_default().push(item);
        }
        levels
    }

    /// Code that belongs to no bundle is called as its file without the extension, as codesign does it.
    fn sign_loose(&self, entry: &str, kept: usize) -> Result<Made, Error> {
        let file = entry.rsplit('/').next().unwrap_or(entry);
        let identifier = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
        let seals = Seals { identifier, entitlements: None, info_plist: None, code_resources: None };
        let mut made = Made { kept, ..Made::default() };
        self.sign_code(entry, &seals, &mut made)?;
        Ok(made)
    }

    fn sign_bundle(&self, bundle: &Bundle, files: &BTreeMap<String, Sealed>, kept: usize) -> Result<Made, Error> {
        let mut made = Made { kept, ..Made::default() };
        let executable = bundle.path_of(&bundle.executable).unwrap_or_default();
        let mut resources = CodeResources::new(executable);
        let refused = |cause| Error::CodeSignature { entry: bundle.executable.clone(), cause };
        let profile = bundle.entry(PROFILE);
        let own_profile = self.key.filter(|_| bundle.is_program()).map(|(identity, _)| identity.profile().bytes());
        if let Some(bytes) = own_profile {
            let digests = Digests::of(bytes);
            resources.add(PROFILE, digests.sha1, digests.sha256).map_err(refused)?;
            made.contents.push((profile.clone(), Content::Bytes(bytes.to_vec()), digests));
        }
        for (entry, sealed) in files.range(bundle.entry("")..) {
            let Some(path) = bundle.path_of(entry) else { break };
            match sealed {
                Sealed::File(_) if own_profile.is_some() && *entry == profile => {}
                Sealed::File(digests) => resources.add(path, digests.sha1, digests.sha256).map_err(refused)?,
                Sealed::Link(target) => resources.add_link(path, target).map_err(refused)?,
            }
        }
        let seal = resources.to_xml();
        let digests = Digests::of(&seal);
        made.contents.push((bundle.entry(SEAL), Content::Bytes(seal), digests));
        let info_plist = files.get(&bundle.entry(INFO)).and_then(Sealed::digests).map(|digests| &digests.sha256);
        let seals = Seals {
            identifier: &bundle.identifier,
            entitlements: self.entitlements.get(&bundle.path),
            info_plist,
            code_resources: Some(&digests.sha256),
        };
        self.sign_code(&bundle.executable, &seals, &mut made)?;
        Ok(made)
    }

    fn sign_code(&self, entry: &str, seals: &Seals<'_>, made: &mut Made) -> Result<(), Error> {
        let archive = &self.input.archive;
        // Both stand there: the code was found in the archive.
        let (Some(binary), Some(place)) = (self.input.code.get(entry), archive.entry(entry)) else { return Ok(()) };
        let remade = self.remake(place, binary, made)?;
        let codes: Vec<Code<'_>> = remade.slices.iter().map(|slice| self.code(slice, seals)).collect();
        let by = self.by();
        let refused = |cause| Error::CodeSignature { entry: entry.to_owned(), cause };
        let lengths = codes.iter().map(|code| signature_length(code, &by)).collect::<Result<Vec<_>, _>>();
        let layout = remade.layout(&lengths.map_err(refused)?).map_err(|error| Error::code_refused(entry, error))?;
        let mut packing = Packing::plan(archive, place, &layout, made.kept).map_err(Error::of_source)?;
        let mut forward = Forward::new(archive, place, self.watch);
        for (placed, code) in layout.slices.into_iter().zip(&codes) {
            let mut pages = PageHasher::new(code.code_limit);
            forward.emit(&placed.lead, &mut |bytes| packing.take(bytes))?;
            forward.emit(&placed.code, &mut |bytes| {
                packing.take(bytes);
                pages.update(bytes);
            })?;
            let signature = sign(code, &pages.finish(), &by).map_err(refused)?.bytes;
            packing.take(&signature);
            packing.pieces.extend(placed.lead.into_iter().chain(placed.code));
            packing.pieces.push(Piece::Bytes(signature));
        }
        forward.finish()?;
        let (body, digests) = packing.finish(archive, place)?;
        made.contents.push((entry.to_owned(), Content::Code(body), digests));
        Ok(())
    }

    /// The code without its old signature, and without symbols where that is wanted. Code that cannot be stripped without a guess
    /// keeps them, with a warning.
    fn remake(&self, place: &Entry, binary: &Binary, made: &mut Made) -> Result<Remade, Error> {
        let source = EntrySource::new(&self.input.archive, place);
        let refused = |error| Error::code_refused(&place.name, error);
        let whole = || macho::remake(&source, binary, Remake { strip: false }, self.limits).map_err(refused);
        if !self.strips {
            return whole();
        }
        match macho::remake(&source, binary, Remake { strip: true }, self.limits) {
            Ok(remade) => {
                let change = |removed: &macho::Removed| {
                    Change::removed(&place.name, format!("{} ({})", removed.what, removed.cpu), removed.count)
                };
                made.changes.extend(remade.removed.iter().map(change));
                Ok(remade)
            }
            Err(macho::Error::Io(error)) => Err(Error::of_source(error)),
            Err(reason) => {
                made.warnings.push(format!("{} keeps its symbols: {reason}", place.name.escape_debug()));
                whole()
            }
        }
    }

    fn code<'c>(&'c self, slice: &RemadeSlice, seals: &Seals<'c>) -> Code<'c> {
        let executable =
            ExecSegment { base: slice.executable.start, limit: slice.executable.end, is_main: slice.is_main };
        Code {
            identifier: seals.identifier,
            team_id: self.key.map(|(identity, _)| identity.profile().team_id()),
            entitlements: seals.entitlements,
            info_plist: seals.info_plist,
            code_resources: seals.code_resources,
            executable,
            code_limit: slice.code_limit,
        }
    }

    fn by(&self) -> By<'_> {
        match self.key {
            Some((identity, signing_time)) => By::Key { signer: identity.signer(), signing_time },
            None => By::AdHoc,
        }
    }
}

/// New code on its way into the package: digested, and packed from the packed bytes of the old where that is possible.
struct Packing {
    digester: Digester,
    splicer: Option<Splicer>,
    /// The first failure of the splicer, which takes whatever it was planned for.
    failure: Option<io::Error>,
    pieces: Vec<Piece>,
    /// Packed bytes that may be held in memory.
    kept: usize,
}

impl Packing {
    fn plan(archive: &Archive<'_>, place: &Entry, layout: &Layout, kept: usize) -> io::Result<Self> {
        let mut pieces = Vec::new();
        for placed in &layout.slices {
            pieces.extend(placed.lead.iter().chain(&placed.code).cloned());
            pieces.push(Piece::Zeros(placed.signature.end - placed.signature.start));
        }
        let splicer = if kept > 0 { Splicer::plan(archive, place, &pieces, kept as u64)? } else { None };
        Ok(Self { digester: Digester::new(), splicer, failure: None, pieces: Vec::new(), kept })
    }

    fn take(&mut self, bytes: &[u8]) {
        self.digester.update(bytes);
        if let Some(Err(error)) = self.splicer.as_mut().map(|splicer| splicer.write_all(bytes)) {
            self.failure.get_or_insert(error);
        }
    }

    fn finish(self, archive: &Archive<'_>, place: &Entry) -> Result<(Body, Digests), Error> {
        let digests = self.digester.finish();
        if let Some(error) = self.failure {
            return Err(Error::of_source(error));
        }
        let body = match self.splicer {
            Some(splicer) => Body::Reused(splicer.finish().map_err(Error::of_source)?),
            None => pack_pieces(archive, place, self.pieces, None, self.kept)?.0,
        };
        Ok((body, digests))
    }
}

/// What a signature seals beside the code.
struct Seals<'a> {
    identifier: &'a str,
    entitlements: Option<&'a Dictionary>,
    info_plist: Option<&'a [u8; 32]>,
    code_resources: Option<&'a [u8; 32]>,
}
