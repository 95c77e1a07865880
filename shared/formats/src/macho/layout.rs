//! Where everything goes once the lengths of the signatures are known.

use std::ops::Range;

use crate::piece::{Piece, Pieces};

use super::command::{put_u32, put_word};
use super::error::at_most;
use super::{Error, Remade, RemadeSlice};

/// Pages of the largest size that iOS ever had; segments are mapped in whole ones.
const PAGE: u64 = 16 << 10;

/// A rewritten binary: for each slice what precedes it, its code, and room for its signature, one after another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// In the order of the file. The ranges of the source ascend through all of them.
    pub slices: Vec<Placed>,
    /// Length of the file, bytes.
    pub len: u64,
}

/// A slice at its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// What stands between the slice and the end of the one in front of it, or the beginning of the file.
    pub lead: Vec<Piece>,
    /// The code, [`RemadeSlice::code_limit`] bytes.
    pub code: Vec<Piece>,
    /// Where the signature goes, in the file; the slice ends with it.
    pub signature: Range<u64>,
}

impl Remade {
    /// Places the slices. `signature_lengths` has one length in bytes for each of them; the signature must have exactly that many.
    ///
    /// # Errors
    /// Another number of lengths, and files that grow beyond what their fields can say.
    pub fn layout(&self, signature_lengths: &[u64]) -> Result<Layout, Error> {
        if signature_lengths.len() != self.slices.len() {
            return Err(Error::Missing("length of a signature"));
        }
        let mut ranges = Vec::new();
        let mut end = self.fat.as_ref().map_or(0, super::fat::FatTable::length);
        for (number, (slice, length)) in self.slices.iter().zip(signature_lengths).enumerate() {
            let alignment =
                self.fat.as_ref().and_then(|fat| fat.entries.get(number)).map_or(0, |entry| entry.alignment);
            let unit = 1_u64.checked_shl(alignment).unwrap_or(1);
            let start = end.checked_next_multiple_of(unit).unwrap_or(u64::MAX);
            end = start.saturating_add(slice.code_limit).saturating_add(*length);
            ranges.push(start..end);
        }
        let mut table = match &self.fat {
            Some(fat) => Some(fat.write(&ranges).ok_or_else(|| too_long(end))?),
            None => None,
        };
        let (mut placed, mut written) = (Vec::new(), 0);
        for ((slice, length), range) in self.slices.iter().zip(signature_lengths).zip(&ranges) {
            let mut lead = Pieces { length: written, ..Pieces::default() };
            lead.bytes(table.take().unwrap_or_default());
            lead.zeros_up_to(range.start);
            let signature = range.start.saturating_add(slice.code_limit)..range.end;
            placed.push(Placed { lead: lead.pieces, code: slice.code(*length)?, signature });
            written = range.end;
        }
        Ok(Layout { slices: placed, len: end })
    }
}

impl RemadeSlice {
    /// The code with the fields that depend on the length of the signature.
    fn code(&self, signature_length: u64) -> Result<Vec<Piece>, Error> {
        let narrow = |value: u64| u32::try_from(value).map_err(|_| too_long(value));
        let mut head = self.head.clone();
        put_u32(&mut head, self.signature_field, narrow(self.code_limit)?);
        put_u32(&mut head, self.signature_field.saturating_add(4), narrow(signature_length)?);
        let end = self.code_limit.saturating_add(signature_length);
        at_most("length of a slice in bytes", end, u32::MAX.into())?;
        let size = end.saturating_sub(self.linkedit.file.start);
        let pages = size.checked_next_multiple_of(PAGE).unwrap_or(u64::MAX);
        put_word(&mut head, self.linkedit.file_size_field(self.width), size, self.width)?;
        put_word(&mut head, self.linkedit.memory_size_field(self.width), pages, self.width)?;
        let mut code = vec![Piece::Bytes(head)];
        code.extend_from_slice(&self.body);
        Ok(code)
    }
}

fn too_long(found: u64) -> Error {
    Error::Limit { what: "length of a file with 32-bit offsets in bytes", found, limit: u32::MAX.into() }
}
