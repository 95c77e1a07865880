//! Styles of a string pool: spans of markup over the first strings. Compiled XML rarely has them; their names move with the others.

use super::{StringRef, Words};
use crate::chunk::{Error, index, invalid, size_u32};
use crate::reader::Reader;

/// Ends the spans of one string.
const END: u32 = u32::MAX;

#[derive(Clone, Debug, Default)]
pub(super) struct Styles<'a> {
    /// The start as it stood in the header: without styles it means nothing, and is kept.
    stated_start: u32,
    offsets: Words<'a>,
    words: Words<'a>,
    /// Which of `words` are names of spans.
    names: Vec<u32>,
}

impl<'a> Styles<'a> {
    pub(super) fn parse(stated_start: u32, offsets: Words<'a>, body: Reader<'a>, strings: u32) -> Result<Self, Error> {
        let words = Words::new(body.rest());
        let names = find_names(&offsets, &words, body.offset(), strings)?;
        Ok(Self { stated_start, offsets, words, names })
    }

    pub(super) fn count(&self) -> u32 {
        self.offsets.count()
    }

    pub(super) fn offsets(&self) -> &[u8] {
        self.offsets.bytes()
    }

    pub(super) fn words(&self) -> &[u8] {
        self.words.bytes()
    }

    /// The indices of the strings that name the spans.
    pub(super) fn names(&self) -> impl Iterator<Item = u32> {
        self.names.iter().filter_map(|name| self.words.get(index(*name)))
    }

    /// The spans of a string: the index of each one's name, its first and its last character.
    pub(super) fn spans(&self, string: u32) -> impl Iterator<Item = [u32; 3]> {
        let start = self.offsets.get(index(string)).map_or(usize::MAX, |offset| index(offset / 4));
        let words = move |place: usize| self.words.get(start.checked_add(place)?);
        (0_usize..).step_by(3).map_while(move |place| {
            let name = words(place).filter(|name| *name != END)?;
            Some([name, words(place.saturating_add(1))?, words(place.saturating_add(2))?])
        })
    }

    /// What the header says when the styles stand at `actual`.
    pub(super) fn start(&self, actual: u32) -> u32 {
        if self.count() == 0 { self.stated_start } else { actual }
    }

    /// Length in bytes.
    pub(super) fn length(&self) -> u32 {
        size_u32(self.words.bytes().len())
    }

    /// A new string came in at `at`: names move, and so do the styles of the strings behind it.
    pub(super) fn make_room(&mut self, at: u32) {
        for name in &self.names {
            let Some(word) = self.words.get(index(*name)) else { continue };
            let mut string = StringRef(word);
            string.shift(at);
            if string.0 != word {
                self.words.set(index(*name), string.0);
            }
        }
        if at < self.count() {
            let end = self.length();
            self.offsets.insert(index(at), end);
            self.words.push(END);
        }
    }

    pub(super) fn into_owned(self) -> Styles<'static> {
        let Self { stated_start, offsets, words, names } = self;
        Styles { stated_start, offsets: offsets.into_owned(), words: words.into_owned(), names }
    }
}

/// Walks every style to its end; a style that others share is walked once.
fn find_names(offsets: &Words<'_>, words: &Words<'_>, base: u64, strings: u32) -> Result<Vec<u32>, Error> {
    #[derive(Clone, Copy, PartialEq)]
    enum Role {
        Unseen,
        Name,
        Range,
    }
    let mut roles = vec![Role::Unseen; index(words.count())];
    let mut names = Vec::new();
    for offset in offsets.iter() {
        let broken = |rule| invalid("style offset", base, offset, rule);
        if !offset.is_multiple_of(4) {
            return Err(broken("it must be a multiple of 4"));
        }
        for place in (offset / 4..).step_by(3) {
            let cut_off = || broken("a style must end inside the pool");
            let (word, role) = words.get(index(place)).zip(roles.get_mut(index(place))).ok_or_else(cut_off)?;
            match role {
                Role::Name => break,
                Role::Range => return Err(broken("styles must not overlap")),
                Role::Unseen => *role = Role::Name,
            }
            if word == END {
                break;
            }
            if word >= strings {
                let (field, index, count) = ("name of a style", word, strings);
                return Err(Error::StringOutOfRange { field, offset: base, index, count });
            }
            names.push(place);
            for range in [place.saturating_add(1), place.saturating_add(2)] {
                match roles.get_mut(index(range)).ok_or_else(cut_off)? {
                    Role::Name => return Err(broken("styles must not overlap")),
                    role => *role = Role::Range,
                }
            }
        }
    }
    Ok(names)
}
