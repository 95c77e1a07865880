//! Which symbols dyld needs, and the tables without the others.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::limits::Limits;
use crate::reader::{Reader, widen};
use crate::source::Source;

use super::error::at_most;
use super::fat;
use super::header::{FileKind, Width};
use super::linkedit::{Table, TableKind};
use super::segment::length_of;
use super::{Error, Slice};

/// In the indirect symbol table: of no symbol, because it is local, absolute or both.
const NO_SYMBOL: u32 = 0xC000_0000;
/// Bytes of the string table that are read at a time.
const CHUNK: u64 = 128 << 10;
/// An empty name at offset 1, as ld writes it: offset 0 means that there is no name.
const FIRST_STRINGS: [u8; 2] = *b" \0";
/// What strip calls the symbol that it puts in front where no local one is left, so that the indirect symbol table never has
/// number 0, which old versions of dyld misunderstood.
const MARKER_NAME: &[u8] = b"radr://5614542";
const MARKER_KIND: u8 = 0x3C;
const MARKER_VALUE: u64 = 0x0561_4542;

/// The symbols of a slice that are worth keeping, and what their tables look like then.
#[derive(Debug)]
pub(super) struct Kept {
    /// The three tables, new.
    pub(super) symbols: Vec<u8>,
    pub(super) indirect: Vec<u8>,
    pub(super) strings: Vec<u8>,
    /// How many are local, defined and external, undefined; they stand in this order.
    pub(super) counts: [u32; 3],
    /// How many went: debugging symbols, and others.
    pub(super) debugging: u64,
    pub(super) others: u64,
}

/// One entry of the symbol table, `nlist` or `nlist_64`.
#[derive(Clone, Copy, Debug)]
struct Symbol {
    name: u32,
    kind: u8,
    section: u8,
    description: u16,
    value: u64,
}

impl Symbol {
    const STAB: u8 = 0xE0;
    const KIND: u8 = 0x0E;
    const EXTERNAL: u8 = 0x01;
    const UNDEFINED: u8 = 0x00;
    const INDIRECT: u8 = 0x0A;
    const PREBOUND: u8 = 0x0C;
    const IN_SECTION: u8 = 0x0E;
    /// The linker's word that a shared library may look for it.
    const REFERENCED_DYNAMICALLY: u16 = 0x10;
    const WEAK_DEFINITION: u16 = 0x80;

    fn read(reader: &mut Reader<'_>, width: Width) -> Result<Self, Error> {
        Ok(Self {
            name: reader.u32("n_strx")?,
            kind: reader.u8("n_type")?,
            section: reader.u8("n_sect")?,
            description: reader.u16("n_desc")?,
            value: width.word(reader, "n_value")?,
        })
    }

    fn write(&self, out: &mut Vec<u8>, width: Width) {
        out.extend(self.name.to_le_bytes());
        out.extend([self.kind, self.section]);
        out.extend(self.description.to_le_bytes());
        match width {
            Width::Bits64 => out.extend(self.value.to_le_bytes()),
            // It was read from as many bytes, or is an offset in the string table.
            Width::Bits32 => out.extend(u32::try_from(self.value).unwrap_or_default().to_le_bytes()),
        }
    }

    const fn is_debugging(&self) -> bool {
        self.kind & Self::STAB != 0
    }

    const fn is_marker(&self) -> bool {
        self.kind == MARKER_KIND && self.value == MARKER_VALUE
    }

    /// Whether its value is the offset of another name.
    const fn is_alias(&self) -> bool {
        !self.is_debugging() && self.kind & Self::KIND == Self::INDIRECT
    }

    /// The offsets of its names in the string table: its own, and that of what it stands for.
    fn names(&self) -> impl Iterator<Item = u64> + use<> {
        let other = if self.is_alias() { self.value } else { 0 };
        [u64::from(self.name), other].into_iter().filter(|name| *name != 0)
    }

    const fn is_undefined(&self) -> bool {
        matches!(self.kind & Self::KIND, Self::UNDEFINED | Self::PREBOUND)
    }

    /// Its place among local, defined and undefined ones.
    const fn group(&self) -> usize {
        if self.is_debugging() || self.kind & Self::EXTERNAL == 0 {
            0
        } else if self.is_undefined() {
            2
        } else {
            1
        }
    }

