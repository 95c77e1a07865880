//! Whether two files mean the same, debug information aside: every index is resolved to what it stands for, on each side alone.
//!
//! This shares the reader with the writer, but nothing of how the writer gives new indices and places.

mod annotations;
mod class;
mod code;
mod meaning;
mod pairs;

use super::error::Error;
use super::map::Kind;
use super::tables::count;
use super::{Dex, Header, value};
use crate::limits::Limits;

use meaning::{Meanings, Side};
use pairs::Pairs;

/// What [`same_code`] found beside the sameness.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Same {
    /// Methods of the second file that still have debug information, or debug items, whichever are more.
    pub debug_infos: u32,
    /// Classes of the second file that still name their source file.
    pub source_files: u32,
}

/// The first thing in which two files differ, debug information aside.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Difference {
    /// One of the files cannot be read.
    #[error("the {which} file: {error}")]
    Unreadable {
        /// "first" or "second".
        which: &'static str,
        /// Why.
        error: Error,
    },
    /// They say different things.
    #[error("{place}: {before} became {after}")]
    Differs {
        /// Class, member and instruction.
        place: String,
        /// What the first file says.
        before: String,
        /// What the second file says.
        after: String,
    },
}

/// Whether two files mean the same apart from line tables, names of local variables and source files: the same classes in the same
/// order with the same members, code, constants and annotations. Takes time proportional to the length of both.
///
/// # Errors
/// The first difference.
pub fn same_code(before: &[u8], after: &[u8], limits: &Limits) -> Result<Same, Difference> {
    let parse = |which, bytes| Dex::parse(bytes, limits).map_err(|error| Difference::Unreadable { which, error });
    let after_dex = parse("second", after)?;
    let same = after_dex.left();
    if before == after {
        return Ok(same);
    }
    signatures(before, after)?;
    let mut meanings = Meanings::default();
    let before = Side::new("first", parse("first", before)?, &mut meanings)?;
    let after = Side::new("second", after_dex, &mut meanings)?;
    drop(meanings);
    Comparison { before, after, pairs: Pairs::default(), levels: value::Levels::new(limits.depth) }.files()?;
    Ok(same)
}

/// A right signature must not become a wrong one.
fn signatures(before: &[u8], after: &[u8]) -> Result<(), Difference> {
    let is_right = |bytes| Header::check(bytes).is_ok_and(|header| header.signature_matches);
    if is_right(after) || !is_right(before) { Ok(()) } else { Err(differs("signature", "right", "wrong")) }
}

impl Dex<'_> {
    /// How much debug information there is.
    fn left(&self) -> Same {
        let items = self.section(Kind::DebugInfo).map_or(0, |section| section.count);
        Same { debug_infos: self.survey.debugged.max(items), source_files: self.survey.source_files }
    }
}

/// Two files and what was already found to be the same in them.
struct Comparison<'a> {
    before: Side<'a>,
    after: Side<'a>,
    pairs: Pairs,
    levels: value::Levels,
}

impl Comparison<'_> {
    fn files(mut self) -> Result<(), Difference> {
        let versions = [&self.before, &self.after].map(|side| u32::from(side.dex.version()));
        number("version", versions)?;
        let [before, after] = [&self.before, &self.after].map(|side| side.dex.trailing());
        if before != after {
            return Err(differs("bytes behind the last item", before.len(), after.len()));
        }
        self.method_handles()?;
        self.call_sites()?;
        self.classes()?;
        self.hidden_api()
    }

    fn method_handles(&self) -> Result<(), Difference> {
        let [before, after] = [&self.before, &self.after].map(|side| side.dex.tables.handles);
        number("number of method handles", [count(before), count(after)])?;
        for index in 0..count(before) {
            self.index(value::Pool::Handle, index, index)
                .map_err(|difference| difference.within(|| format!("method handle {index}")))?;
        }
        Ok(())
    }

    fn call_sites(&mut self) -> Result<(), Difference> {
        let [before, after] = [&self.before, &self.after].map(|side| side.dex.tables.call_sites);
        number("number of call sites", [count(before), count(after)])?;
        for (index, (before, after)) in before.iter().zip(after).enumerate() {
            let [before, after] = [before, after].map(|offset| u32::from_le_bytes(*offset));
            self.items("arguments", before, after, Self::array)
                .map_err(|difference| difference.within(|| format!("call site {index}")))?;
        }
        Ok(())
    }

    /// Flags in the order of the classes and their members, by which the platform hides its own from apps: nothing in them is an
    /// index or an offset in the file.
    fn hidden_api(&self) -> Result<(), Difference> {
        let [before, after] = [&self.before, &self.after].map(|side| side.dex.section_bytes(Kind::HiddenApi));
        match before.iter().zip(after).position(|(before, after)| before != after) {
            None if before.len() == after.len() => Ok(()),
            None => Err(differs("bytes of hidden API data", before.len(), after.len())),
            Some(place) => Err(differs("hidden API data", format!("byte {place}"), "another")),
        }
    }

    /// Whether two items are the same, compared only if that does not follow from what was compared before. 0 is no item.
    fn items(
        &mut self,
        what: &'static str,
        before: u32,
        after: u32,
        compare: fn(&mut Self, u32, u32) -> Result<(), Difference>,
    ) -> Result<(), Difference> {
        let there = |offset: u32| if offset == 0 { "nothing" } else { "something" };
        if (before == 0) != (after == 0) {
            return Err(differs(what, there(before), there(after)));
        }
        if before == 0 || self.pairs.known(before, after) {
            return Ok(());
        }
        compare(self, before, after).map_err(|difference| difference.within(|| what.to_owned()))?;
        self.pairs.unite(before, after);
        Ok(())
    }

    /// Whether two indices stand for the same.
    fn index(&self, pool: value::Pool, before: u32, after: u32) -> Result<(), Difference> {
        match (self.before.meaning(pool, before), self.after.meaning(pool, after)) {
            (Some(before), Some(after)) if before == after => Ok(()),
            // Both stand for nothing.
            (None, None) if before == after => Ok(()),
            _ => Err(differs("reference", self.before.dex.show(pool, before), self.after.dex.show(pool, after))),
        }
    }
}

impl Difference {
    /// Says what the place is part of.
    fn within(self, outer: impl FnOnce() -> String) -> Self {
        match self {
            Self::Differs { place, before, after } => {
                Self::Differs { place: format!("{}: {place}", outer()), before, after }
            }
            unreadable @ Self::Unreadable { .. } => unreadable,
        }
    }
}

fn differs(place: impl ToString, before: impl ToString, after: impl ToString) -> Difference {
    Difference::Differs { place: place.to_string(), before: before.to_string(), after: after.to_string() }
}

fn number(place: &'static str, [before, after]: [u32; 2]) -> Result<(), Difference> {
    if before == after { Ok(()) } else { Err(differs(place, before, after)) }
}
