//! The digest of a package's contents: every section but the signing block, in chunks of 1 MiB.
//!
//! Both ways of getting at it hash on all cores and hold a few chunks: [`ContentDigester`] is fed while a package is
//! written, `digest_sections` reads one that exists.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use aws_lc_rs::digest::{Context, Digest};
use formats::source::Source;
use formats::zip;

use super::algorithm::{DigestKind, SignatureAlgorithm};
use super::error::{SignatureError, SigningError};
use super::verify::Advance;
use crate::Signer;

/// Chunk size that schemes v2 and v3 fix.
const CHUNK: usize = 1 << 20;
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
    kinds: Vec<DigestKind>,
    threads: usize,
    pending: Vec<u8>,
    chunks: Vec<ChunkDigests>,
    bytes: u64,
}

/// One chunk's digests, in the order of the kinds.
type ChunkDigests = Vec<Digest>;

impl ContentDigester {
    /// A digester for the hash function that goes with the signer's key.
    pub fn for_signer(signer: &Signer) -> Self {
        Self::new(vec![SignatureAlgorithm::for_key(signer.key()).digest()])
    }

    fn new(kinds: Vec<DigestKind>) -> Self {
        Self { kinds, threads: threads(), pending: Vec::new(), chunks: Vec::new(), bytes: 0 }
    }

    /// Takes the next bytes of the first section: everything in front of the signing block, in any portions.
    pub fn update(&mut self, mut bytes: &[u8]) {
        self.bytes = self.bytes.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        let batch = CHUNK.saturating_mul(self.threads);
        while !bytes.is_empty() {
            let room = batch.saturating_sub(self.pending.len()).min(bytes.len());
            let (now, later) = bytes.split_at(room);
            self.pending.extend_from_slice(now);
            bytes = later;
            if self.pending.len() >= batch {
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
        Ok(combine(&self.kinds, &self.chunks))
    }

    fn hash_pending(&mut self) {
        let kinds = &self.kinds;
        thread::scope(|scope| {
            let mut pieces = self.pending.chunks(CHUNK);
            let own = pieces.next();
            let others: Vec<_> = pieces.map(|piece| scope.spawn(move || digest_chunk(kinds, piece))).collect();
            self.chunks.extend(own.map(|piece| digest_chunk(kinds, piece)));
            for other in others {
                match other.join() {
                    Ok(digests) => self.chunks.push(digests),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
        });
        self.pending.clear();
    }
}

impl std::fmt::Debug for ContentDigester {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ContentDigester").field("kinds", &self.kinds).field("bytes", &self.bytes).finish()
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
    let step = u64::try_from(CHUNK).unwrap_or(u64::MAX);
    let chunks: Vec<Range<u64>> = sections.iter().flat_map(|section| split(section.clone(), step)).collect();
    let next = AtomicUsize::new(0);
    let work = || -> Result<Vec<(usize, ChunkDigests)>, SignatureError> {
        let mut done = Vec::new();
        let mut buffer = vec![0; CHUNK];
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(chunk) = chunks.get(index) else { return Ok(done) };
            done.push((index, read_chunk(source, chunk, &mut buffer, kinds)?));
            if !advance(chunk.end.saturating_sub(chunk.start)) {
                return Err(SignatureError::Content(zip::Error::Stopped));
            }
        }
    };
    let mut digests = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads()).map(|_| scope.spawn(work)).collect();
        workers.into_iter().try_fold(Vec::new(), |mut all, worker| {
            all.extend(worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?);
            Ok(all)
        })
    })?;
    digests.sort_unstable_by_key(|(index, _)| *index);
    let mut digests: Vec<ChunkDigests> = digests.into_iter().map(|(_, digests)| digests).collect();
    digests.extend(end_record.chunks(CHUNK).map(|chunk| digest_chunk(kinds, chunk)));
    Ok(combine(kinds, &digests))
}

fn read_chunk<S: Source + ?Sized>(
    source: &S,
    chunk: &Range<u64>,
    buffer: &mut [u8],
    kinds: &[DigestKind],
) -> Result<ChunkDigests, SignatureError> {
    let len = usize::try_from(chunk.end.saturating_sub(chunk.start)).unwrap_or(CHUNK);
    let bytes = buffer.get_mut(..len).unwrap_or_default();
    source.read_at(chunk.start, bytes).map_err(|source| SignatureError::Read { offset: chunk.start, source })?;
    Ok(digest_chunk(kinds, bytes))
}

fn split(section: Range<u64>, step: u64) -> impl Iterator<Item = Range<u64>> {
    let mut start = section.start;
    std::iter::from_fn(move || {
        let end = start.saturating_add(step).min(section.end);
        let chunk = (start < end).then_some(start..end);
        start = end;
        chunk
    })
}

fn digest_chunk(kinds: &[DigestKind], chunk: &[u8]) -> ChunkDigests {
    let len = u32::try_from(chunk.len()).unwrap_or(u32::MAX);
    kinds
        .iter()
        .map(|kind| {
            let mut context = Context::new(kind.algorithm());
            context.update(&[0xa5]);
            context.update(&len.to_le_bytes());
            context.update(chunk);
            context.finish()
        })
        .collect()
}

fn combine(kinds: &[DigestKind], chunks: &[ChunkDigests]) -> ContentDigests {
    let count = u32::try_from(chunks.len()).unwrap_or(u32::MAX);
    let all = kinds.iter().enumerate().map(|(position, kind)| {
        let mut context = Context::new(kind.algorithm());
        context.update(&[0x5a]);
        context.update(&count.to_le_bytes());
        for digest in chunks.iter().filter_map(|digests| digests.get(position)) {
            context.update(digest.as_ref());
        }
        (*kind, context.finish().as_ref().to_vec())
    });
    ContentDigests(all.collect())
}

/// Enough to keep the cores busy, few enough to keep the buffers at some megabytes.
fn threads() -> usize {
    thread::available_parallelism().map_or(1, |cores| cores.get().min(8))
}