    /// What Xcode's strip keeps: of a shared library or bundle (strip style "non-global", `strip -x`) what is external, of a
    /// program (strip style "all", plain `strip`) what it imports, what the linker says others look for, and definitions that
    /// dyld unites with those of other binaries.
    const fn is_needed(&self, kind: FileKind) -> bool {
        if self.is_debugging() || self.kind & Self::EXTERNAL == 0 {
            return false;
        }
        if !matches!(kind, FileKind::Executable) || self.is_undefined() {
            return true;
        }
        let in_section = self.kind & Self::KIND == Self::IN_SECTION;
        let united = in_section && self.description & Self::WEAK_DEFINITION != 0;
        united || self.description & Self::REFERENCED_DYNAMICALLY != 0
    }
}

/// Reads the symbols of a slice and leaves out those that nothing needs at run time. `None`: there are no others.
pub(super) fn select(source: &dyn Source, slice: &Slice, limits: &Limits) -> Result<Option<Kept>, Error> {
    let (Some(symbols), Some(strings)) = (slice.table(TableKind::Symbols), slice.table(TableKind::Strings)) else {
        return Ok(None);
    };
    let indirect_table = slice.table(TableKind::IndirectSymbols);
    if symbols.range.is_empty() {
        return Ok(None);
    }
    let all = read_symbols(source, slice, symbols, limits)?;
    let indirect = read_indirect(source, slice, indirect_table, limits)?;
    let mut keep: Vec<bool> = all.iter().map(|symbol| symbol.is_marker() || symbol.is_needed(slice.kind)).collect();
    for number in indirect.iter().filter(|number| *number & NO_SYMBOL == 0) {
        match usize::try_from(*number).ok().and_then(|number| keep.get_mut(number)) {
            Some(keep) => *keep = true,
            None => {
                let offset = indirect_table.map_or(0, |table| table.range.start);
                return Error::invalid("an indirect symbol", offset, u64::from(*number), "there is no such symbol");
            }
        }
    }
    if keep.iter().all(|keep| *keep) {
        return Ok(None);
    }
    Kept::build(source, slice, strings, &all, &keep, &indirect, limits).map(Some)
}

impl Kept {
    fn build(
        source: &dyn Source,
        slice: &Slice,
        strings: &Table,
        all: &[Symbol],
        keep: &[bool],
        indirect: &[u32],
        limits: &Limits,
    ) -> Result<Self, Error> {
        let width = slice.header.width;
        let kept = || all.iter().zip(keep).filter(|(_, keep)| **keep).map(|(symbol, _)| symbol);
        let mut names = kept().flat_map(Symbol::names).map(|name| (name, 0)).collect();
        let mut new_strings = read_names(source, slice, &strings.range, &mut names, limits)?;
        let mut out = Vec::new();
        let marked = !indirect.is_empty() && kept().all(|symbol| symbol.group() > 0);
        if marked {
            marker(&mut new_strings)?.write(&mut out, width);
        }
        let mut counts = [u32::from(marked), 0, 0];
        let renamed = |name: u64| names.get(&name).copied().unwrap_or_default();
        for symbol in kept() {
            let value = if symbol.is_alias() { renamed(symbol.value).into() } else { symbol.value };
            Symbol { name: renamed(symbol.name.into()), value, ..*symbol }.write(&mut out, width);
            if let Some(count) = counts.get_mut(symbol.group()) {
                *count = count.saturating_add(1);
            }
        }
        new_strings.resize(new_strings.len().next_multiple_of(8), 0);
        let gone = || all.iter().zip(keep).filter(|(_, keep)| !**keep).map(|(symbol, _)| symbol);
        let debugging = widen(gone().filter(|symbol| symbol.is_debugging()).count());
        Ok(Self {
            symbols: out,
            indirect: renumber(indirect, keep, marked),
            strings: new_strings,
            counts,
            debugging,
            others: widen(gone().count()).saturating_sub(debugging),
        })
    }
}

/// The symbol that keeps number 0 from being used.
fn marker(strings: &mut Vec<u8>) -> Result<Symbol, Error> {
    let name = string_offset(strings)?;
    strings.extend(MARKER_NAME);
    strings.push(0);
    Ok(Symbol { name, kind: MARKER_KIND, section: 0, description: 0, value: MARKER_VALUE })
}

fn string_offset(strings: &[u8]) -> Result<u32, Error> {
    let found = widen(strings.len());
    u32::try_from(found).map_err(|_| Error::Limit {
        what: "length of the names in bytes",
        found,
        limit: u32::MAX.into(),
    })
}

