//! Finding any of many texts anywhere in any bytes, in memory of the size of the texts and in time of the length of the bytes.

use super::words::LONGEST;

/// Bytes by whose hash a place in the bytes is passed over.
const GRAM: usize = 4;
/// Slots of the table of hashes.
const SLOTS: usize = 1 << 18;
/// How many texts may begin with each other; those beyond are never looked for and count as found.
const DEEPEST: u32 = 32;
/// What a file may not mention without every name staying: who asks for what there cannot be followed.
const ASKING: [&str; 2] = ["getIdentifier", "android_res/"];

/// Texts that are looked for.
#[derive(Debug)]
pub(super) struct Index {
    /// In the order of their bytes.
    texts: Vec<Text>,
    slots: Vec<bool>,
}

#[derive(Debug)]
struct Text {
    text: String,
    /// The longest other text that this one begins with, by its place.
    begins_with: Option<usize>,
    depth: u32,
}

/// What was found in a file, or in several.
#[derive(Clone, Debug, Default)]
pub(crate) struct Found {
    /// One for each text of the index.
    pub(super) texts: Vec<bool>,
    /// Whether the file asks for resources itself.
    pub(super) asks: bool,
}

impl Index {
    /// An index of these texts. Those that are shorter or longer than what is looked for are left out; see [`Self::place`].
    pub(super) fn new<'t>(texts: impl Iterator<Item = &'t str>) -> Self {
        let mut texts: Vec<&str> = texts.filter(|text| (GRAM..=LONGEST).contains(&text.len())).chain(ASKING).collect();
        texts.sort_unstable();
        texts.dedup();
        let mut index = Self { texts: Vec::with_capacity(texts.len()), slots: vec![false; SLOTS] };
        let mut open: Vec<usize> = Vec::new();
        for text in texts {
            while open
                .pop_if(|outer| !index.texts.get(*outer).is_some_and(|outer| text.starts_with(&outer.text)))
                .is_some()
            {}
            let begins_with = open.last().copied();
            let depth = begins_with.and_then(|outer| index.texts.get(outer)).map_or(0, |outer| outer.depth + 1);
            if depth > DEEPEST {
                continue;
            }
            if let Some(slot) = gram(text.as_bytes()).and_then(|gram| index.slots.get_mut(gram)) {
                *slot = true;
            }
            open.push(index.texts.len());
            index.texts.push(Text { text: text.to_owned(), begins_with, depth });
        }
        index
    }

    /// The place of a text in [`Found::texts`]; `None` where it is not looked for.
    pub(super) fn place(&self, text: &str) -> Option<usize> {
        self.texts.binary_search_by(|known| known.text.as_str().cmp(text)).ok()
    }

    /// Marks every text that `bytes` begin with.
    fn mark(&self, bytes: &[u8], found: &mut [bool]) {
        if !gram(bytes).and_then(|gram| self.slots.get(gram)).is_some_and(|slot| *slot) {
            return;
        }
        // The texts that the bytes begin with stand before the bytes in order, each inside the next longer one.
        let behind = self.texts.partition_point(|known| known.text.as_bytes() <= bytes);
        let mut next = behind.checked_sub(1);
        while let Some((place, known)) = next.and_then(|place| Some((place, self.texts.get(place)?))) {
            if bytes.starts_with(known.text.as_bytes()) {
                found.get_mut(place).into_iter().for_each(|found| *found = true);
            }
            next = known.begins_with;
        }
    }
}

fn gram(bytes: &[u8]) -> Option<usize> {
    let gram = u32::from_le_bytes(*bytes.first_chunk::<GRAM>()?);
    // Fibonacci hashing: the upper bits of a product with the golden ratio.
    usize::try_from(gram.wrapping_mul(0x9e37_79b9) >> (u32::BITS - SLOTS.trailing_zeros())).ok()
}

/// The search through one file, piece by piece.
#[derive(Debug)]
pub(crate) struct Scan<'i> {
    index: &'i Index,
    found: Vec<bool>,
    /// The end of what was pushed, where a text may begin that the next piece ends.
    rest: Vec<u8>,
}

impl<'i> Scan<'i> {
    pub(super) fn new(index: &'i Index) -> Self {
        Self { index, found: vec![false; index.texts.len()], rest: Vec::new() }
    }

    /// Looks through the next bytes of the file.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        // Texts over the boundary of two pieces: the end of the one with the beginning of the other.
        let begun = self.rest.len();
        self.rest.extend(bytes.iter().take(LONGEST));
        let mut rest = std::mem::take(&mut self.rest);
        self.look(&rest, begun);
        if let Some(complete) = bytes.len().checked_sub(LONGEST) {
            self.look(bytes, complete);
            rest = bytes.get(complete..).unwrap_or_default().to_vec();
        }
        rest.drain(..rest.len().saturating_sub(LONGEST));
        self.rest = rest;
    }

    /// What the file has.
    pub(crate) fn finish(mut self) -> Found {
        let rest = std::mem::take(&mut self.rest);
        self.look(&rest, rest.len());
        let asks =
            ASKING.iter().filter_map(|text| self.index.place(text)).any(|place| self.found.get(place) == Some(&true));
        Found { texts: self.found, asks }
    }

    /// Looks for texts that begin at one of the first `places`.
    fn look(&mut self, bytes: &[u8], places: usize) {
        for place in 0..places {
            self.index.mark(bytes.get(place..).unwrap_or_default(), &mut self.found);
        }
    }
}

impl Found {
    /// Adds what another file has.
    pub(crate) fn add(&mut self, other: &Self) {
        self.texts.resize(self.texts.len().max(other.texts.len()), false);
        self.texts.iter_mut().zip(&other.texts).for_each(|(found, other)| *found |= other);
        self.asks |= other.asks;
    }
}
