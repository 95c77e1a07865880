//! Where everything goes once sections are removed.

use std::ops::Range;

use crate::source::Source;

use super::Error;
use super::debug::Removal;
use super::file::{ElfFile, read};
use super::section::Section;

/// Longest run of zeros between two sections that is taken for padding: the largest page of any Android device.
const LONGEST_PADDING: u64 = 64 << 10;

/// In front of `fixed_end` nothing moves, and what is removed becomes zeros; behind it stand only sections that may move, and
/// these close up.
pub(super) struct Layout {
    pub(super) fixed_end: u64,
    /// Removed bytes in front of `fixed_end`, in order and apart from each other.
    pub(super) zeros: Vec<Range<u64>>,
    /// In the order of the file.
    pub(super) moved: Vec<Moved>,
    /// Where the section headers go.
    pub(super) table: u64,
}

/// A section behind the fixed part.
pub(super) struct Moved {
    pub(super) number: usize,
    pub(super) from: Range<u64>,
    pub(super) to: u64,
}

impl Layout {
    /// # Errors
    /// Where bytes belong to something that goes and to something that stays, or to nothing.
    pub(super) fn plan(source: &dyn Source, file: &ElfFile, removal: &Removal) -> Result<Self, Error> {
        check_overlaps(file, removal)?;
        let pinned =
            removal.kept(file).filter(|(_, section)| !may_move(file, section)).map(|(_, section)| section.range());
        let fixed = file.fixed().chain(pinned).filter(|range| !range.is_empty());
        let mut fixed_end = fixed.map(|range| range.end).max().unwrap_or_default();
        let mut movable: Vec<(usize, Range<u64>)> = removal
            .kept(file)
            .filter(|(_, section)| may_move(file, section))
            .map(|(number, section)| (number, section.range()))
            .collect();
        movable.sort_by_key(|(_, range)| (range.start, range.end));
        // What starts in front of something fixed stays with it.
        for (_, range) in &movable {
            if range.start < fixed_end {
                fixed_end = fixed_end.max(range.end);
            }
        }
        movable.retain(|(_, range)| range.start >= fixed_end);
        let (moved, end) = close_up(file, movable, fixed_end)?;
        check_gaps(source, file, fixed_end)?;
        let zeros = union(removal.gone(file).map(|(_, section)| section.range()), fixed_end);
        Ok(Self { fixed_end, zeros, moved, table: align(end, file.header.class.word_length().into()) })
    }
}

/// Sections of known meaning, which tools find by their headers alone. Anything else may be read at an offset that somebody
/// knows by heart.
fn may_move(file: &ElfFile, section: &Section) -> bool {
    const NAMES: [&[u8]; 4] = [b".comment", b".ARM.attributes", b".gnu.attributes", b".riscv.attributes"];
    let known = matches!(section.kind, Section::STRTAB | Section::NOTE) || NAMES.contains(&file.name(section));
    (known || section.range().is_empty()) && !section.is_loaded() && section.kind != Section::NULL
}

/// Removed bytes must belong to nothing that stays.
fn check_overlaps(file: &ElfFile, removal: &Removal) -> Result<(), Error> {
    /// A range, whether it goes, and its section; none for headers and segments.
    type Taken = (Range<u64>, bool, Option<usize>);
    let numbered = |(number, section): (usize, &Section), goes| (section.range(), goes, Some(number));
    let mut taken: Vec<Taken> = file.fixed().map(|range| (range, false, None)).collect();
    taken.extend(removal.kept(file).map(|section| numbered(section, false)));
    taken.extend(removal.gone(file).map(|section| numbered(section, true)));
    taken.retain(|(range, _, _)| !range.is_empty());
    taken.sort_by_key(|(range, _, _)| (range.start, range.end));

    let describe = |(_, _, number): &Taken| {
        number.map_or_else(|| "a header or segment".to_owned(), |number| file.describe(number))
    };
    // Of each kind, what reaches furthest so far.
    let (mut kept, mut gone): (Option<&Taken>, Option<&Taken>) = (None, None);
    for current in &taken {
        let (range, goes, _) = current;
        let (own, other) = if *goes { (&mut gone, kept) } else { (&mut kept, gone) };
        if let Some(other) = other.filter(|(other, _, _)| other.end > range.start) {
            return Err(Error::Overlap { what: describe(other), other: describe(current), offset: range.start });
        }
        if own.is_none_or(|(furthest, _, _)| furthest.end < range.end) {
            *own = Some(current);
        }
    }
    Ok(())
}

/// Behind `start`, nothing may be lost but padding: what aligns the section behind it, or zeros.
fn check_gaps(source: &dyn Source, file: &ElfFile, start: u64) -> Result<(), Error> {
    let mut declared: Vec<(Range<u64>, u64)> =
        file.sections.iter().map(|section| (section.range(), section.alignment)).collect();
    declared.push((file.table(), file.header.class.word_length().into()));
    declared.retain(|(range, _)| !range.is_empty());
    declared.push((file.length..file.length, 1));
    declared.sort_by_key(|(range, _)| (range.start, range.end));
    let mut covered = start;
    for (range, alignment) in declared {
        let length = range.start.saturating_sub(covered);
        let aligns = align(covered, alignment.min(LONGEST_PADDING)) == range.start;
        if length > 0 && !aligns && !is_zero(source, covered, length)? {
            return Err(Error::Undeclared { offset: covered, length });
        }
        covered = covered.max(range.end);
    }
    Ok(())
}

fn is_zero(source: &dyn Source, offset: u64, length: u64) -> Result<bool, Error> {
    Ok(length <= LONGEST_PADDING && read(source, offset, length, "padding")?.iter().all(|byte| *byte == 0))
}

/// Places what may move one after another, and says where the last one ends. Nothing ever moves back.
fn close_up(file: &ElfFile, movable: Vec<(usize, Range<u64>)>, start: u64) -> Result<(Vec<Moved>, u64), Error> {
    let mut end = start;
    let mut previous = None;
    let mut moved = Vec::new();
    for (number, from) in movable {
        if from.is_empty() {
            moved.push(Moved { number, to: end.min(from.start), from });
            continue;
        }
        if let Some((previous, _)) = previous.replace((number, from.end)).filter(|(_, end)| *end > from.start) {
            let (what, other) = (file.describe(previous), file.describe(number));
            return Err(Error::Overlap { what, other, offset: from.start });
        }
        let alignment = file.sections.get(number).map_or(1, |section| section.alignment);
        let to = align(end, alignment).min(from.start);
        end = to.saturating_add(from.end.saturating_sub(from.start));
        moved.push(Moved { number, from, to });
    }
    Ok((moved, end))
}

fn align(offset: u64, alignment: u64) -> u64 {
    offset.checked_next_multiple_of(alignment.max(1)).unwrap_or(u64::MAX)
}

/// The bytes of `ranges` in front of `end`, as ranges that are in order and apart from each other.
fn union(ranges: impl Iterator<Item = Range<u64>>, end: u64) -> Vec<Range<u64>> {
    let mut ranges: Vec<Range<u64>> = ranges.map(|range| range.start..range.end.min(end)).collect();
    ranges.retain(|range| !range.is_empty());
    ranges.sort_by_key(|range| range.start);
    let mut union: Vec<Range<u64>> = Vec::new();
    for range in ranges {
        match union.last_mut().filter(|last| last.end >= range.start) {
            Some(last) => last.end = last.end.max(range.end),
            None => union.push(range),
        }
    }
    union
}
