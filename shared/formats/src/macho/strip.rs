//! Removing symbols and debug sections, and closing up the tables of `__LINKEDIT`.

use std::mem::take;

use crate::limits::Limits;
use crate::piece::Pieces;
use crate::reader::widen;
use crate::source::Source;

use super::command::{self, number, put_u32, put_word};
use super::linkedit::{Table, TableKind};
use super::segment::Segment;
use super::symbols::{Kept, select};
use super::{Error, Removed, Slice};

/// What every linker aligns its tables to at most.
const ALIGNMENT: u64 = 8;
/// Signatures are aligned to 16, so that in front of them there is more padding than between tables.
const LONGEST_PADDING: u64 = 15;

/// Appends to `body` what follows the head of `slice` up to its signature, without what is not needed, and corrects the head.
/// Returns what was removed.
pub(super) fn strip(
    source: &dyn Source,
    slice: &Slice,
    limits: &Limits,
    head: &mut [u8],
    body: &mut Pieces,
) -> Result<Vec<Removed>, Error> {
    let mut removed = Vec::new();
    let mut remove = |what, count| {
        if count > 0 {
            removed.push(Removed { cpu: slice.cpu, what, count });
        }
    };
    remove("debug sections", blank_debug_sections(slice, head, body)?);
    if let Some(kept) = select(source, slice, limits)? {
        remove("debugging symbols", kept.debugging);
        remove("symbols", kept.others);
        replace_symbols(slice, kept, head, body)?;
    } else {
        body.copy(slice.in_file(body.length..slice.content_end()));
    }
    Ok(removed)
}

/// Turns debug sections into zeros and makes them empty. Their segment stays, so that nothing behind it moves.
fn blank_debug_sections(slice: &Slice, head: &mut [u8], body: &mut Pieces) -> Result<u64, Error> {
    let Some(segment) = slice.segment(Segment::DWARF) else { return Ok(0) };
    let mut sections: Vec<_> = segment.sections.iter().enumerate().collect();
    sections.retain(|(_, section)| !section.file.is_empty());
    sections.sort_by_key(|(_, section)| section.file.start);
    for (number, section) in &sections {
        put_word(head, segment.section_size_field(*number, slice.header.width), 0, slice.header.width)?;
        if section.file.start > body.length {
            body.copy(slice.in_file(body.length..section.file.start));
        }
        body.zeros_up_to(section.file.end);
    }
    Ok(widen(sections.len()))
}

fn replace_symbols(slice: &Slice, kept: Kept, head: &mut [u8], body: &mut Pieces) -> Result<(), Error> {
    check(slice)?;
    let fixed = first_changed(slice);
    body.copy(slice.in_file(body.length..fixed));
    put_counts(slice, &kept, head)?;
    let Kept { mut symbols, mut indirect, mut strings, .. } = kept;
    for table in moved(slice, fixed)? {
        body.zeros_up_to(body.length.checked_next_multiple_of(ALIGNMENT).unwrap_or(u64::MAX));
        let Ok(place) = u32::try_from(body.length) else {
            let what = "length of a slice in bytes";
            return Err(Error::Limit { what, found: body.length, limit: u32::MAX.into() });
        };
        put_u32(head, table.field, place);
        match table.kind {
            TableKind::Symbols => body.bytes(take(&mut symbols)),
            TableKind::IndirectSymbols => body.bytes(take(&mut indirect)),
            TableKind::Strings => body.bytes(take(&mut strings)),
            _ => body.copy(slice.in_file(table.range.clone())),
        }
    }
    Ok(())
}

/// Refuses slices with something that may refer to what would be moved or renumbered.
fn check(slice: &Slice) -> Result<(), Error> {
    if let Some((command, offset)) = slice.unknown {
        return Err(Error::UnknownCommand { command, offset });
    }
    let numbers = slice.tables.iter().find(|table| table.kind == TableKind::NumbersSymbols && !table.range.is_empty());
    if let Some(table) = numbers {
        let found = table.range.start;
        return Error::invalid(
            table.name,
            table.field,
            found,
            "a table that refers to symbols by number is not supported",
        );
    }
    if let Some(segment) = slice.segments.iter().find(|segment| segment.has_relocations()) {
        return Error::invalid("nreloc", segment.command, 1, "sections of linked binaries have no relocations");
    }
    Ok(())
}

/// Where the first of the three tables stands.
fn first_changed(slice: &Slice) -> u64 {
    let changed = slice.tables.iter().filter(|table| {
        matches!(table.kind, TableKind::Symbols | TableKind::Strings | TableKind::IndirectSymbols)
            && !table.range.is_empty()
    });
    changed.map(|table| table.range.start).min().unwrap_or_default()
}

/// The tables from `start` on in their order, empty ones as well; between them there is nothing but padding.
fn moved(slice: &Slice, start: u64) -> Result<Vec<&Table>, Error> {
    let end = slice.content_end();
    let behind = |table: &&Table| table.range.start >= start && table.kind != TableKind::CodeSignature;
    let mut tables: Vec<&Table> = slice.tables.iter().filter(behind).collect();
    tables.sort_by_key(|table| (table.range.start, table.range.end));
    let mut covered = start;
    let ranges = tables.iter().filter(|table| !table.range.is_empty()).map(|table| table.range.clone());
    for range in ranges.chain(std::iter::once(end..end)) {
        let length = range.start.saturating_sub(covered);
        if length > LONGEST_PADDING {
            return Err(Error::Undeclared { offset: covered, length });
        }
        covered = covered.max(range.end);
    }
    Ok(tables)
}

/// Corrects the lengths of the tables, and the numbers of the first symbols of each group.
fn put_counts(slice: &Slice, kept: &Kept, head: &mut [u8]) -> Result<(), Error> {
    let [locals, defined, undefined] = kept.counts;
    let externals = locals.saturating_add(defined);
    let strings = u32::try_from(widen(kept.strings.len())).unwrap_or(u32::MAX);
    for command in command::read(&slice.head, &slice.header)? {
        let at = |field: u64| command.offset.saturating_add(field);
        match command.number {
            number::SYMTAB => {
                put_u32(head, at(12), externals.saturating_add(undefined));
                put_u32(head, at(20), strings);
            }
            number::DYSYMTAB => {
                for (field, value) in
                    [(8, 0), (12, locals), (16, locals), (20, defined), (24, externals), (28, undefined)]
                {
                    put_u32(head, at(field), value);
                }
            }
            _ => {}
        }
    }
    Ok(())
}
