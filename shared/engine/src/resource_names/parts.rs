//! Names that texts have as a whole, or that are put together from parts.

use std::collections::{BTreeSet, HashSet};
use std::ops::Bound;

use super::words::{LONGEST, beginnings, endings};

/// The names of a table, and what was seen of them.
#[derive(Debug)]
pub(super) struct Parts {
    names: BTreeSet<String>,
    /// The same, read backwards.
    backwards: BTreeSet<String>,
    /// Names that were seen.
    whole: HashSet<String>,
    /// Parts that were seen and that some name begins or ends with.
    beginnings: HashSet<String>,
    endings: HashSet<String>,
}

impl Parts {
    /// Longer names than those that are looked for always stay and have no parts here.
    pub(super) fn new<'n>(names: impl Iterator<Item = &'n str>) -> Self {
        let (mut sorted, mut backwards) = (BTreeSet::new(), BTreeSet::new());
        for name in names.filter(|name| name.len() <= LONGEST) {
            sorted.insert(name.to_owned());
            backwards.insert(reversed(name));
        }
        let (beginnings, endings) = (HashSet::new(), HashSet::new());
        Self { names: sorted, backwards, whole: HashSet::new(), beginnings, endings }
    }

    pub(super) fn see_word(&mut self, word: &str) {
        if self.names.contains(word) && !self.whole.contains(word) {
            self.whole.insert(word.to_owned());
        }
    }

    /// Takes note of the parts of names in a string of the code.
    pub(super) fn see(&mut self, text: &str) {
        for part in beginnings(text) {
            if has_beginning(&self.names, part) {
                self.beginnings.insert(part.to_owned());
            }
        }
        for part in endings(text) {
            if has_beginning(&self.backwards, &reversed(part)) {
                self.endings.insert(part.to_owned());
            }
        }
    }

    /// The names that were seen, as a whole or in part. Where a part of a name was seen and the rest is a name too, that is among them.
    pub(super) fn kept(&self) -> HashSet<&str> {
        let mut kept: HashSet<&str> = self.whole.iter().map(String::as_str).collect();
        for name in &self.names {
            if name.is_empty() {
                kept.insert(name);
            }
            let ends = name.char_indices().map(|(place, _)| place).chain([name.len()]).skip(1);
            for (start, end) in ends.map(|place| name.split_at(place)) {
                let (begins, ends) = (self.beginnings.contains(start), self.endings.contains(end));
                if begins || ends {
                    kept.insert(name);
                }
                kept.extend(Some(end).filter(|end| begins && self.names.contains(*end)));
                kept.extend(Some(start).filter(|start| ends && self.names.contains(*start)));
            }
        }
        kept
    }
}

fn has_beginning(names: &BTreeSet<String>, part: &str) -> bool {
    let from = (Bound::Included(part), Bound::Unbounded);
    names.range::<str, _>(from).next().is_some_and(|name| name.starts_with(part))
}

fn reversed(text: &str) -> String {
    text.chars().rev().collect()
}
