//! Removing symbols and debug sections.

use std::ops::Range;

use crate::limits::Limits;
use crate::reader::widen;
use crate::source::Source;

use super::file::{ElfFile, read};
use super::section::Section;
use super::{Error, debug};

/// Longest run of zeros between two sections that is taken for padding: the largest page of any Android device.
const LONGEST_PADDING: u64 = 64 << 10;

/// A library without symbols and debug sections: the pieces, one after another, are its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stripped {
    /// What to write, in order.
    pub pieces: Vec<Piece>,
    /// Length of all pieces in bytes.
    pub len: u64,
    /// What is no longer there.
    pub removed: Vec<Removed>,
}

/// A run of bytes of the output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// The bytes of the source in this range.
    Copy(Range<u64>),
    /// These bytes.
    Bytes(Vec<u8>),
    /// That many zeros, where something was removed in front of something that must keep its offset.
    Zeros(u64),
}

/// A section that was removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removed {
    /// Its name; control characters escaped, long ones cut.
    pub name: String,
    /// Its length in the file, bytes.
    pub size: u64,
}

/// Removes the symbol table, debug sections, and what only these need. `None`: there is nothing to remove.
///
/// The source is read at its beginning and at its end; memory is bounded by the number of sections.
///
/// # Errors
/// Libraries that cannot be edited without a guess; see [`Error`].
pub fn strip(source: &dyn Source, limits: &Limits) -> Result<Option<Stripped>, Error> {
    let file = ElfFile::read(source, limits)?;
    let removed = debug::select(&file)?;
    if !removed.contains(&true) {
        return Ok(None);
    }
    let layout = Layout::plan(&file, &removed)?;
    layout.check_padding(source)?;
    Ok(Some(layout.write(&file, &removed)?))
}

/// A section that stays and is not fixed to its place.
struct Moved {
    number: usize,
    from: Range<u64>,
    to: u64,
}

/// Where everything goes. In front of `fixed_end` nothing moves, and what is removed becomes zeros; behind it stand only
/// sections that may move, and they close up.
struct Layout {
    fixed_end: u64,
    /// Removed bytes in front of `fixed_end`, in order and apart from each other.
    zeros: Vec<Range<u64>>,
    moved: Vec<Moved>,
    /// Bytes behind `fixed_end` that no header accounts for.
    gaps: Vec<Range<u64>>,
    table: u64,
}

/// A run of bytes and whose they are; `None` for file header, program headers and segments.
type Taken = (Range<u64>, Option<usize>);

impl Layout {
    fn plan(file: &ElfFile, removed: &[bool]) -> Result<Self, Error> {
        let numbered = || file.sections.iter().enumerate().zip(removed);
        let kept = || numbered().filter(|(_, gone)| !**gone).map(|(numbered, _)| numbered);
        let mut fixed_end = file.fixed().map(|range| range.end).max().unwrap_or_default();
        for (_, section) in kept().filter(|(_, section)| !may_move(file, section) && !section.range().is_empty()) {
            fixed_end = fixed_end.max(section.range().end);
        }
        let mut movable: Vec<(usize, Range<u64>)> = kept()
            .filter(|(_, section)| may_move(file, section))
            .map(|(number, section)| (number, section.range()))
            .collect();
        movable.sort_by_key(|(_, range)| (range.start, range.end));
        for (_, range) in &movable {
            if range.start < fixed_end {
                fixed_end = fixed_end.max(range.end);
            }
        }
        movable.retain(|(_, range)| range.start >= fixed_end);

        let gone: Vec<(usize, Range<u64>)> = numbered()
            .filter(|(_, gone)| **gone)
            .map(|((number, section), _)| (number, section.range()))
            .filter(|(_, range)| !range.is_empty())
            .collect();
        check_overlaps(file, removed, &gone)?;
        let zeros = union(gone.iter().map(|(_, range)| range.start..range.end.min(fixed_end)).collect());
        let gaps = gaps(file, fixed_end);
        let (moved, end) = close_up(file, movable, fixed_end)?;
        let table = align(end, file.header.class.word_length().into());
        Ok(Self { fixed_end, zeros, moved, gaps, table })
    }

    /// Nothing may be lost but padding.
    fn check_padding(&self, source: &dyn Source) -> Result<(), Error> {
        for gap in &self.gaps {
            let length = gap.end.saturating_sub(gap.start);
            let padding =
                length <= LONGEST_PADDING && read(source, gap.start, length, "padding")?.iter().all(|byte| *byte == 0);
            if !padding {
                return Err(Error::Undeclared { offset: gap.start, length });
            }
        }
        Ok(())
    }

