//! Digests of whole files, taken beside the work that reads or writes them.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::ScopedJoinHandle;

use aws_lc_rs::digest::{Context, SHA256};
use formats::source::Source;

use crate::Error;
use crate::observe::Watch;

/// Bytes handed to a digest at a time.
const CHUNK: usize = 1 << 20;
/// Chunks that may wait for a digest: together with the one being written they bound the memory.
const WAITING: usize = 8;

/// SHA-256 of everything in `source`. `advance` returning `false` ends it with an error.
pub(crate) fn sha256(source: &dyn Source, advance: &dyn Fn(u64) -> bool) -> io::Result<String> {
    let mut context = Context::new(&SHA256);
    let mut buffer = vec![0; CHUNK];
    let mut position = 0;
    while position < source.len() {
        let wanted = source.len().saturating_sub(position).min(CHUNK as u64);
        let piece = &mut buffer[..wanted as usize];
        source.read_at(position, piece)?;
        context.update(piece);
        position += wanted;
        if !advance(wanted) {
            return Err(io::Error::other("stopped"));
        }
    }
    Ok(hex(context.finish().as_ref()))
}

/// Lowercase hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The result of a thread; its panic goes on in this one.
pub(crate) fn join<T>(handle: ScopedJoinHandle<'_, T>) -> T {
    handle.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// A shared piece of the output.
pub(crate) type Piece = Arc<Vec<u8>>;

/// A queue of pieces for one digest thread.
pub(crate) fn queue() -> (SyncSender<Piece>, Receiver<Piece>) {
    sync_channel(WAITING)
}

/// SHA-256 of the pieces of a queue, until it is closed.
pub(crate) fn sha256_of(pieces: Receiver<Piece>) -> String {
    let mut context = Context::new(&SHA256);
    pieces.into_iter().for_each(|piece| context.update(&piece));
    hex(context.finish().as_ref())
}

/// Writes to the sink in large pieces and hands each to the digest threads.
pub(crate) struct Output<'a> {
    sink: &'a mut dyn Write,
    watch: &'a Watch<'a>,
    pending: Vec<u8>,
    digests: Vec<SyncSender<Piece>>,
    written: u64,
    failure: Option<io::Error>,
}

impl<'a> Output<'a> {
    pub(crate) fn new(sink: &'a mut dyn Write, watch: &'a Watch<'a>, digests: Vec<SyncSender<Piece>>) -> Self {
        Self { sink, watch, pending: Vec::with_capacity(CHUNK), digests, written: 0, failure: None }
    }

    /// Bytes accepted so far.
    pub(crate) fn written(&self) -> u64 {
        self.written + self.pending.len() as u64
    }

    /// Adds a digest that hears everything from here on, until [`end_digest`](Self::end_digest).
    pub(crate) fn add_digest(&mut self) -> Receiver<Piece> {
        let (sender, pieces) = queue();
        self.digests.push(sender);
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

    /// Hands out what is pending; from here on the last of the digests hears nothing more.
    pub(crate) fn end_digest(&mut self) -> io::Result<()> {
        self.pass_on()?;
        self.digests.pop();
        Ok(())
    }

    fn pass_on(&mut self) -> io::Result<()> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let piece = Arc::new(std::mem::replace(&mut self.pending, Vec::with_capacity(CHUNK)));
        for digest in &self.digests {
            // A digest thread ends early only by a panic, which its join reports.
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
        let taken = bytes.len().min(CHUNK - self.pending.len());
        self.pending.extend_from_slice(&bytes[..taken]);
        if self.pending.len() == CHUNK {
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
