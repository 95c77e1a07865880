//! Numbers of four bytes each, read where they stand until the first change.

use std::borrow::Cow;

use crate::chunk::size_u32;

#[derive(Clone, Debug, Default)]
pub(crate) struct Words<'a>(Cow<'a, [u8]>);

impl<'a> Words<'a> {
    /// The numbers in `bytes`; a rest that is shorter than a number is left out.
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(Cow::Borrowed(bytes.as_chunks::<4>().0.as_flattened()))
    }

    pub(crate) fn of(words: &[u32]) -> Self {
        Self(Cow::Owned(words.iter().flat_map(|word| word.to_le_bytes()).collect()))
    }

    pub(crate) fn count(&self) -> u32 {
        size_u32(self.0.len() / 4)
    }

    pub(crate) fn get(&self, index: usize) -> Option<u32> {
        self.0.as_chunks::<4>().0.get(index).map(|word| u32::from_le_bytes(*word))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = u32> {
        self.0.as_chunks::<4>().0.iter().map(|word| u32::from_le_bytes(*word))
    }

    /// Changes a number that is there.
    pub(crate) fn set(&mut self, index: usize, word: u32) {
        let place = index.saturating_mul(4);
        if let Some(bytes) = self.0.to_mut().get_mut(place..place.saturating_add(4)) {
            bytes.copy_from_slice(&word.to_le_bytes());
        }
    }

    /// Puts a number before the one at `index`, or behind the last.
    pub(crate) fn insert(&mut self, index: usize, word: u32) {
        let place = index.saturating_mul(4).min(self.0.len());
        self.0.to_mut().splice(place..place, word.to_le_bytes());
    }

    pub(crate) fn push(&mut self, word: u32) {
        self.0.to_mut().extend(word.to_le_bytes());
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn into_owned(self) -> Words<'static> {
        Words(Cow::Owned(self.0.into_owned()))
    }
}
