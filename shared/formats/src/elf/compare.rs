//! Whether two files are the same library but for symbols and debug sections. Knows nothing of how [`strip`](super::strip) works.

use std::io;
use std::ops::Range;

use crate::limits::Limits;
use crate::pairs::first_refused;
use crate::source::Source;

use super::file::ElfFile;
use super::section::Section;
use super::{Error, debug};

/// The first thing found that is not as it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Difference {
    /// One of the sources failed; nothing is said about the libraries.
    #[error("reading a library failed: {0}")]
    Io(#[from] io::Error),
    /// The library before cannot be read.
    #[error("before: {0}")]
    Before(#[source] Error),
    /// The library after cannot be read.
    #[error("after: {0}")]
    After(#[source] Error),
    /// A field of the file header besides place and length of the section header table.
    #[error("the file header is another one")]
    Header,
    /// A program header.
    #[error("the program headers are others")]
    Segments,
    /// A byte of something that stayed.
    #[error("the byte at offset {before} before, {after} after, is another one")]
    Byte {
        /// Its offset in the library before.
        before: u64,
        /// Its offset in the library after.
        after: u64,
    },
    /// A section that is neither debug information nor a symbol table is gone.
    #[error("{0} is gone")]
    Gone(String),
    /// The header of a section says something else.
    #[error("the header of {0} is another one")]
    Section(String),
    /// There is more than before.
    #[error("{what} at offset {offset} was not there before")]
    Added {
        /// What is new.
        what: String,
        /// Where it starts, in the library after.
        offset: u64,
    },
}

/// Checks that `after` is `before` without some of its symbols and debug sections: file header, program headers, everything
/// these cover, and each other section are as they were, and nothing was added.
///
/// Reads both sources front to back, after a look at their ends, in constant memory and in time proportional to their length.
///
/// # Errors
/// The first difference.
pub fn same_image(before: &dyn Source, after: &dyn Source, limits: &Limits) -> Result<(), Difference> {
    let read = |source, wrap: fn(Error) -> Difference| {
        ElfFile::read(source, limits).map_err(|error| match error {
            Error::Io(error) => Difference::Io(error),
            other => wrap(other),
        })
    };
    let old = read(before, Difference::Before)?;
    let new = read(after, Difference::After)?;
    let expected = old.header.with_table(new.header.sections_offset, new.header.section_count);
    if expected.as_ref() != Some(&new.header.bytes) {
        return Err(Difference::Header);
    }
    if old.segment_bytes != new.segment_bytes {
        return Err(Difference::Segments);
    }
    let moved = compare_sections(&old, &new)?;
    compare_in_place(before, after, &new, &moved)?;
    for (from, to) in &moved {
        compare_bytes(before, from.start, after, to.clone())?;
    }
    Ok(())
}

type Move = (Range<u64>, Range<u64>);

/// Compares the headers, number by number; returns where the contents that moved stood and stand.
fn compare_sections(old: &ElfFile, new: &ElfFile) -> Result<Vec<Move>, Difference> {
    if let Some(added) = new.sections.get(old.sections.len()) {
        let what = new.describe(old.sections.len());
        return Err(Difference::Added { what, offset: added.range().start });
    }
    let mut moved = Vec::new();
    for (number, section) in old.sections.iter().enumerate() {
        let now = new.sections.get(number).copied().unwrap_or_default();
        if now == Section::default() {
            if !may_go(old, section) {
                return Err(Difference::Gone(old.describe(number)));
            }
            continue;
        }
        // A static executable's own relocations may lose the symbol table that they name but do not need.
        let unlinked = section.is_relocation() && now.link == 0 && is_gone(old, new, section.link);
        let link = if unlinked { section.link } else { now.link };
        let as_before = Section { offset: section.offset, link, ..now };
        let stays = section.is_loaded() || section.kind == Section::NULL;
        if as_before != *section || (stays && now.offset != section.offset) {
            return Err(Difference::Section(old.describe(number)));
        }
        if now.offset != section.offset && !now.range().is_empty() {
            moved.push((section.range(), now.range()));
        }
    }
    moved.sort_by_key(|(_, to)| (to.start, to.end));
    for pair in moved.windows(2) {
        if let [(_, first), (_, second)] = pair
            && second.start < first.end
        {
            return Err(Difference::Added { what: "an overlap of sections".to_owned(), offset: second.start });
        }
    }
    Ok(moved)
}

/// Whether there was a section of this number, and no longer is.
fn is_gone(old: &ElfFile, new: &ElfFile, number: u32) -> bool {
    let of = |file: &ElfFile| usize::try_from(number).ok().and_then(|number| file.sections.get(number)).copied();
    of(old).unwrap_or_default() != Section::default() && of(new).unwrap_or_default() == Section::default()
}

/// What no program needs once it is linked.
fn may_go(file: &ElfFile, section: &Section) -> bool {
    let unneeded = section.kind == Section::NULL || section.is_relocation() || section.kind == Section::STRTAB;
    !section.is_loaded() && (unneeded || debug::is_debug(file, section))
}

/// Compares everything that kept its offset. What belongs to nothing must be zero or what stood there before.
fn compare_in_place(before: &dyn Source, after: &dyn Source, new: &ElfFile, moved: &[Move]) -> Result<(), Difference> {
    let header = u64::from(new.header.class.header_length());
    let elsewhere = moved.iter().map(|(_, to)| to.clone()).chain([0..header, new.table()]);
    let mut ranges: Vec<(Range<u64>, bool)> = elsewhere.map(|range| (range, false)).collect();
    let same_place = |range: &Range<u64>| moved.binary_search_by_key(&range.start, |(_, to)| to.start).is_err();
    let sections = new.sections.iter().map(Section::range).filter(same_place);
    // Without the file header, which was compared; the first segment usually covers it.
    let in_place = new.fixed().chain(sections).map(|range| range.start.max(header)..range.end);
    ranges.extend(in_place.map(|range| (range, true)));
    ranges.retain(|(range, _)| !range.is_empty());
    ranges.sort_by_key(|(range, _)| (range.start, range.end));
    let mut checked = 0;
    for (range, same) in ranges {
        if range.start > checked {
            check_free(before, after, checked..range.start)?;
        }
        let rest = range.start.max(checked)..range.end;
        if same && !rest.is_empty() {
            compare_bytes(before, rest.start, after, rest)?;
        }
        checked = checked.max(range.end);
    }
    check_free(before, after, checked..new.length)
}

fn compare_bytes(before: &dyn Source, from: u64, after: &dyn Source, range: Range<u64>) -> Result<(), Difference> {
    let start = range.start;
    match first_refused(before, from, after, range, |old, new| old == Some(new))? {
        Some(distance) => {
            Err(Difference::Byte { before: from.saturating_add(distance), after: start.saturating_add(distance) })
        }
        None => Ok(()),
    }
}

fn check_free(before: &dyn Source, after: &dyn Source, range: Range<u64>) -> Result<(), Difference> {
    let start = range.start;
    match first_refused(before, start, after, range, |old, new| new == 0 || old == Some(new))? {
        Some(distance) => {
            Err(Difference::Added { what: "a byte of nothing".to_owned(), offset: start.saturating_add(distance) })
        }
        None => Ok(()),
    }
}
