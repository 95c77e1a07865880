//! The output: entries laid out and copied, digests taken while they are written, the signing block, the directory.

use std::io::Write;
use std::sync::mpsc::Receiver;
use std::thread::{self, ScopedJoinHandle};
use std::time::Instant;

use domain::phase::Phase;
use formats::zip::{self, Entry, Method, Tail, Writer};
use signing::Signer;
use signing::apk::{ContentDigester, Schemes, sign_block};

use crate::hashing::{self, Output, Piece};
use crate::inspect::{Input, MANIFEST};
use crate::observe::{Observer, Watch};
use crate::{Error, Plan};

/// The schemes that a signed output carries.
pub(crate) const SCHEMES: Schemes = Schemes { v1: false, v2: true, v3: true };

/// What was written.
pub(crate) struct Package {
    pub(crate) size: u64,
    pub(crate) sha256: String,
    /// When the entries were complete and signing began.
    pub(crate) signing_began: Instant,
}

/// Writes the output. `manifest` stands in the place of the input's, where it was edited.
pub(crate) fn write(
    input: &Input<'_>,
    manifest: Option<&[u8]>,
    plan: &Plan<'_>,
    sink: &mut dyn Write,
    observer: &dyn Observer,
) -> Result<Package, Error> {
    let watch = Watch::start(observer, Phase::Packaging, input.archive.directory_offset())?;
    thread::scope(|scope| {
        let (queue, pieces) = hashing::queue();
        let digest = scope.spawn(move || hashing::sha256_of(pieces));
        let mut output = Output::new(sink, &watch, vec![queue]);
        let signature = plan.signer.map(|signer| {
            let pieces = output.add_digest();
            Signature { signer, digester: scope.spawn(move || digest_entries(signer, pieces)) }
        });
        let written = write_all(input, manifest, signature, &mut output, observer);
        let signing_began = written.map_err(|error| output.explain(error))?;
        let size = output.written();
        drop(output);
        Ok(Package { size, sha256: hashing::join(digest), signing_began })
    })
}

/// A signature in the making: the digests of the entries are taken on a thread of their own.
struct Signature<'scope, 'a> {
    signer: &'a Signer,
    digester: ScopedJoinHandle<'scope, ContentDigester>,
}

fn write_all(
    input: &Input<'_>,
    manifest: Option<&[u8]>,
    signature: Option<Signature<'_, '_>>,
    output: &mut Output<'_>,
    observer: &dyn Observer,
) -> Result<Instant, Error> {
    let tail = write_entries(input, manifest, output).map_err(|error| match error {
        error @ zip::Error::Limit { .. } => Error::Layout(error),
        error => Error::content(error),
    })?;
    let signing_began = Instant::now();
    let block = match signature {
        Some(signature) => {
            output.end_digest().map_err(Error::Sink)?;
            sign(input, signature, &tail, observer)?
        }
        None => Vec::new(),
    };
    let directory_offset = tail.entries_end + block.len() as u64;
    let end = tail.end(directory_offset).map_err(Error::Layout)?;
    for part in [block.as_slice(), tail.directory(), &end] {
        output.write_all(part).map_err(Error::Sink)?;
    }
    output.flush().map_err(Error::Sink)?;
    Ok(signing_began)
}

fn digest_entries(signer: &Signer, pieces: Receiver<Piece>) -> ContentDigester {
    let mut digester = ContentDigester::for_signer(signer);
    pieces.into_iter().for_each(|piece| digester.update(&piece));
    digester
}

/// The signing block. Every device from API 28 on reads v3, older ones v2, so both are always made.
fn sign(
    input: &Input<'_>,
    signature: Signature<'_, '_>,
    tail: &Tail,
    observer: &dyn Observer,
) -> Result<Vec<u8>, Error> {
    let digester = hashing::join(signature.digester);
    Watch::start(observer, Phase::Signing, tail.entries_end)?;
    let end = tail.end(tail.entries_end).map_err(Error::Layout)?;
    let digests = digester.finish(tail.directory(), &end).map_err(Error::Signing)?;
    // A platform under development is later than every number.
    let min_sdk = input.facts.min_sdk.api().unwrap_or(u32::MAX);
    sign_block(&digests, signature.signer, SCHEMES, min_sdk).map_err(Error::Signing)
}

fn write_entries(input: &Input<'_>, manifest: Option<&[u8]>, output: &mut Output<'_>) -> Result<Tail, zip::Error> {
    let archive = &input.archive;
    let mut writer = Writer::new(output);
    for entry in archive.entries().iter().filter(|entry| !is_signature_file(&entry.name)) {
        match manifest {
            Some(content) if entry.name == MANIFEST => {
                writer.add(&entry.name, entry.method, entry.attributes, content)?;
            }
            _ if input.must_be_stored(entry) => writer.copy_stored(archive, entry, &entry.name)?,
            _ => writer.copy(archive, entry)?,
        }
    }
    let (_, tail) = writer.finish(archive.comment())?;
    Ok(tail)
}

/// Files of JAR signatures, which only hold for the package they came with, and the digest of a source stamp's certificate, whose
/// signature stands in the signing block that is not kept.
pub(crate) fn is_signature_file(name: &str) -> bool {
    if name == "stamp-cert-sha256" {
        return true;
    }
    let upper = name.to_ascii_uppercase();
    let Some(file) = upper.strip_prefix("META-INF/").filter(|file| !file.contains('/')) else { return false };
    file == "MANIFEST.MF" || [".SF", ".RSA", ".DSA", ".EC"].iter().any(|extension| file.ends_with(extension))
}

/// Whether the output's entry is packed in another way than the input's.
pub(crate) fn is_stored_anew(input: &Input<'_>, entry: &Entry) -> bool {
    input.must_be_stored(entry) && entry.method != Method::Stored
}
