//! New contents made of pieces of old ones: what edits of long files say, so that nobody has to hold the files.

use std::io::{self, Write};
use std::ops::Range;

use crate::reader::widen;
use crate::source::Source;

/// Bytes copied at a time.
const CHUNK: u64 = 256 << 10;

/// A run of bytes of a new content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// The bytes of the source in this range.
    Copy(Range<u64>),
    /// These bytes.
    Bytes(Vec<u8>),
    /// That many zeros.
    Zeros(u64),
}

impl Piece {
    /// Its length in bytes.
    pub fn len(&self) -> u64 {
        match self {
            Self::Copy(range) => range.end.saturating_sub(range.start),
            Self::Bytes(bytes) => widen(bytes.len()),
            Self::Zeros(count) => *count,
        }
    }

    /// Whether it has no bytes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Writes `pieces` of `source` one after another, in bounded memory.
///
/// # Errors
/// Those of the source, and those of the sink.
pub fn copy_pieces(source: &dyn Source, pieces: &[Piece], sink: &mut dyn Write) -> io::Result<()> {
    let mut buffer = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Bytes(bytes) => sink.write_all(bytes)?,
            Piece::Zeros(count) => drop(io::copy(&mut io::Read::take(io::repeat(0), *count), sink)?),
            Piece::Copy(range) => copy_range(source, range.clone(), &mut buffer, sink)?,
        }
    }
    Ok(())
}

fn copy_range(source: &dyn Source, range: Range<u64>, buffer: &mut Vec<u8>, sink: &mut dyn Write) -> io::Result<()> {
    let mut position = range.start;
    while position < range.end {
        let length = range.end.saturating_sub(position).min(CHUNK);
        buffer.resize(usize::try_from(length).unwrap_or_default(), 0);
        source.read_at(position, buffer)?;
        sink.write_all(buffer)?;
        position = position.saturating_add(length);
    }
    Ok(())
}

/// Pieces in the making, and how long they are together.
#[derive(Debug, Default)]
pub(crate) struct Pieces {
    pub(crate) pieces: Vec<Piece>,
    pub(crate) length: u64,
}

impl Pieces {
    pub(crate) fn bytes(&mut self, bytes: Vec<u8>) {
        self.push(Piece::Bytes(bytes));
    }

    pub(crate) fn copy(&mut self, range: Range<u64>) {
        self.push(Piece::Copy(range));
    }

    /// Fills up to `offset` of the new content.
    pub(crate) fn zeros_up_to(&mut self, offset: u64) {
        self.push(Piece::Zeros(offset.saturating_sub(self.length)));
    }

    fn push(&mut self, piece: Piece) {
        self.length = self.length.saturating_add(piece.len());
        match (self.pieces.last_mut(), piece) {
            (_, piece) if piece.is_empty() => {}
            (Some(Piece::Copy(last)), Piece::Copy(next)) if last.end == next.start => last.end = next.end,
            (_, piece) => self.pieces.push(piece),
        }
    }
}
