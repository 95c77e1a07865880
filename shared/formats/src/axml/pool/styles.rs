//! Styles of a string pool: spans of markup over the first strings. Compiled XML rarely has them; their names move with the others.

use super::super::chunk::StringRef;
use super::super::error::Error;
use super::super::read::invalid;
use super::super::write::size_u32;
use super::words;
use crate::reader::Reader;

/// Ends the spans of one string.
const END: u32 = u32::MAX;

#[derive(Clone, Debug, Default)]
pub(super) struct Styles {
    /// The start as it stood in the header: without styles it means nothing, and is kept.
    stated_start: u32,
    offsets: Vec<u32>,
    words: Vec<u32>,
    /// Which of `words` are names of spans.
    names: Vec<usize>,
}

impl Styles {
    pub(super) fn parse(stated_start: u32, offsets: Vec<u32>, body: Reader<'_>, strings: u32) -> Result<Self, Error> {
        let words = words(body.rest());
        let names = find_names(&offsets, &words, body.offset(), strings)?;
        Ok(Self { stated_start, offsets, words, names })
    }

    pub(super) fn count(&self) -> u32 {
        size_u32(self.offsets.len())
    }

    pub(super) fn offsets(&self) -> &[u32] {
        &self.offsets
    }

    /// What the header says when the styles stand at `actual`.
    pub(super) fn start(&self, actual: u32) -> u32 {
        if self.offsets.is_empty() { self.stated_start } else { actual }
    }

    /// Length in bytes.
    pub(super) fn length(&self) -> u32 {
        size_u32(self.words.len()).saturating_mul(4)
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend(self.words.iter().flat_map(|word| word.to_le_bytes()));
    }

    /// A new string came in at `index`: names move, and so do the styles of the strings behind it.
    pub(super) fn make_room(&mut self, index: u32) {
        for &name in &self.names {
            if let Some(word) = self.words.get_mut(name) {
                let mut string = StringRef(*word);
                string.shift(index);
                *word = string.0;
            }
        }
        let place = usize::try_from(index).ok().filter(|&place| place < self.offsets.len());
        if let Some(place) = place {
            self.offsets.insert(place, self.length());
            self.words.push(END);
        }
    }
}

/// Walks every style to its end; a style that others share is walked once.
fn find_names(offsets: &[u32], words: &[u32], base: u64, strings: u32) -> Result<Vec<usize>, Error> {
    #[derive(Clone, Copy, PartialEq)]
    enum Role {
        Unseen,
        Name,
        Range,
    }
    let mut roles = vec![Role::Unseen; words.len()];
    let mut names = Vec::new();
    for &offset in offsets {
        let broken = |rule| invalid("style offset", base, offset, rule);
        let start = usize::try_from(offset).ok().filter(|start| start.is_multiple_of(4));
        let start = start.ok_or_else(|| broken("it must be a multiple of 4"))?;
        for place in (start / 4..).step_by(3) {
            let cut_off = || broken("a style must end inside the pool");
            let (word, role) = words.get(place).zip(roles.get_mut(place)).ok_or_else(cut_off)?;
            match role {
                Role::Name => break,
                Role::Range => return Err(broken("styles must not overlap")),
                Role::Unseen => *role = Role::Name,
            }
            if *word == END {
                break;
            }
            if *word >= strings {
                let (field, index, count) = ("name of a style", *word, strings);
                return Err(Error::StringOutOfRange { field, offset: base, index, count });
            }
            names.push(place);
            for range in [place.saturating_add(1), place.saturating_add(2)] {
                match roles.get_mut(range).ok_or_else(cut_off)? {
                    Role::Name => return Err(broken("styles must not overlap")),
                    role => *role = Role::Range,
                }
            }
        }
    }
    Ok(names)
}
