//! The output: entries prepared on all cores and written in order, digests taken while they are written, the signatures, the directory.

use std::io::Write;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::thread::{self, ScopedJoinHandle};
use std::time::Instant;

use domain::phase::Phase;
use formats::zip::{self, Method, Tail, Writer};
use signing::Signer;
use signing::apk::{ContentDigester, DigestKind, sign_block, v1};

use crate::edits::{Content, Edits, Item};
use crate::inspect::Input;
use crate::observe::{Observer, Watch};
use crate::outcome::Change;
use crate::output::Output;
use crate::pipeline::{self, Results, Task};
use crate::rework::{self, Body, Prepared, Rework};
use crate::signature::Signature;
use crate::{Error, Plan};

/// What was written.
pub(crate) struct Package {
    pub(crate) size: u64,
    /// When the entries were complete and signing began.
    pub(crate) signing_began: Instant,
    /// What was changed in entries while they were packed.
    pub(crate) changes: Vec<Change>,
    /// What could not be changed there.
    pub(crate) warnings: Vec<String>,
}

/// Writes the output.
pub(crate) fn write(
    input: &Input<'_>,
    edits: &Edits,
    plan: &Plan<'_>,
    sink: &mut dyn Write,
    observer: &dyn Observer,
) -> Result<Package, Error> {
    let watch = Watch::start(observer, Phase::Packaging, input.archive.directory_offset())?;
    thread::scope(|scope| {
        let mut output = Output::new(sink, &watch);
        let in_block = |signature: &&Signature<'_>| signature.schemes.v2 || signature.schemes.v3;
        let digester = input.signature.as_ref().filter(in_block).map(|signature| {
            let (signer, pieces) = (signature.signer, output.begin_digest());
            scope.spawn(move || digest_entries(signer, pieces))
        });
        let packing = Packing { input, edits, plan, observer };
        let written = packing.write_all(digester, &mut output);
        let written = written.map_err(|error| output.explain(error))?;
        let Written { signing_began, changes, warnings } = written;
        Ok(Package { size: output.written(), signing_began, changes, warnings })
    })
}

/// The digest of the entries in the making, on a thread of its own.
type Digester<'scope> = ScopedJoinHandle<'scope, ContentDigester>;

struct Packing<'a> {
    input: &'a Input<'a>,
    edits: &'a Edits,
    plan: &'a Plan<'a>,
    observer: &'a dyn Observer,
}

struct Written {
    signing_began: Instant,
    changes: Vec<Change>,
    warnings: Vec<String>,
}

impl Packing<'_> {
    fn write_all(&self, digester: Option<Digester<'_>>, output: &mut Output<'_>) -> Result<Written, Error> {
        let mut entries = Entries {
            writer: Writer::new(&mut *output),
            digests: Vec::new(),
            changes: Vec::new(),
            warnings: Vec::new(),
        };
        self.write_entries(&mut entries)?;
        let signing_began = Instant::now();
        if let Some(signature) = self.input.signature.as_ref().filter(|signature| signature.schemes.v1) {
            if digester.is_none() {
                Watch::start(self.observer, Phase::Signing, 0)?;
            }
            entries.sign_v1(signature)?;
        }
        let Entries { writer, changes, warnings, .. } = entries;
        let (_, tail) = writer.finish(self.input.archive.comment()).map_err(Error::Layout)?;
        let block = match (&self.input.signature, digester) {
            (Some(signature), Some(digester)) => {
                output.end_digest().map_err(Error::Sink)?;
                self.sign(signature, digester, &tail)?
            }
            _ => Vec::new(),
        };
        let end = tail.end(tail.entries_end + block.len() as u64).map_err(Error::Layout)?;
        for part in [block.as_slice(), tail.directory(), &end] {
            output.write_all(part).map_err(Error::Sink)?;
        }
        output.flush().map_err(Error::Sink)?;
        Ok(Written { signing_began, changes, warnings })
    }

    fn write_entries(&self, entries: &mut Entries<'_, '_>) -> Result<(), Error> {
        let input = self.input;
        let items = self.edits.items(&input.archive, |entry, edited| input.must_be_stored(entry, edited));
        let task = |(position, item)| rework::cost(item).map(|cost| Task { position, cost });
        let tasks: Vec<Task> = items.iter().enumerate().filter_map(task).collect();
        let digest = input.signature.as_ref().and_then(|signature| signature.entry_digest);
        let names = self.edits.new_names();
        let rework = Rework { archive: &input.archive, limits: &self.plan.limits, digest, names };
        let threads = thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let work = |position: usize| rework.prepare(&items[position]);
        pipeline::run(&tasks, threads, work, |results: &Results<'_, _>| {
            let mut tasks = tasks.iter().peekable();
            for (position, item) in items.iter().enumerate() {
                match tasks.next_if(|task| task.position == position) {
                    None => entries.write_as_is(input, item, digest)?,
                    Some(task) => {
                        let prepared = results.take(position).ok_or(Error::Cancelled)??;
                        entries.write_prepared(input, item, prepared)?;
                        results.release(*task);
                    }
                }
            }
            Ok(())
        })
    }

    /// The signing block.
    fn sign(&self, signature: &Signature<'_>, digester: Digester<'_>, tail: &Tail) -> Result<Vec<u8>, Error> {
        let digester = digester.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        Watch::start(self.observer, Phase::Signing, tail.entries_end)?;
        let end = tail.end(tail.entries_end).map_err(Error::Layout)?;
        let digests = digester.finish(tail.directory(), &end).map_err(Error::Signing)?;
        let Signature { signer, schemes, min_sdk, lineage, .. } = signature;
        sign_block(&digests, signer, *schemes, *min_sdk, lineage.as_ref()).map_err(Error::Signing)
    }
}

