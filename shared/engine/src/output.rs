//! The sink as the engine writes to it: in large pieces, of which a thread that digests them hears as well.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use crate::Error;
use crate::observe::Watch;

/// Bytes of a piece.
const PIECE: usize = 1 << 20;
/// Pieces that may wait for the digest: together with the one being written they bound the memory.
const WAITING: usize = 8;

/// Writes to the sink in large pieces and hands each to the digest's thread.
pub(crate) struct Output<'a> {
    sink: &'a mut dyn Write,
    watch: &'a Watch<'a>,
    pending: Vec<u8>,
    digest: Option<SyncSender<Arc<Vec<u8>>>>,
    written: u64,
    failure: Option<io::Error>,
}

impl<'a> Output<'a> {
    pub(crate) fn new(sink: &'a mut dyn Write, watch: &'a Watch<'a>) -> Self {
        Self { sink, watch, pending: Vec::with_capacity(PIECE), digest: None, written: 0, failure: None }
    }

    /// Bytes accepted so far.
    pub(crate) fn written(&self) -> u64 {
        self.written + self.pending.len() as u64
    }

    /// Begins to hand out what is written, until [`end_digest`](Self::end_digest) or until this is dropped.
    pub(crate) fn begin_digest(&mut self) -> Receiver<Arc<Vec<u8>>> {
        let (sender, pieces) = sync_channel(WAITING);
        self.digest = Some(sender);
        pieces
    }

    /// The real cause of an error that came through this sink: the sink's own failure or the observer's stop.
    pub(crate) fn explain(&mut self, error: Error) -> Error {
        match (self.failure.take(), self.watch.go_on()) {
            (Some(failure), _) => Error::Sink(failure),
            (None, Err(stopped)) => stopped,
            (None, Ok(())) => error,
        }
    }

    /// Hands out what is pending; the digest hears nothing more.
    pub(crate) fn end_digest(&mut self) -> io::Result<()> {
        self.pass_on()?;
        self.digest = None;
        Ok(())
    }

    fn pass_on(&mut self) -> io::Result<()> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let piece = Arc::new(std::mem::replace(&mut self.pending, Vec::with_capacity(PIECE)));
        if let Some(digest) = &self.digest {
            // The digest's thread ends early only by a panic, which its join reports.
            let _ = digest.send(Arc::clone(&piece));
        }
        if let Err(error) = self.sink.write_all(&piece) {
            self.failure = Some(error);
            return Err(io::Error::other("the sink failed"));
        }
        self.written += piece.len() as u64;
        if self.watch.advance(piece.len() as u64) { Ok(()) } else { Err(io::Error::other("stopped")) }
    }
}

impl Write for Output<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(PIECE - self.pending.len());
        self.pending.extend_from_slice(&bytes[..taken]);
        if self.pending.len() == PIECE {
            self.pass_on()?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.pass_on()?;
        let flushed = self.sink.flush();
        flushed.map_err(|error| {
            self.failure = Some(error);
            io::Error::other("the sink failed")
        })
    }
}