    fn write(self, file: &ElfFile, removed: &[bool]) -> Result<Stripped, Error> {
        let mut sections: Vec<Section> = file.sections.clone();
        let mut names = Vec::new();
        for (section, _) in sections.iter_mut().zip(removed).filter(|(_, gone)| **gone) {
            names.push(Removed { name: file.shown_name(section), size: section.size });
            *section = Section::default();
        }
        for moved in &self.moved {
            if let Some(section) = sections.get_mut(moved.number) {
                section.offset = moved.to;
            }
        }
        let count = sections.iter().rposition(|section| *section != Section::default());
        sections.truncate(count.map_or(1, |last| last.saturating_add(1)));

        let no_room =
            || Error::Limit { what: "length of a 32-bit file in bytes", found: self.table, limit: u32::MAX.into() };
        let count = u16::try_from(sections.len()).unwrap_or(u16::MAX);
        let header = file.header.with_table(self.table, count).ok_or_else(no_room)?;
        let mut table = Vec::new();
        for section in &sections {
            section.write(&mut table, file.header.class).ok_or_else(no_room)?;
        }
        let mut pieces = Pieces::default();
        let mut copied = widen(header.len());
        pieces.bytes(header);
        for zeros in &self.zeros {
            pieces.copy(copied..zeros.start);
            pieces.zeros_up_to(zeros.end);
            copied = zeros.end;
        }
        pieces.copy(copied..self.fixed_end);
        for moved in self.moved {
            pieces.zeros_up_to(moved.to);
            pieces.copy(moved.from);
        }
        pieces.zeros_up_to(self.table);
        pieces.bytes(table);
        Ok(Stripped { pieces: pieces.pieces, len: pieces.length, removed: names })
    }
}

/// Sections of known meaning, which tools find by their headers alone. Anything else may be read at an offset that somebody
/// knows by heart.
fn may_move(file: &ElfFile, section: &Section) -> bool {
    const NAMES: [&[u8]; 4] = [b".comment", b".ARM.attributes", b".gnu.attributes", b".riscv.attributes"];
    let known = matches!(section.kind, Section::STRTAB | Section::NOTE) || NAMES.contains(&file.name(section));
    (known || section.range().is_empty()) && !section.is_loaded()
}

/// Removed bytes must belong to nothing that stays.
fn check_overlaps(file: &ElfFile, removed: &[bool], gone: &[(usize, Range<u64>)]) -> Result<(), Error> {
    let mut taken: Vec<Taken> = file.fixed().map(|range| (range, None)).collect();
    for ((number, section), _) in file.sections.iter().enumerate().zip(removed).filter(|(_, gone)| !**gone) {
        taken.push((section.range(), Some(number)));
    }
    taken.extend(gone.iter().map(|(number, range)| (range.clone(), Some(*number))));
    taken.retain(|(range, _)| !range.is_empty());
    taken.sort_by_key(|(range, _)| (range.start, range.end));
    let goes = |owner: Option<usize>| owner.is_some_and(|number| removed.get(number).copied().unwrap_or(false));
    // The furthest reaching of each kind so far, in the order of offsets.
    let (mut kept_reach, mut gone_reach): (Option<&Taken>, Option<&Taken>) = (None, None);
    for current in &taken {
        let (own, other) = if goes(current.1) { (&mut gone_reach, kept_reach) } else { (&mut kept_reach, gone_reach) };
        if let Some(other) = other.filter(|(range, _)| range.end > current.0.start) {
            return Err(Error::Overlap {
                what: owner(file, other.1),
                other: owner(file, current.1),
                offset: current.0.start,
            });
        }
        if own.is_none_or(|(range, _)| range.end < current.0.end) {
            *own = Some(current);
        }
    }
    Ok(())
}

fn owner(file: &ElfFile, number: Option<usize>) -> String {
    number.map_or_else(|| "a segment or header".to_owned(), |number| file.describe(number))
}

/// Ranges from `start` to the end of the file that no header accounts for, without what aligns the one behind them.
fn gaps(file: &ElfFile, start: u64) -> Vec<Range<u64>> {
    let mut declared: Vec<(Range<u64>, u64)> =
        file.sections.iter().map(|section| (section.range(), section.alignment)).collect();
    declared.push((file.table(), file.header.class.word_length().into()));
    declared.push((file.length..file.length, 0));
    declared.sort_by_key(|(range, _)| (range.start, range.end));
    let mut gaps = Vec::new();
    let mut covered = start;
    for (range, alignment) in declared.into_iter().filter(|(range, _)| !range.is_empty() || range.start == file.length)
    {
        let length = range.start.saturating_sub(covered);
        if length > 0 && align(covered, alignment.min(LONGEST_PADDING)) != range.start {
            gaps.push(covered..range.start);
        }
        covered = covered.max(range.end);
    }
    gaps
}

/// Places what may move one after another; nothing ever moves back.
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

/// The same bytes as ranges that are in order and apart from each other.
fn union(mut ranges: Vec<Range<u64>>) -> Vec<Range<u64>> {
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

#[derive(Default)]
struct Pieces {
    pieces: Vec<Piece>,
    length: u64,
}

impl Pieces {
    fn bytes(&mut self, bytes: Vec<u8>) {
        self.length = self.length.saturating_add(widen(bytes.len()));
        self.pieces.push(Piece::Bytes(bytes));
    }

    fn copy(&mut self, range: Range<u64>) {
        if !range.is_empty() {
            self.length = self.length.saturating_add(range.end.saturating_sub(range.start));
            self.pieces.push(Piece::Copy(range));
        }
    }

    fn zeros_up_to(&mut self, offset: u64) {
        if offset > self.length {
            self.pieces.push(Piece::Zeros(offset.saturating_sub(self.length)));
            self.length = offset;
        }
    }
}
