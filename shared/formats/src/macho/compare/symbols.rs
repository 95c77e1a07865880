//! Symbols before and after: those that stayed are the same, those that went were not needed.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hasher};
use std::ops::Range;

use crate::limits::Limits;
use crate::reader::{Reader, widen};
use crate::source::Source;

use super::super::error::at_most;
use super::super::header::FileKind;
use super::super::linkedit::TableKind;
use super::super::segment::length_of;
use super::super::{Error, Slice};
use super::{Difference, Pair, of};

/// Bytes of the names that are read at a time.
const CHUNK: u64 = 128 << 10;
/// Longest name, bytes; those of Swift and C++ have some thousands at most.
const LONGEST_NAME: usize = 1 << 20;
/// Names may lie in each other; so many bytes of them are read for each byte of the string table.
const OVERLAP: u64 = 8;

/// Stands for the hash of a name that does not end inside the string table.
const UNENDED: u64 = 1;

/// `N_STAB`, `N_TYPE`, `N_EXT` and the kinds in `mach-o/nlist.h`.
const DEBUGGING: u8 = 0xE0;
const KIND: u8 = 0x0E;
const EXTERNAL: u8 = 0x01;
const UNDEFINED: u8 = 0x00;
const INDIRECT: u8 = 0x0A;
const PREBOUND: u8 = 0x0C;
const IN_SECTION: u8 = 0x0E;
const REFERENCED_DYNAMICALLY: u16 = 0x10;
const WEAK_DEFINITION: u16 = 0x80;
/// Entries of the indirect symbol table that are no number of a symbol.
const NO_SYMBOL: u32 = 0xC000_0000;
/// `n_type` and `n_value` of what strip puts in front of the others: `man strip`, "radr://5614542".
const PLACEHOLDER: (u8, u64) = (0x3C, 0x0561_4542);

/// What makes a symbol the one that it is.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Symbol {
    /// A hash of its name; 0 for none.
    name: u64,
    kind: u8,
    section: u8,
    description: u16,
    /// Its value, or a hash of the name that it stands for.
    value: u64,
}

impl Symbol {
    const fn is_local(&self) -> bool {
        self.kind & DEBUGGING != 0 || self.kind & EXTERNAL == 0
    }

    const fn is_undefined(&self) -> bool {
        !self.is_local() && matches!(self.kind & KIND, UNDEFINED | PREBOUND)
    }

    /// Whether a linked binary runs without it.
    fn may_go(&self, kind: FileKind) -> bool {
        let united = self.kind & KIND == IN_SECTION && self.description & WEAK_DEFINITION != 0;
        let looked_for = self.description & REFERENCED_DYNAMICALLY != 0;
        let own = !self.is_undefined() && !united && !looked_for;
        self.is_local() || (kind == FileKind::Executable && own)
    }
}

/// The symbols of a slice.
struct Symbols {
    all: Vec<Symbol>,
    indirect: Vec<u32>,
    /// First and number of the local, the defined and the undefined ones.
    groups: Option<[u32; 6]>,
}

pub(super) fn compare(pair: &Pair<'_>, limits: &Limits) -> Result<(), Difference> {
    if is_untouched(pair)? {
        return Ok(());
    }
    let old = Symbols::read(pair.before, pair.old, limits).map_err(|error| of(error, Difference::Before))?;
    let new = Symbols::read(pair.after, pair.new, limits).map_err(|error| of(error, Difference::After))?;
    let wrong = |symbol, what| Err(Difference::Symbol { slice: pair.number, symbol, what });
    let mut before = old.all.iter();
    for (number, symbol) in new.all.iter().enumerate() {
        let placed = number == 0 && (symbol.kind, symbol.value) == PLACEHOLDER && old.all.first() != Some(symbol);
        if placed {
            continue;
        }
        loop {
            match before.next() {
                Some(found) if found == symbol => break,
                Some(gone) if gone.may_go(pair.old.kind) => {}
                Some(_) => return wrong(number, "a needed one in front of it is gone"),
                None => return wrong(number, "it was not there before"),
            }
        }
    }
    if before.any(|gone| !gone.may_go(pair.old.kind)) {
        return wrong(new.all.len(), "a needed one behind the last is gone");
    }
    for (number, (was, is)) in old.indirect.iter().zip(&new.indirect).enumerate() {
        let same =
            if *was & NO_SYMBOL != 0 { was == is } else { old.at(*was).is_some() && old.at(*was) == new.at(*is) };
        if !same {
            return wrong(number, "the indirect one is another one");
        }
    }
    match new.groups {
        Some(groups) if groups != new.counted() => wrong(0, "the groups are not counted right"),
        _ if new.groups.is_some() != old.groups.is_some() => wrong(0, "the groups are gone"),
        _ => Ok(()),
    }
}

/// Whether all tables are what they were. Then it does not matter what they say.
fn is_untouched(pair: &Pair<'_>) -> Result<bool, Difference> {
    let range = |slice: &Slice, kind| slice.table(kind).map_or(0..0, |table| table.range.clone());
    let kinds = [TableKind::Symbols, TableKind::IndirectSymbols, TableKind::Strings];
    let pairs = kinds.map(|kind| (range(pair.old, kind), range(pair.new, kind)));
    let same_length = pairs.iter().all(|(old, new)| length_of(old) == length_of(new));
    if !same_length || pair.old.symbol_groups != pair.new.symbol_groups {
        return Ok(false);
    }
    for (old, new) in pairs {
        match pair.compare_bytes(old, new, |_| false) {
            Ok(()) => {}
            Err(Difference::Byte { .. }) => return Ok(false),
            Err(other) => return Err(other),
        }
    }
    Ok(true)
}

