//! Setting a pool anew, with other texts at the same indices.

use std::collections::HashMap;

use super::{SORTED, StringPool, Words};
use crate::chunk::{self, Error, size_u32};

/// What becomes of one string.
pub(crate) enum Fate {
    /// It stays as it is, even when it is broken.
    Keep,
    /// It says something else from now on.
    Become(String),
}

impl StringPool<'_> {
    /// The same pool with other texts: nothing of a text that was replaced remains, and strings with the same bytes share them.
    /// `limit` bounds the strings' bytes, which grow when the strings of the file overlapped.
    ///
    /// Strings keep their indices, and `added` come behind them. Strings that carry a style are not asked for and stay.
    pub(crate) fn rewrite(
        &self,
        mut fate: impl FnMut(u32) -> Fate,
        added: &[String],
        limit: u64,
    ) -> Result<StringPool<'static>, Error> {
        let mut data = Data::new(limit);
        let mut offsets = Vec::with_capacity(chunk::index(self.count()));
        for index in 0..self.count() {
            let fate = if index < self.style_count() { Fate::Keep } else { fate(index) };
            offsets.push(match (fate, self.encoded(index)) {
                (Fate::Become(text), _) => data.place(&self.encode(&text)?)?,
                (Fate::Keep, Some((start, bytes))) => data.place_once(start, bytes)?,
                (Fate::Keep, None) => u32::MAX,
            });
        }
        for text in added {
            offsets.push(data.place(&self.encode(text)?)?);
        }
        let mut anew = self.clone().into_owned();
        (anew.offsets, anew.data) = (Words::of(&offsets), data.finish().into());
        anew.flags &= !SORTED;
        Ok(anew)
    }

    /// The indices of strings that name the spans of styles.
    pub(crate) fn span_names(&self) -> impl Iterator<Item = u32> {
        self.styles.names()
    }

    /// Length of all texts together, in bytes; more than the pool's own length when strings lie over each other.
    pub(crate) fn text_length(&self) -> u64 {
        let lengths = (0..self.count()).map(|index| self.text(index).map_or(0, chunk::length));
        lengths.fold(0, u64::saturating_add)
    }

    /// Where a sound string starts, and its bytes with length and terminator.
    fn encoded(&self, index: u32) -> Option<(u32, &[u8])> {
        let (_, end) = self.locate(index).ok()?;
        let start = self.offsets.get(chunk::index(index))?;
        Some((start, self.data.get(chunk::index(start)..end)?))
    }
}

struct Data {
    bytes: Vec<u8>,
    /// Where the string that started at an offset of the old data stands now.
    moved: HashMap<u32, u32>,
    /// Where a new text stands.
    known: HashMap<Vec<u8>, u32>,
    limit: u64,
}

impl Data {
    fn new(limit: u64) -> Self {
        Self { bytes: Vec::new(), moved: HashMap::new(), known: HashMap::new(), limit }
    }

    fn place(&mut self, encoded: &[u8]) -> Result<u32, Error> {
        if let Some(known) = self.known.get(encoded) {
            return Ok(*known);
        }
        let offset = self.append(encoded)?;
        self.known.insert(encoded.to_vec(), offset);
        Ok(offset)
    }

    fn place_once(&mut self, start: u32, encoded: &[u8]) -> Result<u32, Error> {
        if let Some(moved) = self.moved.get(&start) {
            return Ok(*moved);
        }
        let offset = self.append(encoded)?;
        self.moved.insert(start, offset);
        Ok(offset)
    }

    fn append(&mut self, encoded: &[u8]) -> Result<u32, Error> {
        let offset = size_u32(self.bytes.len());
        if chunk::length(&self.bytes).saturating_add(chunk::length(encoded)) > self.limit {
            return Err(Error::Full { what: "string" });
        }
        self.bytes.extend(encoded);
        Ok(offset)
    }

    fn finish(mut self) -> Vec<u8> {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
        self.bytes
    }
}
