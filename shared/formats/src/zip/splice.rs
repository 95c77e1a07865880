//! Packing a content that is mostly an old one, from the packed bits of the old one.
//!
//! What a block of a deflate stream unpacks to depends on nothing but itself and the 32 KiB in front of it. So the blocks that begin
//! so far behind the start of an unchanged range, and end inside it, are right wherever the range goes. Only what stands in front of
//! and behind them is packed anew. The new stream is led to the bit of a byte at which the first of them began, so that whole bytes
//! can be copied; empty blocks of ten bits do that for the even ones. docs/decisions/0019-spliced-deflate-streams.md

use std::collections::VecDeque;
use std::io::{self, Write};
use std::mem::replace;
use std::ops::Range;

use crate::piece::{Piece, copy_pieces};
use crate::reader::widen;
use crate::source::Source;

use super::deflate::{Boundary, walk};
use super::{Archive, Deflater, Entry, Header, Method};

/// How far back a deflate stream refers.
const WINDOW: u64 = 32 << 10;
/// Shorter runs of blocks are not worth the seams.
const SHORTEST: u64 = 64 << 10;
/// An empty block of fixed codes: bits 0, 1, 0, and seven zeros for its end.
const EMPTY_BLOCK: u32 = 0b00_0000_0010;
const EMPTY_BLOCK_BITS: u32 = 10;
/// What follows the header of an empty stored block: its length, and that inverted.
const NO_BYTES: [u8; 4] = [0, 0, 0xFF, 0xFF];

/// Packs the new content of an entry, written to it front to back. The same writes give the same bytes.
#[derive(Debug)]
pub struct Splicer {
    /// What is still to come of the content.
    parts: VecDeque<Part>,
    deflater: Deflater<Vec<u8>>,
    pieces: Vec<Piece>,
    crc: crc32fast::Hasher,
    size: u64,
}

/// The packed form of an entry's new content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spliced {
    /// CRC-32 of the content.
    pub crc32: u32,
    /// Length of the content, bytes.
    pub size: u64,
    /// Length packed, bytes.
    pub packed_size: u64,
    /// The packed bytes, as pieces of the archive.
    pub pieces: Vec<Piece>,
}

/// A run of the new content.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    /// So many bytes to be packed.
    Pack(u64),
    /// So many bytes, whose packed form is what is written then.
    Reuse(u64, Vec<Piece>),
}

impl Splicer {
    /// Finds what can be kept of the packed bytes of `entry`, whose content becomes `pieces` of itself. `None` where more than
    /// `most` bytes would have to be packed anew, which are held in memory: that is also the answer for stored entries, and for
    /// streams without blocks in the right places. Of pieces that are no copies only the length matters: zeros may stand for what
    /// is not known yet.
    ///
    /// The content must have been checked; see [`Archive::check_contents`].
    ///
    /// # Errors
    /// Those of the source.
    pub fn plan(archive: &Archive<'_>, entry: &Entry, pieces: &[Piece], most: u64) -> io::Result<Option<Self>> {
        if entry.method != Method::Deflated {
            return Ok(None);
        }
        let source = archive.source();
        let mut runs: Vec<Run> = pieces.iter().filter_map(Run::of).collect();
        let all = |boundary| runs.iter_mut().for_each(|run| run.meet(boundary));
        if walk(source, entry.data_offset, entry.packed_size, all)? != Some(entry.size) {
            return Ok(None);
        }
        let mut runs = runs.into_iter();
        let (mut parts, mut new) = (VecDeque::new(), 0_u64);
        for piece in pieces {
            let run = Run::of(piece).and_then(|_| runs.next());
            let Some((first, last)) = run.as_ref().and_then(Run::found) else {
                new = new.saturating_add(piece.len());
                continue;
            };
            let (start, end) = run.map_or((0, 0), |run| (run.range.start, run.range.end));
            new = new.saturating_add(first.content.saturating_sub(start));
            if new > 0 {
                parts.push_back(Part::Pack(new));
            }
            let copied = copy_bits(source, entry.data_offset, first.bits..last.bits)?;
            parts.push_back(Part::Reuse(last.content.saturating_sub(first.content), copied));
            new = end.saturating_sub(last.content);
        }
        parts.push_back(Part::Pack(new));
        let packed = parts.iter().map(|part| if let Part::Pack(length) = part { *length } else { 0 });
        if packed.fold(0, u64::saturating_add) > most {
            return Ok(None);
        }
        let (deflater, pieces) = (Deflater::new(Vec::new()), Vec::new());
        Ok(Some(Self { parts, deflater, pieces, crc: crc32fast::Hasher::new(), size: 0 }))
    }

    /// Ends the content.
    ///
    /// # Errors
    /// A content of another length than that of the pieces.
    pub fn finish(mut self) -> io::Result<Spliced> {
        self.end_parts()?;
        if self.parts.iter().any(|part| *part != Part::Pack(0)) {
            return Err(io::Error::other("the content is shorter than its pieces"));
        }
        let mut pieces = self.pieces;
        pieces.push(Piece::Bytes(self.deflater.finish()?));
        let packed_size = pieces.iter().map(Piece::len).fold(0, u64::saturating_add);
        Ok(Spliced { crc32: self.crc.finalize(), size: self.size, packed_size, pieces })
    }

