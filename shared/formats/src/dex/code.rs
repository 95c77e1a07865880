//! Code items: registers, instructions, guarded ranges and their handlers.

use super::error::Error;
use super::instruction::Instructions;
use super::leb;
use crate::reader::Reader;

/// Where the offset of the debug information stands in a `code_item`.
pub(super) const DEBUG_INFO_AT: usize = 8;
/// Where the instructions start in a `code_item`.
pub(super) const UNITS_AT: usize = 16;

/// A `code_item`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Code<'a> {
    pub(super) registers: u16,
    pub(super) ins: u16,
    pub(super) outs: u16,
    /// Offset of the debug information, 0 for none.
    pub(super) debug_info: u32,
    units: &'a [[u8; 2]],
    tries: &'a [[u8; 8]],
    /// The item from its first byte to the end of the guarded ranges.
    pub(super) fixed: &'a [u8],
}

/// A `try_item`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Guarded {
    pub(super) start: u32,
    pub(super) length: u16,
    /// Where its handler starts, counted from the beginning of the list of handlers.
    pub(super) handler: u16,
}

/// A part of an `encoded_catch_handler_list`. All parts in their order say everything that it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Catch {
    /// Number of handlers.
    Handlers(u32),
    /// A handler begins at this place of the list: number of types, negative or 0 with a handler for all others.
    Handler(u32, i32),
    /// A type, and where its handler's instructions start.
    Type(u32, u32),
    /// Where the instructions for all other types start.
    All(u32),
}

impl<'a> Code<'a> {
    /// Reads a `code_item` up to its list of handlers, which is there if there are guarded ranges.
    pub(super) fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        let whole = reader.rest();
        let registers = reader.u16("number of registers")?;
        let ins = reader.u16("number of incoming arguments")?;
        let outs = reader.u16("number of outgoing arguments")?;
        let tries = reader.u16("number of guarded ranges")?;
        let debug_info = reader.u32("debug information offset")?;
        let length = reader.u32("number of instruction units")?;
        let length = usize::try_from(length).ok().and_then(|length| length.checked_mul(2)).unwrap_or(usize::MAX);
        let units = reader.take(length, "instructions")?.as_chunks().0;
        let mut ranges: &[[u8; 8]] = &[];
        if tries > 0 {
            reader.take(length % 4, "padding behind instructions")?;
            ranges = reader.take(usize::from(tries).saturating_mul(8), "guarded ranges")?.as_chunks().0;
        }
        let fixed = whole.get(..whole.len().saturating_sub(reader.remaining())).unwrap_or_default();
        Ok(Self { registers, ins, outs, debug_info, units, tries: ranges, fixed })
    }

    pub(super) const fn instructions(&self) -> Instructions<'a> {
        Instructions::new(self.units)
    }

    pub(super) fn guarded(&self) -> impl ExactSizeIterator<Item = Guarded> {
        self.tries.iter().map(|[a, b, c, d, e, f, g, h]| Guarded {
            start: u32::from_le_bytes([*a, *b, *c, *d]),
            length: u16::from_le_bytes([*e, *f]),
            handler: u16::from_le_bytes([*g, *h]),
        })
    }
}

/// Goes through the list of handlers. `visit` learns the offset of each part.
pub(super) fn handlers(
    reader: &mut Reader<'_>,
    visit: &mut impl FnMut(u64, Catch) -> Result<(), Error>,
) -> Result<(), Error> {
    let start = reader.offset();
    let count = leb::unsigned(reader, "number of handlers")?;
    visit(start, Catch::Handlers(count))?;
    for _ in 0..count {
        let offset = reader.offset();
        let place = u32::try_from(offset.saturating_sub(start)).unwrap_or(u32::MAX);
        let types = leb::signed(reader, "number of a handler's types")?;
        visit(offset, Catch::Handler(place, types))?;
        for _ in 0..types.unsigned_abs() {
            let offset = reader.offset();
            let index = leb::unsigned(reader, "type of a handler")?;
            visit(offset, Catch::Type(index, leb::unsigned(reader, "address of a handler")?))?;
        }
        if types <= 0 {
            let offset = reader.offset();
            visit(offset, Catch::All(leb::unsigned(reader, "address of a handler")?))?;
        }
    }
    Ok(())
}

/// Appends a part, in as few bytes as it takes.
pub(super) fn put_catch(out: &mut Vec<u8>, catch: Catch) {
    match catch {
        Catch::Handlers(number) | Catch::All(number) => leb::put_unsigned(out, number),
        Catch::Handler(_, types) => leb::put_signed(out, types),
        Catch::Type(index, address) => {
            leb::put_unsigned(out, index);
            leb::put_unsigned(out, address);
        }
    }
}