impl Symbols {
    fn read(source: &dyn Source, slice: &Slice, limits: &Limits) -> Result<Self, Error> {
        let range = |kind| slice.table(kind).map_or(0..0, |table| table.range.clone());
        let symbols = read(source, slice, range(TableKind::Symbols), limits)?;
        let indirect = read(source, slice, range(TableKind::IndirectSymbols), limits)?;
        let mut all = Vec::new();
        let mut names = BTreeMap::new();
        let mut reader = Reader::new(&symbols);
        while !reader.is_empty() {
            let name = u64::from(reader.u32("n_strx")?);
            let (kind, section) = (reader.u8("n_type")?, reader.u8("n_sect")?);
            let description = reader.u16("n_desc")?;
            let value = if slice.is_wide() { reader.u64("n_value")? } else { reader.u32("n_value")?.into() };
            let symbol = Symbol { name, kind, section, description, value };
            names.insert(name, 0);
            if is_alias(&symbol) {
                names.insert(value, 0);
            }
            all.push(symbol);
        }
        names.remove(&0);
        hash_names(source, slice, range(TableKind::Strings), &mut names)?;
        let hashed = |name: u64| names.get(&name).copied().unwrap_or_default();
        for symbol in &mut all {
            symbol.name = hashed(symbol.name);
            if is_alias(symbol) {
                symbol.value = hashed(symbol.value);
            }
        }
        let mut reader = Reader::new(&indirect);
        let mut indirect = Vec::new();
        while !reader.is_empty() {
            indirect.push(reader.u32("an indirect symbol")?);
        }
        Ok(Self { all, indirect, groups: slice.symbol_groups })
    }

    fn at(&self, number: u32) -> Option<&Symbol> {
        self.all.get(usize::try_from(number).ok()?)
    }

    fn counted(&self) -> [u32; 6] {
        let count = |is: fn(&Symbol) -> bool| u32::try_from(self.all.iter().filter(|symbol| is(symbol)).count());
        let locals = count(Symbol::is_local).unwrap_or_default();
        let undefined = count(Symbol::is_undefined).unwrap_or_default();
        let all = u32::try_from(self.all.len()).unwrap_or_default();
        let defined = all.saturating_sub(locals).saturating_sub(undefined);
        [0, locals, locals, defined, locals.saturating_add(defined), undefined]
    }
}

fn is_alias(symbol: &Symbol) -> bool {
    symbol.kind & DEBUGGING == 0 && symbol.kind & KIND == INDIRECT
}

fn read(source: &dyn Source, slice: &Slice, range: Range<u64>, limits: &Limits) -> Result<Vec<u8>, Error> {
    let length = length_of(&range);
    let what = "length of a table of symbols in bytes";
    let count = usize::try_from(length).ok().filter(|_| length <= limits.table_bytes);
    let mut bytes = vec![0; count.ok_or(Error::Limit { what, found: length, limit: limits.table_bytes })?];
    if !bytes.is_empty() {
        source.read_at(slice.in_file(range).start, &mut bytes)?;
    }
    Ok(bytes)
}

/// Replaces the values of `names`, whose keys are offsets in the string table, by hashes of the names there. Reads the table once;
/// it may be longer than memory should be.
fn hash_names(
    source: &dyn Source,
    slice: &Slice,
    range: Range<u64>,
    names: &mut BTreeMap<u64, u64>,
) -> Result<(), Error> {
    let length = length_of(&range);
    let (mut hashed, most) = (0_u64, length.saturating_mul(OVERLAP));
    let mut wanted = names.iter_mut().peekable();
    // The bytes since the last zero, and where they start in the table.
    let (mut text, mut start): (Vec<u8>, u64) = (Vec::new(), 0);
    let mut position = 0;
    while position < length {
        let now = length.saturating_sub(position).min(CHUNK);
        let mut chunk = vec![0; usize::try_from(now).unwrap_or_default()];
        source.read_at(slice.in_file(range.clone()).start.saturating_add(position), &mut chunk)?;
        position = position.saturating_add(now);
        for part in chunk.split_inclusive(|byte| *byte == 0) {
            text.extend_from_slice(part);
            if part.last() != Some(&0) {
                let (found, limit) = (widen(text.len()), widen(LONGEST_NAME));
                at_most("length of a name in bytes", found, limit)?;
                continue;
            }
            let end = start.saturating_add(widen(text.len()));
            while let Some((name, hash)) = wanted.next_if(|(name, _)| **name < end) {
                let within = usize::try_from(name.saturating_sub(start)).unwrap_or(usize::MAX);
                let tail = text.get(within..).unwrap_or_default();
                hashed = hashed.saturating_add(widen(tail.len()));
                at_most("length of names that overlap in bytes", hashed, most)?;
                *hash = hash_of(tail);
            }
            text.clear();
            start = end;
        }
    }
    // Names that do not end are not names; what had one of these may still go.
    wanted.for_each(|(_, hash)| *hash = UNENDED);
    Ok(())
}

fn hash_of(name: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(name);
    hasher.finish()
}