/// The indirect symbol table with the new numbers.
fn renumber(indirect: &[u32], keep: &[bool], marked: bool) -> Vec<u8> {
    let mut next = u32::from(marked);
    let mut numbers = Vec::new();
    for keep in keep {
        numbers.push(next);
        next = next.saturating_add(u32::from(*keep));
    }
    let new = |number: u32| {
        let symbol = usize::try_from(number).ok().filter(|_| number & NO_SYMBOL == 0);
        symbol.and_then(|symbol| numbers.get(symbol)).copied().unwrap_or(number)
    };
    indirect.iter().flat_map(|number| new(*number).to_le_bytes()).collect()
}

fn read_table(source: &dyn Source, slice: &Slice, table: &Table, limits: &Limits) -> Result<Vec<u8>, Error> {
    at_most("length of a table of symbols in bytes", length_of(&table.range), limits.table_bytes)?;
    fat::read(source, slice.range.start.saturating_add(table.range.start), length_of(&table.range), table.name)
}

fn read_symbols(source: &dyn Source, slice: &Slice, table: &Table, limits: &Limits) -> Result<Vec<Symbol>, Error> {
    let bytes = read_table(source, slice, table, limits)?;
    let mut reader = Reader::at(&bytes, table.range.start);
    let mut symbols: Vec<Symbol> = Vec::new();
    while !reader.is_empty() {
        let offset = reader.offset();
        let symbol = Symbol::read(&mut reader, slice.header.width)?;
        if symbols.last().is_some_and(|last| last.group() > symbol.group()) {
            let rule = "local symbols come first, undefined ones last";
            return Error::invalid("n_type", offset, symbol.kind.into(), rule);
        }
        symbols.push(symbol);
    }
    Ok(symbols)
}

fn read_indirect(
    source: &dyn Source,
    slice: &Slice,
    table: Option<&Table>,
    limits: &Limits,
) -> Result<Vec<u32>, Error> {
    let Some(table) = table else { return Ok(Vec::new()) };
    let bytes = read_table(source, slice, table, limits)?;
    let mut reader = Reader::at(&bytes, table.range.start);
    let mut numbers = Vec::new();
    while !reader.is_empty() {
        numbers.push(reader.u32("an indirect symbol")?);
    }
    Ok(numbers)
}

/// Reads the names at the offsets that are the keys of `names`, front to back, into a new string table; the values become their
/// offsets there.
fn read_names(
    source: &dyn Source,
    slice: &Slice,
    table: &Range<u64>,
    names: &mut BTreeMap<u64, u32>,
    limits: &Limits,
) -> Result<Vec<u8>, Error> {
    let mut out = FIRST_STRINGS.to_vec();
    let mut window =
        Window { source, origin: slice.range.start, end: table.end, start: table.start, bytes: Vec::new() };
    for (name, place) in names {
        *place = string_offset(&out)?;
        let mut position = table.start.saturating_add(*name);
        loop {
            let bytes = window.at(position)?;
            if bytes.is_empty() {
                return Error::invalid("n_strx", table.start, *name, "the name ends inside the string table");
            }
            let length = bytes.iter().position(|byte| *byte == 0);
            out.extend_from_slice(bytes.get(..length.unwrap_or(bytes.len())).unwrap_or_default());
            // Names may lie in each other, so that there are more bytes of names than the table has.
            at_most("length of the names in bytes", widen(out.len()), limits.table_bytes)?;
            if length.is_some() {
                break;
            }
            position = position.saturating_add(widen(bytes.len()));
        }
        out.push(0);
    }
    Ok(out)
}

/// A part of the string table.
struct Window<'a> {
    source: &'a dyn Source,
    /// Where the slice starts in the source.
    origin: u64,
    /// Where the table ends in the slice.
    end: u64,
    /// Where the bytes start in the slice.
    start: u64,
    bytes: Vec<u8>,
}

impl Window<'_> {
    /// Some bytes from `position` on; none at the end of the table.
    fn at(&mut self, position: u64) -> Result<&[u8], Error> {
        let held = self.start.saturating_add(widen(self.bytes.len()));
        if position < self.start || position >= held {
            let length = self.end.saturating_sub(position).min(CHUNK);
            let start = self.origin.saturating_add(position);
            self.bytes = if length == 0 { Vec::new() } else { fat::read(self.source, start, length, "the names")? };
            self.start = position;
        }
        let within = usize::try_from(position.saturating_sub(self.start)).unwrap_or(usize::MAX);
        Ok(self.bytes.get(within..).unwrap_or_default())
    }
}
