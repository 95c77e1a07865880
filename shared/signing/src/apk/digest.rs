//! The digest of a package's contents: every section but the signing block, in chunks of 1 MiB.
//!
//! Both ways of getting at it hash on all cores and hold a few chunks: [`ContentDigester`] is fed while a package is
//! written, `digest_sections` reads one that exists.

mod chunks;

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use aws_lc_rs::digest::Context;
use formats::source::Source;
use formats::zip;

use self::chunks::{Digests, digest_chunks};
use super::algorithm::{DigestKind, SignatureAlgorithm};
use super::error::{SignatureError, SigningError};
use super::verify::Advance;
use crate::Signer;

/// Chunk size that schemes v2 and v3 fix.
const CHUNK: usize = 1 << 20;
/// Chunks that all threads together hold while a package is read.
const IN_MEMORY: usize = 32;
/// Bytes that are collected before they are digested together.
const PENDING: usize = 16 * CHUNK;
/// Position of the central directory's offset in the end record.
const END_OFFSET_FIELD: Range<usize> = 16..20;
/// Length of the end record without its comment.
const END_FIXED: usize = 22;

/// Digests of a package's contents, one per hash function asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentDigests(Vec<(DigestKind, Vec<u8>)>);

impl ContentDigests {
    /// The digest by this hash function, where it was asked for.
    pub fn of(&self, kind: DigestKind) -> Option<&[u8]> {
        self.0.iter().find(|(found, _)| *found == kind).map(|(_, digest)| digest.as_slice())
    }
}

/// Takes a package's entries as they are written and digests them.
pub struct ContentDigester {
    kind: DigestKind,
    pending: Vec<u8>,
    /// The digests of the chunks before those.
    chunks: Digests,
    bytes: u64,
}

impl ContentDigester {
    /// A digester for the hash function that goes with the signer's key.
    pub fn for_signer(signer: &Signer) -> Self {
        let kind = SignatureAlgorithm::for_key(signer.key()).digest();
        Self { kind, pending: Vec::new(), chunks: Vec::new(), bytes: 0 }
    }

    /// Takes the next bytes of the first section: everything in front of the signing block, in any portions.
    pub fn update(&mut self, mut bytes: &[u8]) {
        self.bytes = self.bytes.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        while !bytes.is_empty() {
            let room = PENDING.saturating_sub(self.pending.len()).min(bytes.len());
            let (now, later) = bytes.split_at(room);
            self.pending.extend_from_slice(now);
            bytes = later;
            if self.pending.len() >= PENDING {
                self.hash_pending();
            }
        }
    }

    /// Bytes taken so far: the offset at which the signing block is going to stand.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Digests the rest of the package: its central directory and the end record with its comment.
    ///
    /// The scheme takes the end record as if the central directory stood where the signing block stands, so whatever
    /// offset the record holds is replaced here.
    pub fn finish(mut self, central_directory: &[u8], end_record: &[u8]) -> Result<ContentDigests, SigningError> {
        let end_record = with_directory_at(end_record, self.bytes)?;
        self.hash_pending();
        for section in [central_directory, &end_record] {
            self.update(section);
            self.hash_pending();
        }
        Ok(ContentDigests(vec![(self.kind, combine(self.kind, &self.chunks))]))
    }

    fn hash_pending(&mut self) {
        let pending: Vec<&[u8]> = self.pending.chunks(CHUNK).collect();
        let share = pending.len().div_ceil(threads()).max(chunks::at_once(self.kind));
        let kind = self.kind;
        thread::scope(|scope| {
            let shares: Vec<_> =
                pending.chunks(share).map(|share| scope.spawn(move || digest_chunks(kind, share))).collect();
            for share in shares {
                self.chunks.extend(share.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            }
        });
        self.pending.clear();
    }
}

impl std::fmt::Debug for ContentDigester {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ContentDigester").field("kind", &self.kind).field("bytes", &self.bytes).finish_non_exhaustive()
    }
}

