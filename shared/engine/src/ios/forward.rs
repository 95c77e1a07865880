//! An entry's content read once, front to back, with its length and checksum compared at the end.

use std::ops::Range;

use formats::piece::Piece;
use formats::zip::{Archive, Entry, EntryReader};

use crate::Error;
use crate::observe::Watch;

/// Zeros handed out at a time.
const ZEROS: [u8; 4096] = [0; 4096];

/// A content in the course of being read.
pub(crate) struct Forward<'a> {
    reader: EntryReader<'a>,
    piece: Vec<u8>,
    /// Offset of the piece's first byte.
    offset: u64,
    watch: &'a Watch<'a>,
}

impl<'a> Forward<'a> {
    pub(crate) fn new(archive: &Archive<'a>, entry: &'a Entry, watch: &'a Watch<'a>) -> Self {
        Self { reader: archive.open(entry), piece: Vec::new(), offset: 0, watch }
    }

    /// Hands the bytes of `pieces` to `take`. Their ranges ascend, also from one call to the next.
    pub(crate) fn emit(&mut self, pieces: &[Piece], take: &mut dyn FnMut(&[u8])) -> Result<(), Error> {
        for piece in pieces {
            match piece {
                Piece::Bytes(bytes) => take(bytes),
                Piece::Zeros(count) => emit_zeros(*count, take),
                Piece::Copy(range) => self.copy(range, take)?,
            }
        }
        Ok(())
    }

    /// Reads what is left, so that the whole content is checked.
    pub(crate) fn finish(mut self) -> Result<(), Error> {
        while self.advance()? {}
        Ok(())
    }

    fn copy(&mut self, range: &Range<u64>, take: &mut dyn FnMut(&[u8])) -> Result<(), Error> {
        let mut position = range.start;
        while position < range.end {
            let within = (position - self.offset) as usize;
            if within >= self.piece.len() {
                if !self.advance()? {
                    return Err(Error::Source(std::io::ErrorKind::UnexpectedEof.into()));
                }
                continue;
            }
            let wanted = (range.end - position).min((self.piece.len() - within) as u64) as usize;
            take(&self.piece[within..within + wanted]);
            position += wanted as u64;
        }
        Ok(())
    }

    /// Goes on to the next piece; `false` behind the last.
    fn advance(&mut self) -> Result<bool, Error> {
        self.offset += self.piece.len() as u64;
        self.piece.clear();
        let Some(piece) = self.reader.next_piece().map_err(Error::content)? else { return Ok(false) };
        self.piece.extend_from_slice(piece);
        if !self.watch.advance(piece.len() as u64) {
            self.watch.go_on()?;
        }
        Ok(true)
    }
}

fn emit_zeros(mut count: u64, take: &mut dyn FnMut(&[u8])) {
    while count > 0 {
        let now = count.min(ZEROS.len() as u64);
        take(&ZEROS[..now as usize]);
        count -= now;
    }
}
