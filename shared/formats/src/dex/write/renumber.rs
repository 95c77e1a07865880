//! The indices of strings and types after some of them are gone. The others keep their order.

use super::super::Dex;
use super::super::links::Finder;
use super::super::map::Kind;
use super::super::survey::used;
use super::super::tables::count;

/// Marks a row that is gone.
const GONE: u32 = u32::MAX;

/// New indices of one table.
#[derive(Debug, Default)]
pub(super) struct Indices {
    /// The new index of each row; empty if none changes.
    new: Vec<u32>,
    removed: u32,
}

/// New indices of strings and types.
#[derive(Debug, Default)]
pub(super) struct Renumber {
    pub(super) strings: Indices,
    pub(super) types: Indices,
    /// Whether each `string_data_item` stays; empty if all do.
    data: Vec<bool>,
}

impl Indices {
    fn new(kept: impl ExactSizeIterator<Item = bool>) -> Self {
        let mut next = 0_u32;
        let length = kept.len();
        let mut new = Vec::with_capacity(length);
        for kept in kept {
            new.push(if kept { next } else { GONE });
            next = next.saturating_add(u32::from(kept));
        }
        match count(&new).saturating_sub(next) {
            0 => Self::default(),
            removed => Self { new, removed },
        }
    }

    /// The new index of a row. An index beyond the table stays what it is: beyond the table.
    pub(super) fn of(&self, old: u32) -> u32 {
        usize::try_from(old).ok().and_then(|old| self.new.get(old)).map_or(old, |new| *new)
    }

    pub(super) fn keeps(&self, old: u32) -> bool {
        self.of(old) != GONE
    }

    pub(super) const fn removed(&self) -> u32 {
        self.removed
    }
}

impl Renumber {
    /// Takes out the strings and types that nothing but debug information refers to. What nothing at all refers to stays: compilers
    /// leave marks of themselves there. With strange code everything stays: if it is unpacked at run time, then with the indices that
    /// were there when it was packed.
    pub(super) fn without_debug_info(dex: &Dex<'_>) -> Self {
        if dex.survey.strange_code {
            return Self::default();
        }
        let types = Indices::new(dex.survey.types.iter().map(|marks| *marks != used::DEBUG));
        let mut marks = dex.survey.strings.clone();
        for (index, descriptor) in (0..).zip(dex.tables.types) {
            let place = usize::try_from(u32::from_le_bytes(*descriptor)).ok();
            if let Some(mark) = place.and_then(|place| marks.get_mut(place)) {
                *mark |= if types.keeps(index) { used::NAME } else { used::DEBUG };
            }
        }
        let needed = |marks: u8| marks & (used::NAME | used::VALUE) != 0 || marks & used::DEBUG == 0;
        let strings = Indices::new(marks.into_iter().map(needed));
        let mut renumber = Self { strings, types, ..Self::default() };
        renumber.drop_data(dex);
        renumber
    }

    /// Takes out the data of the strings that are gone. No two strings share theirs.
    fn drop_data(&mut self, dex: &Dex<'_>) {
        if self.strings.removed == 0 {
            return;
        }
        let starts = dex.starts(Kind::StringData);
        self.data = vec![true; starts.len()];
        let mut finder = Finder::new(starts);
        for (_, offset) in (0..).zip(dex.tables.strings).filter(|(index, _)| !self.strings.keeps(*index)) {
            if let Some(kept) = finder.find(u32::from_le_bytes(*offset)).and_then(|item| self.data.get_mut(item)) {
                *kept = false;
            }
        }
    }

    /// Whether nothing changes.
    pub(super) const fn is_identity(&self) -> bool {
        self.strings.removed == 0 && self.types.removed == 0
    }

    /// Strings and types that are gone.
    pub(super) const fn removed(&self) -> (u32, u32) {
        (self.strings.removed, self.types.removed)
    }

    /// Whether a `string_data_item` stays.
    pub(super) fn keeps_data(&self, item: usize) -> bool {
        self.data.get(item).is_none_or(|kept| *kept)
    }
}
