//! Whether two binaries are the same image but for code signatures, symbols that dyld does not need, and debug sections. Knows
//! nothing of how [`remake`](super::remake) works.

mod symbols;

use std::io;
use std::ops::Range;

use crate::limits::Limits;
use crate::pairs::first_refused;
use crate::reader::widen;
use crate::source::Source;

use super::command::{self, number};
use super::linkedit::{Table, TableKind};
use super::segment::{Segment, length_of};
use super::{Binary, Error, Slice};

/// Padding between tables that may be anything: linkers align them to at most eight bytes, signatures to sixteen.
const PADDING: u64 = 16;
/// Segments in memory are whole pages of this length.
const PAGE: u64 = 16 << 10;

/// The first thing found that is not as it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Difference {
    /// One of the sources failed; nothing is said about the binaries.
    #[error("reading a binary failed: {0}")]
    Io(#[from] io::Error),
    /// The binary before cannot be read.
    #[error("before: {0}")]
    Before(#[source] Error),
    /// The binary after cannot be read.
    #[error("after: {0}")]
    After(#[source] Error),
    /// The slices are for other processors, or for other purposes, or aligned otherwise, or there is another number of them.
    #[error("the slices are others")]
    Slices,
    /// A field of the header or of a load command besides those that stripping and signing change.
    #[error("slice {slice}: the load commands are others")]
    Commands {
        /// Its number, from 0 on.
        slice: usize,
    },
    /// A byte of something that stayed.
    #[error("slice {slice}: the byte at offset {before} before, {after} after, is another one")]
    Byte {
        /// Its number, from 0 on.
        slice: usize,
        /// Where the byte stands in the slice before.
        before: u64,
        /// Where it stands in the slice after.
        after: u64,
    },
    /// A table in `__LINKEDIT` has another length, or no place any more.
    #[error("slice {slice}: {table} has another length or place")]
    Table {
        /// The number of the slice, from 0 on.
        slice: usize,
        /// The table.
        table: String,
    },
    /// A symbol is another one, or one that is needed is gone, or there is one more.
    #[error("slice {slice}: symbol {symbol}: {what}")]
    Symbol {
        /// The number of the slice, from 0 on.
        slice: usize,
        /// The number of the symbol, or of the indirect symbol.
        symbol: usize,
        /// What is wrong.
        what: &'static str,
    },
    /// There is more than before.
    #[error("slice {slice}: bytes at offset {offset} were not there before")]
    Added {
        /// The number of the slice, from 0 on.
        slice: usize,
        /// Where they start in the slice.
        offset: u64,
    },
}

/// Checks that `after` is `before` with other signatures and without some of its symbols and debug sections: everything that dyld
/// maps in front of `__LINKEDIT`, each load command, and each table are as they were, and nothing was added.
///
/// Reads both sources front to back, after a look at their headers; memory is bounded by `limits`.
///
/// # Errors
/// The first difference.
pub fn same_image(before: &dyn Source, after: &dyn Source, limits: &Limits) -> Result<(), Difference> {
    let read = |source, wrap: fn(Error) -> Difference| Binary::read(source).map_err(|error| of(error, wrap));
    let old = read(before, Difference::Before)?;
    let new = read(after, Difference::After)?;
    if !same_slices(&old, &new) {
        return Err(Difference::Slices);
    }
    let mut end = new.fat.as_ref().map_or(0, super::fat::FatTable::length);
    for (number, (old, new)) in old.slices.iter().zip(&new.slices).enumerate() {
        check_zeros(after, end..new.range.start)?.map_or(Ok(()), |_| Err(Difference::Slices))?;
        let pair = Pair { number, before, after, old, new };
        pair.compare_commands()?;
        pair.compare_segments()?;
        pair.compare_tables()?;
        symbols::compare(&pair, limits)?;
        end = new.range.end;
    }
    if end == after.len() { Ok(()) } else { Err(Difference::Slices) }
}

/// Failures of the source say nothing about a binary.
fn of(error: Error, wrap: fn(Error) -> Difference) -> Difference {
    match error {
        Error::Io(error) => Difference::Io(error),
        other => wrap(other),
    }
}

fn same_slices(old: &Binary, new: &Binary) -> bool {
    let slices = |binary: &Binary| -> Vec<_> { binary.slices.iter().map(|slice| (slice.cpu, slice.kind)).collect() };
    let table = |binary: &Binary| -> Option<(bool, Vec<_>)> {
        let fat = binary.fat.as_ref()?;
        Some((fat.wide, fat.entries.iter().map(|entry| (entry.cpu, entry.alignment)).collect()))
    };
    slices(old) == slices(new) && table(old) == table(new)
}

/// How far behind the beginning of a range its first byte stands that is not zero.
fn check_zeros(source: &dyn Source, range: Range<u64>) -> io::Result<Option<u64>> {
    let nothing: &[u8] = &[];
    first_refused(&nothing, 0, source, range, |_, byte| byte == 0)
}

/// A slice before and after.
struct Pair<'a> {
    number: usize,
    before: &'a dyn Source,
    after: &'a dyn Source,
    old: &'a Slice,
    new: &'a Slice,
}

impl Pair<'_> {
    fn compare_commands(&self) -> Result<(), Difference> {
        let slice = self.number;
        let old = settled(self.old).map_err(|error| of(error, Difference::Before))?;
        let new = settled(self.new).map_err(|error| of(error, Difference::After))?;
        let signed_still = self.new.signature.is_some() || self.old.signature.is_none();
        let same = old == new && signed_still && self.same_lengths();
        if same { Ok(()) } else { Err(Difference::Commands { slice }) }
    }

    /// Whether the lengths that may change are the old ones, or what they have to be.
    fn same_lengths(&self) -> bool {
        let of = |slice: &Slice, name| slice.segment(name).cloned();
        let linkedit = match (of(self.old, Segment::LINKEDIT), of(self.new, Segment::LINKEDIT)) {
            (Some(old), Some(new)) => {
                let pages = length_of(&new.file).checked_next_multiple_of(PAGE);
                (&old.file, old.memory_size) == (&new.file, new.memory_size) || Some(new.memory_size) == pages
            }
            (old, new) => old.is_none() && new.is_none(),
        };
        let sections = |slice| of(slice, Segment::DWARF).map_or_else(Vec::new, |segment| segment.sections);
        let mut debug = sections(self.old).into_iter().zip(sections(self.new));
        linkedit && debug.all(|(old, new)| new.file.is_empty() || old.file == new.file)
    }

    /// Everything in front of `__LINKEDIT` stands where it stood; debug sections may have become zeros.
    fn compare_segments(&self) -> Result<(), Difference> {
        let end = match self.old.segment(Segment::LINKEDIT) {
            Some(linkedit) => linkedit.file.start,
            None if self.new.length() != self.old.length() => return Err(Difference::Slices),
            None => self.old.length(),
        };
        // One command more or less: what stands behind the shorter commands is padding.
        let commands = widen(self.new.head.len());
        let mut position = widen(self.old.head.len()).max(commands).min(end);
        if let Some(distance) = check_zeros(self.after, self.new.in_file(commands..position))? {
            return Err(Difference::Added { slice: self.number, offset: commands.saturating_add(distance) });
        }
        let mut blank: Vec<Range<u64>> = self.old.segment(Segment::DWARF).map_or_else(Vec::new, |segment| {
            segment.sections.iter().map(|section| section.file.clone()).filter(|range| !range.is_empty()).collect()
        });
        blank.sort_by_key(|range| range.start);
        for range in blank {
            self.compare_in_place(position..range.start.min(end), |_| false)?;
            self.compare_in_place(range.start.max(position)..range.end.min(end), |new| new == 0)?;
            position = position.max(range.end);
        }
        self.compare_in_place(position..end, |_| false)
    }

    fn compare_in_place(&self, range: Range<u64>, accepts: impl Fn(u8) -> bool) -> Result<(), Difference> {
        if range.start >= range.end {
            return Ok(());
        }
        self.compare_bytes(range.clone(), range, accepts)
    }

    /// Compares bytes of the slice before with bytes of the slice after; those that `accepts` may have changed.
    fn compare_bytes(&self, old: Range<u64>, new: Range<u64>, accepts: impl Fn(u8) -> bool) -> Result<(), Difference> {
        let from = self.old.in_file(old.clone()).start;
        let same = |old: Option<u8>, new: u8| old == Some(new) || accepts(new);
        match first_refused(self.before, from, self.after, self.new.in_file(new.clone()), same)? {
            Some(distance) => Err(Difference::Byte {
                slice: self.number,
                before: old.start.saturating_add(distance),
                after: new.start.saturating_add(distance),
            }),
            None => Ok(()),
        }
    }

    /// Each table that refers to no symbol by number has the bytes it had, and between the tables there is nothing.
    fn compare_tables(&self) -> Result<(), Difference> {
        let tables = |slice: &Slice| -> Vec<Table> {
            slice.tables.iter().filter(|table| table.kind != TableKind::CodeSignature).cloned().collect()
        };
        for (old, new) in tables(self.old).iter().zip(&tables(self.new)) {
            // Empty ones have a place as well, or none.
            let placed = (old.range.start == 0) == (new.range.start == 0) && new.range.start <= self.new.length();
            let symbols = !matches!(old.kind, TableKind::Plain | TableKind::NumbersSymbols);
            if !placed || !(symbols || length_of(&old.range) == length_of(&new.range)) {
                return Err(Difference::Table { slice: self.number, table: old.describe() });
            }
            if symbols {
                continue;
            }
            self.compare_bytes(old.range.clone(), new.range.clone(), |_| false)?;
        }
        self.check_gaps()
    }

    fn check_gaps(&self) -> Result<(), Difference> {
        let Some(linkedit) = self.new.segment(Segment::LINKEDIT) else { return Ok(()) };
        let mut ranges: Vec<Range<u64>> = self.new.tables.iter().map(|table| table.range.clone()).collect();
        ranges.retain(|range| !range.is_empty());
        ranges.push(linkedit.file.end..linkedit.file.end);
        ranges.sort_by_key(|range| (range.start, range.end));
        let mut covered = linkedit.file.start;
        for range in ranges {
            let length = range.start.saturating_sub(covered);
            // Longer gaps that were there before stay what they were.
            if length >= PADDING {
                let gap = covered..range.start;
                self.compare_bytes(gap.clone(), gap, |new| new == 0)
                    .map_err(|_| Difference::Added { slice: self.number, offset: covered })?;
            }
            covered = covered.max(range.end);
        }
        Ok(())
    }
}

