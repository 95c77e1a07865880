//! Finding any of many texts anywhere in any bytes, in memory of the size of the texts and in time of the length of the bytes.

use std::collections::HashMap;
use std::ops::Range;

use super::words::LONGEST;

/// Length of the beginnings by which most places in the bytes are passed over.
const GRAM: usize = 4;
/// Bits of the hashes of these beginnings.
const HASH_BITS: u32 = 21;
/// How many texts may begin with each other; those beyond are never looked for and count as found.
const DEEPEST: u32 = 32;
/// What a file may not mention without every name staying: who asks for what there cannot be followed.
const ASKING: [&str; 2] = ["getIdentifier", "android_res/"];

/// Texts that are looked for.
#[derive(Debug)]
pub(super) struct Index {
    /// In the order of their bytes.
    texts: Vec<Text>,
    /// Where the texts of each beginning stand.
    by_beginning: HashMap<[u8; GRAM], Range<usize>>,
    /// One bit for each hash of a beginning.
    hashes: Vec<u64>,
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
        let words = 1_usize << (HASH_BITS - u64::BITS.trailing_zeros());
        let mut index = Self { texts: Vec::new(), by_beginning: HashMap::new(), hashes: vec![0; words] };
        let mut open: Vec<usize> = Vec::new();
        for text in texts {
            while open.pop_if(|outer| !index.texts.get(*outer).is_some_and(|it| text.starts_with(&it.text))).is_some() {
            }
            let begins_with = open.last().copied();
            let depth = begins_with.and_then(|outer| index.texts.get(outer)).map_or(0, |outer| outer.depth + 1);
            if let Some(beginning) = text.as_bytes().first_chunk().filter(|_| depth <= DEEPEST) {
                open.push(index.texts.len());
                index.insert(*beginning, Text { text: text.to_owned(), begins_with, depth });
            }
        }
        index
    }

    fn insert(&mut self, beginning: [u8; GRAM], text: Text) {
        let place = self.texts.len();
        self.texts.push(text);
        self.by_beginning.entry(beginning).or_insert(place..place).end = place + 1;
        let (word, bit) = hash(beginning);
        self.hashes.get_mut(word).into_iter().for_each(|word| *word |= bit);
    }

    /// The place of a text in [`Found::texts`]; `None` where it is not looked for.
    pub(super) fn place(&self, text: &str) -> Option<usize> {
        self.texts.binary_search_by(|known| known.text.as_str().cmp(text)).ok()
    }

    /// Marks every text that `bytes` begin with.
    fn mark(&self, beginning: [u8; GRAM], bytes: &[u8], found: &mut [bool]) {
        let Some(range) = self.by_beginning.get(&beginning) else { return };
        // The texts that the bytes begin with stand before the bytes in order, each inside the next longer one.
        let texts = self.texts.get(range.clone()).unwrap_or_default();
        let behind = texts.partition_point(|known| known.text.as_bytes() <= bytes);
        let mut next = (range.start + behind).checked_sub(1).filter(|place| range.contains(place));
        while let Some((place, known)) = next.and_then(|place| Some((place, self.texts.get(place)?))) {
            if bytes.starts_with(known.text.as_bytes()) {
                found.get_mut(place).into_iter().for_each(|found| *found = true);
            }
            next = known.begins_with;
        }
    }

    fn may_begin_with(&self, beginning: [u8; GRAM]) -> bool {
        let (word, bit) = hash(beginning);
        self.hashes.get(word).is_some_and(|word| word & bit != 0)
    }
}

/// Where the bit of a beginning stands: its word and the bit in it. Fibonacci hashing takes the upper bits of a product with the golden
/// ratio.
fn hash(beginning: [u8; GRAM]) -> (usize, u64) {
    let hash = u32::from_le_bytes(beginning).wrapping_mul(0x9e37_79b9) >> (u32::BITS - HASH_BITS);
    (usize::try_from(hash / u64::BITS).unwrap_or_default(), 1 << (hash % u64::BITS))
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
        for (place, window) in bytes.windows(GRAM).enumerate().take(places) {
            let Some(beginning) = window.first_chunk().filter(|it| self.index.may_begin_with(**it)) else { continue };
            self.index.mark(*beginning, bytes.get(place..).unwrap_or_default(), &mut self.found);
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
