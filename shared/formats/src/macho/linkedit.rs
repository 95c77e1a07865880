//! The tables in `__LINKEDIT`, and which fields of load commands say where they are.

use std::ops::Range;

use crate::reader::Reader;

use super::Error;
use super::command::{Command, number};
use super::fat::outside;
use super::header::Width;
use super::segment::length_of;

/// One table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Table {
    pub(super) kind: TableKind,
    /// The field that holds its offset, by name and by place in the slice.
    pub(super) name: &'static str,
    pub(super) field: u64,
    /// Where it stands in the slice.
    pub(super) range: Range<u64>,
}

/// What rewriting has to know of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TableKind {
    Symbols,
    Strings,
    IndirectSymbols,
    /// Refers to symbols by their number, and nothing that iOS runs has one: relocations, modules, hints.
    NumbersSymbols,
    CodeSignature,
    /// Refers to no symbol by number, and to no place in `__LINKEDIT`.
    Plain,
}

/// Offset of the field with the offset, of the field with the length or count, bytes of one item.
type Fields = (TableKind, &'static str, u8, u8, u8);

impl Table {
    /// Appends the tables that a load command tells of; empty ones as well.
    pub(super) fn read(command: &Command<'_>, width: Width, tables: &mut Vec<Self>) -> Result<(), Error> {
        use TableKind::{CodeSignature, IndirectSymbols, NumbersSymbols, Plain, Strings, Symbols};
        let symbol = if width == Width::Bits64 { 16 } else { 12 };
        let module = if width == Width::Bits64 { 56 } else { 52 };
        let fields: &[Fields] = match command.number {
            number::SYMTAB => &[(Symbols, "symoff", 8, 12, symbol), (Strings, "stroff", 16, 20, 1)],
            number::DYSYMTAB => &[
                (NumbersSymbols, "tocoff", 32, 36, 8),
                (NumbersSymbols, "modtaboff", 40, 44, module),
                (NumbersSymbols, "extrefsymoff", 48, 52, 4),
                (IndirectSymbols, "indirectsymoff", 56, 60, 4),
                (NumbersSymbols, "extreloff", 64, 68, 8),
                (Plain, "locreloff", 72, 76, 8),
            ],
            number::DYLD_INFO | number::DYLD_INFO_ONLY => &[
                (Plain, "rebase_off", 8, 12, 1),
                (Plain, "bind_off", 16, 20, 1),
                (Plain, "weak_bind_off", 24, 28, 1),
                (Plain, "lazy_bind_off", 32, 36, 1),
                (Plain, "export_off", 40, 44, 1),
            ],
            number::TWOLEVEL_HINTS => &[(NumbersSymbols, "offset", 8, 12, 4)],
            number::CODE_SIGNATURE => &[(CodeSignature, "dataoff", 8, 12, 1)],
            number::SEGMENT_SPLIT_INFO
            | number::FUNCTION_STARTS
            | number::DATA_IN_CODE
            | number::DYLIB_CODE_SIGN_DRS
            | number::LINKER_OPTIMIZATION_HINT
            | number::DYLD_EXPORTS_TRIE
            | number::DYLD_CHAINED_FIXUPS
            | number::ATOM_INFO
            | number::FUNCTION_VARIANTS
            | number::FUNCTION_VARIANT_FIXUPS => &[(Plain, "dataoff", 8, 12, 1)],
            _ => return Ok(()),
        };
        fields.iter().try_for_each(|fields| {
            tables.push(Self::read_fields(command, fields)?);
            Ok(())
        })
    }

    fn read_fields(command: &Command<'_>, fields: &Fields) -> Result<Self, Error> {
        let (kind, name, offset, count, unit) = *fields;
        let at = |field: u8| -> Result<u64, Error> {
            let mut reader: Reader<'_> = command.fields();
            // Fields count from the beginning of the command.
            reader.take(usize::from(field).saturating_sub(8), name)?;
            Ok(reader.u32(name)?.into())
        };
        let start = at(offset)?;
        let length = at(count)?.saturating_mul(unit.into());
        let range = start..start.saturating_add(length);
        Ok(Self { kind, name, field: command.offset.saturating_add(offset.into()), range })
    }

    /// Its name for people.
    pub(super) fn describe(&self) -> String {
        format!("the table at {}", self.name)
    }

    /// Whether it lies in `container`.
    pub(super) fn check(&self, container: &Range<u64>, name: &'static str) -> Result<(), Error> {
        if self.range.is_empty() || (self.range.start >= container.start && self.range.end <= container.end) {
            return Ok(());
        }
        Err(outside(self.describe(), self.range.start, length_of(&self.range), name, container.end))
    }
}

/// Refuses tables that share bytes.
pub(super) fn check_overlaps(tables: &[Table]) -> Result<(), Error> {
    let mut sorted: Vec<&Table> = tables.iter().filter(|table| !table.range.is_empty()).collect();
    sorted.sort_by_key(|table| table.range.start);
    for pair in sorted.windows(2) {
        if let [first, second] = pair
            && second.range.start < first.range.end
        {
            let (what, other) = (first.describe(), second.describe());
            return Err(Error::Overlap { what, other, offset: second.range.start });
        }
    }
    Ok(())
}