/// Header and load commands without what stripping and signing change.
fn settled(slice: &Slice) -> Result<Vec<u8>, Error> {
    let mut head = slice.head.clone();
    let mut signature = None;
    // Number and length of the commands.
    blank(&mut head, 16, 8);
    for table in slice.tables.iter().filter(|table| table.kind != TableKind::CodeSignature) {
        // What stands nowhere still has to.
        if table.range.start > 0 {
            blank(&mut head, table.field, 4);
        }
    }
    for command in command::read(&slice.head, &slice.header)? {
        let at = |field: u64| command.offset.saturating_add(field);
        match command.number {
            number::SYMTAB => {
                blank(&mut head, at(12), 4);
                blank(&mut head, at(20), 4);
            }
            number::DYSYMTAB => blank(&mut head, at(8), 24),
            number::CODE_SIGNATURE => signature = Some(command.offset),
            _ => {}
        }
    }
    let word = if slice.is_wide() { 8 } else { 4 };
    if let Some(linkedit) = slice.segment(Segment::LINKEDIT) {
        blank(&mut head, linkedit.memory_size_field(slice.header.width), word);
        blank(&mut head, linkedit.file_size_field(slice.header.width), word);
    }
    if let Some(debug) = slice.segment(Segment::DWARF) {
        for number in 0..debug.sections.len() {
            blank(&mut head, debug.section_size_field(number, slice.header.width), word);
        }
    }
    if let Some(start) = signature.and_then(|offset| usize::try_from(offset).ok()) {
        head.drain(start..start.saturating_add(16).min(head.len()));
    }
    Ok(head)
}

fn blank(head: &mut [u8], offset: u64, length: usize) {
    let start = usize::try_from(offset).unwrap_or(usize::MAX);
    if let Some(field) = head.get_mut(start..start.saturating_add(length)) {
        field.fill(0);
    }
}