fn digest_entries(signer: &Signer, pieces: Receiver<Arc<Vec<u8>>>) -> ContentDigester {
    let mut digester = ContentDigester::for_signer(signer);
    pieces.into_iter().for_each(|piece| digester.update(&piece));
    digester
}

/// The entries as they are written, and what is learnt about them on the way.
struct Entries<'o, 's> {
    writer: Writer<&'o mut Output<'s>>,
    /// Names and digests for scheme v1.
    digests: Vec<(String, Vec<u8>)>,
    changes: Vec<Change>,
    warnings: Vec<String>,
}

impl Entries<'_, '_> {
    /// Writes an item that needs no preparation.
    fn write_as_is(&mut self, input: &Input<'_>, item: &Item<'_>, digest: Option<DigestKind>) -> Result<(), Error> {
        let written = match item.content {
            Content::Unpack(entry) => self.writer.copy_stored(&input.archive, entry, item.name),
            Content::Copy(entry)
            | Content::StripDex(entry)
            | Content::StripLibrary(entry)
            | Content::RenameReferences(entry) => self.writer.copy_as(&input.archive, entry, item.name),
            Content::New(_, content) => {
                self.digests.extend(digest.map(|kind| (item.name.to_owned(), kind.digest(content))));
                self.writer.add(item.name, Method::Stored, item.attributes, content)
            }
        };
        self.digests.extend(item.original().and_then(|entry| input.digest_of(entry, item.name)));
        written.map_err(of_writing)
    }

    /// Writes an item that a thread has made ready.
    fn write_prepared(&mut self, input: &Input<'_>, item: &Item<'_>, prepared: Prepared) -> Result<(), Error> {
        let Prepared { body, digest, changes, warnings } = prepared;
        self.changes.extend(changes);
        self.warnings.extend(warnings);
        self.digests.extend(digest.map(|digest| (item.name.to_owned(), digest)));
        match (body, item.original()) {
            (Body::Packed(packed), _) => {
                self.writer.add_packed(item.name, item.attributes, &packed).map_err(of_writing)
            }
            (body @ (Body::Spliced(_) | Body::Reused(_)), Some(entry)) => {
                body.write(&mut self.writer, &input.archive, item.name, entry).map(drop).map_err(of_writing)
            }
            (Body::Unchanged | Body::Spliced(_) | Body::Reused(_), _) => self.write_as_is(input, item, None),
        }
    }

    /// Adds the files of scheme v1.
    fn sign_v1(&mut self, signature: &Signature<'_>) -> Result<(), Error> {
        let digests = self.digests.iter().map(|(name, digest)| (name.as_str(), digest.as_slice()));
        let Signature { signer, schemes, min_sdk, .. } = signature;
        for (name, content) in v1::sign(digests, signer, *min_sdk, *schemes).map_err(Error::Signing)? {
            let attributes = zip::Attributes::default();
            self.writer.add(&name, Method::Deflated, attributes, &content).map_err(of_writing)?;
        }
        Ok(())
    }
}

/// What does not fit into the format is the layout's fault, the rest the content's.
pub(crate) fn of_writing(error: zip::Error) -> Error {
    match error {
        error @ zip::Error::Limit { .. } => Error::Layout(error),
        error => Error::content(error),
    }
}

/// Files of JAR signatures, which only hold for the package they came with, and the digest of a source stamp's certificate, whose
/// signature stands in the signing block that is not kept.
pub(crate) fn is_signature_file(name: &str) -> bool {
    name == "stamp-cert-sha256" || v1::is_signature_file(name)
}