    /// Passes over the parts whose content was written, but for the last: packed bytes end at a whole byte, then.
    fn end_parts(&mut self) -> io::Result<()> {
        while let Some(Part::Reuse(0, _) | Part::Pack(0)) = self.parts.front().filter(|_| self.parts.len() > 1) {
            let packed = match self.parts.pop_front() {
                Some(Part::Reuse(_, pieces)) => pieces,
                _ => vec![Piece::Bytes(replace(&mut self.deflater, Deflater::new(Vec::new())).sync()?)],
            };
            self.pieces.extend(packed);
        }
        Ok(())
    }
}

impl Write for Splicer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.end_parts()?;
        let Some(Part::Pack(left @ 1..) | Part::Reuse(left @ 1.., _)) = self.parts.front_mut() else {
            return Err(io::Error::other("the content is longer than its pieces"));
        };
        let taken = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
        let bytes = bytes.get(..taken).unwrap_or_default();
        *left = left.saturating_sub(widen(taken));
        if let Some(Part::Pack(_)) = self.parts.front() {
            self.deflater.write_all(bytes)?;
        }
        self.crc.update(bytes);
        self.size = self.size.saturating_add(widen(taken));
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Spliced {
    /// The headers of the entry that takes the place of `entry`.
    pub fn header<'a>(&self, entry: &'a Entry) -> Header<'a> {
        let Self { crc32, size, packed_size, .. } = *self;
        Header { crc32, size, packed_size, level: 0, ..Header::of(entry) }
    }

    /// Writes the packed bytes. `archive` is the one that they were planned with.
    ///
    /// # Errors
    /// Those of the archive's source, and those of the sink.
    pub fn write(&self, archive: &Archive<'_>, sink: &mut dyn Write) -> io::Result<()> {
        copy_pieces(archive.source(), &self.pieces, sink)
    }
}

/// A long range that does not change, and the blocks in it that can be kept.
struct Run {
    /// Where it stands in the old content.
    range: Range<u64>,
    first: Option<Boundary>,
    last: Option<Boundary>,
}

impl Run {
    fn of(piece: &Piece) -> Option<Self> {
        match piece {
            Piece::Copy(range) if piece.len() >= WINDOW.saturating_add(SHORTEST) => {
                Some(Self { range: range.clone(), first: None, last: None })
            }
            _ => None,
        }
    }

    /// Takes note of the next boundary of the old stream.
    fn meet(&mut self, boundary: Boundary) {
        // In front of the beginning of a content there is nothing to refer to.
        let lead = if self.range.start == 0 { 0 } else { WINDOW };
        let reachable = boundary.content >= self.range.start.saturating_add(lead);
        if self.first.is_none() && reachable && boundary.bits.is_multiple_of(2) {
            self.first = Some(boundary);
        }
        if self.first.is_some() && boundary.content <= self.range.end {
            self.last = Some(boundary);
        }
    }

    /// First and behind the last of the blocks, if they are worth it.
    fn found(&self) -> Option<(Boundary, Boundary)> {
        let both = self.first.zip(self.last);
        both.filter(|(first, last)| last.content.saturating_sub(first.content) >= SHORTEST)
    }
}

/// The bits of a stream that starts at `start`, from a whole byte to a whole byte: in front of them empty blocks, behind them one.
fn copy_bits(source: &dyn Source, start: u64, bits: Range<u64>) -> io::Result<Vec<Piece>> {
    let split = |bit: u64| (start.saturating_add(bit.wrapping_shr(3)), u32::try_from(bit & 7).unwrap_or_default());
    let ((mut first, lead), (last, rest)) = (split(bits.start), split(bits.end));
    let mut head = Vec::new();
    if lead > 0 {
        // Each takes a byte and two bits of the next one.
        let blocks = lead.wrapping_shr(1);
        let all = (0..blocks).fold(0, |all, _| all << EMPTY_BLOCK_BITS | EMPTY_BLOCK);
        head.extend(all.to_le_bytes().iter().take(usize::try_from(blocks).unwrap_or_default()));
        head.push(byte_at(source, first)? & u8::MAX.wrapping_shl(lead));
        first = first.saturating_add(1);
    }
    let mut tail = Vec::new();
    if rest > 0 {
        tail.push(byte_at(source, last)? & !u8::MAX.wrapping_shl(rest));
    }
    // The three bits of the header of a stored block, all zero.
    if !(1..=5).contains(&rest) {
        tail.push(0);
    }
    tail.extend(NO_BYTES);
    let pieces = [Piece::Bytes(head), Piece::Copy(first..last), Piece::Bytes(tail)];
    Ok(pieces.into_iter().filter(|piece| !piece.is_empty()).collect())
}

fn byte_at(source: &dyn Source, offset: u64) -> io::Result<u8> {
    let mut byte = [0];
    source.read_at(offset, &mut byte)?;
    let [byte] = byte;
    Ok(byte)
}