/// The end record with another offset of the central directory.
pub(super) fn with_directory_at(end_record: &[u8], offset: u64) -> Result<Vec<u8>, SigningError> {
    let offset = u32::try_from(offset).map_err(|_| SigningError::TooLarge)?;
    let mut record = end_record.to_vec();
    if record.len() < END_FIXED {
        return Err(SigningError::EndRecord);
    }
    record.get_mut(END_OFFSET_FIELD).ok_or(SigningError::EndRecord)?.copy_from_slice(&offset.to_le_bytes());
    Ok(record)
}

/// Reads the sections in place and digests them, followed by `end_record` as it is given.
pub(super) fn digest_sections<S: Source + ?Sized>(
    source: &S,
    sections: &[Range<u64>],
    end_record: &[u8],
    kinds: &[DigestKind],
    advance: Advance<'_>,
) -> Result<ContentDigests, SignatureError> {
    let digest = |kind: &DigestKind| {
        let mut chunks = read_and_digest(source, sections, *kind, advance)?;
        chunks.extend(digest_chunks(*kind, &end_record.chunks(CHUNK).collect::<Vec<_>>()));
        Ok((*kind, combine(*kind, &chunks)))
    };
    kinds.iter().map(digest).collect::<Result<_, _>>().map(ContentDigests)
}

/// The digests of the sections' chunks.
fn read_and_digest<S: Source + ?Sized>(
    source: &S,
    sections: &[Range<u64>],
    kind: DigestKind,
    advance: Advance<'_>,
) -> Result<Digests, SignatureError> {
    let threads = threads();
    let step = u64::try_from(IN_MEMORY.div_ceil(threads).saturating_mul(CHUNK)).unwrap_or(u64::MAX);
    let pieces: Vec<Range<u64>> = sections.iter().flat_map(|section| split(section.clone(), step)).collect();
    let next = AtomicUsize::new(0);
    let work = || -> Result<Vec<(usize, Digests)>, SignatureError> {
        let mut done = Vec::new();
        let mut bytes = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(piece) = pieces.get(index) else { return Ok(done) };
            read(source, piece, &mut bytes)?;
            done.push((index, digest_chunks(kind, &bytes.chunks(CHUNK).collect::<Vec<_>>())));
            if !advance(piece.end.saturating_sub(piece.start)) {
                return Err(SignatureError::Content(zip::Error::Stopped));
            }
        }
    };
    let mut digests = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers.into_iter().try_fold(Vec::new(), |mut all, worker| {
            all.extend(worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?);
            Ok(all)
        })
    })?;
    digests.sort_unstable_by_key(|(index, _)| *index);
    Ok(digests.into_iter().flat_map(|(_, digests)| digests).collect())
}

fn read<S: Source + ?Sized>(source: &S, piece: &Range<u64>, into: &mut Vec<u8>) -> Result<(), SignatureError> {
    into.resize(usize::try_from(piece.end.saturating_sub(piece.start)).unwrap_or_default(), 0);
    source.read_at(piece.start, into).map_err(|source| SignatureError::Read { offset: piece.start, source })
}

fn split(section: Range<u64>, step: u64) -> impl Iterator<Item = Range<u64>> {
    let mut start = section.start;
    std::iter::from_fn(move || {
        let end = start.saturating_add(step).min(section.end);
        let piece = (start < end).then_some(start..end);
        start = end;
        piece
    })
}

/// The digest of the chunks' digests.
fn combine(kind: DigestKind, chunks: &[Vec<u8>]) -> Vec<u8> {
    let count = u32::try_from(chunks.len()).unwrap_or(u32::MAX);
    let mut context = Context::new(kind.algorithm());
    context.update(&[0x5a]);
    context.update(&count.to_le_bytes());
    chunks.iter().for_each(|chunk| context.update(chunk));
    context.finish().as_ref().to_vec()
}

/// Enough to keep the cores busy, few enough that each has many chunks at once.
fn threads() -> usize {
    thread::available_parallelism().map_or(1, |cores| cores.get().min(8))
}
