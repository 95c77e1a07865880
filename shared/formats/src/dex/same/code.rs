//! Code: registers, instructions, guarded ranges, handlers.

use super::super::code::{Catch, Code, Guarded, handlers};
use super::super::instruction::Instruction;
use super::super::tables::count;
use super::super::value::Pool;
use super::meaning::Side;
use super::{Comparison, Difference, differs, number};

/// What an instruction refers to, told from its opcode: table, the unit that the index starts at, and how many it takes.
/// Written down apart from the reader's table, as a check on it. Call sites were compared one by one, so that their indices
/// mean the same in both files.
const fn operands(opcode: u8) -> &'static [(Pool, usize, usize)] {
    match opcode {
        // const-string, const-string/jumbo
        0x1a => &[(Pool::String, 1, 1)],
        0x1b => &[(Pool::String, 1, 2)],
        // const-class, check-cast, instance-of, new-instance, new-array, filled-new-array, filled-new-array/range
        0x1c | 0x1f | 0x20 | 0x22 | 0x23 | 0x24 | 0x25 => &[(Pool::Type, 1, 1)],
        // iget to iput-short, sget to sput-short
        0x52..=0x6d => &[(Pool::Field, 1, 1)],
        // invoke-virtual to invoke-interface, and the same with ranges
        0x6e..=0x72 | 0x74..=0x78 => &[(Pool::Method, 1, 1)],
        // invoke-polymorphic, invoke-polymorphic/range
        0xfa | 0xfb => &[(Pool::Method, 1, 1), (Pool::Proto, 3, 1)],
        // const-method-handle, const-method-type
        0xfe => &[(Pool::Handle, 1, 1)],
        0xff => &[(Pool::Proto, 1, 1)],
        _ => &[],
    }
}

impl Comparison<'_> {
    pub(super) fn code(&mut self, before: u32, after: u32) -> Result<(), Difference> {
        let (mut before_reader, mut after_reader) = (self.before.dex.at(before), self.after.dex.at(after));
        let read_before = Code::read(&mut before_reader).map_err(|error| self.before.unreadable(error))?;
        let read_after = Code::read(&mut after_reader).map_err(|error| self.after.unreadable(error))?;
        let [first, second] = [&read_before, &read_after].map(|code| [code.registers, code.ins, code.outs]);
        for ((what, before), after) in
            ["registers", "incoming arguments", "outgoing arguments"].into_iter().zip(first).zip(second)
        {
            number(what, [u32::from(before), u32::from(after)])?;
        }
        self.instructions(&read_before, &read_after)?;
        let before = Caught::of(&self.before, &read_before, &mut before_reader)?;
        let after = Caught::of(&self.after, &read_after, &mut after_reader)?;
        self.caught(&before, &after)
    }

    fn instructions(&self, before: &Code<'_>, after: &Code<'_>) -> Result<(), Difference> {
        let (mut before, mut after) = (before.instructions(), after.instructions());
        loop {
            let (first, second) = (before.next(), after.next());
            match (first, second) {
                (None, None) => return Ok(()),
                (Some(before), Some(after)) => self.instruction(&before, &after).map_err(|difference| {
                    difference.within(|| format!("instruction {:#04x} at {:#06x}", before.opcode, before.at))
                })?,
                (before, after) => {
                    let shown = |at: Option<Instruction<'_>>| {
                        at.map_or("the end".to_owned(), |at| format!("{:#04x}", at.opcode))
                    };
                    return Err(differs("instruction", shown(before), shown(after)));
                }
            }
        }
    }

    fn instruction(&self, before: &Instruction<'_>, after: &Instruction<'_>) -> Result<(), Difference> {
        number("opcode", [u32::from(before.opcode), u32::from(after.opcode)])?;
        number("length", [count(before.units), count(after.units)])?;
        let operands = operands(before.opcode);
        for (pool, unit, length) in operands {
            let index = |of: &Instruction<'_>| if *length == 2 { of.long(*unit) } else { u32::from(of.unit(*unit)) };
            self.index(*pool, index(before), index(after))?;
        }
        let is_index = |place: &usize| {
            operands.iter().any(|(_, unit, length)| (*unit..unit.saturating_add(*length)).contains(place))
        };
        for (place, (before, after)) in before.units.iter().zip(after.units).enumerate() {
            if before != after && !is_index(&place) {
                let shown = |unit: &[u8; 2]| format!("{:#06x}", u16::from_le_bytes(*unit));
                return Err(differs(format!("unit {place}"), shown(before), shown(after)));
            }
        }
        Ok(())
    }

    fn caught(&self, before: &Caught, after: &Caught) -> Result<(), Difference> {
        if before.ranges != after.ranges {
            return Err(differs("guarded ranges", format!("{:?}", before.ranges), format!("{:?}", after.ranges)));
        }
        number("parts of handlers", [count(&before.catches), count(&after.catches)])?;
        for (before, after) in before.catches.iter().zip(&after.catches) {
            match (before, after) {
                (Catch::Type(before, address), Catch::Type(after, after_address)) => {
                    self.index(Pool::Type, *before, *after)
                        .map_err(|difference| difference.within(|| "handler".to_owned()))?;
                    number("handler's address", [*address, *after_address])?;
                }
                // Where a handler stands in its list is known from the ranges by its number.
                (Catch::Handler(_, before), Catch::Handler(_, after)) if before == after => {}
                _ if before == after => {}
                _ => return Err(differs("handler", format!("{before:?}"), format!("{after:?}"))),
            }
        }
        Ok(())
    }
}

/// Guarded ranges and handlers of one code item.
struct Caught {
    /// Start, length, and the number of the handler.
    ranges: Vec<(u32, u16, Option<usize>)>,
    catches: Vec<Catch>,
}

impl Caught {
    fn of(side: &Side<'_>, code: &Code<'_>, reader: &mut crate::reader::Reader<'_>) -> Result<Self, Difference> {
        let mut caught = Self { ranges: Vec::new(), catches: Vec::new() };
        if code.guarded().len() == 0 {
            return Ok(caught);
        }
        let mut starts = Vec::new();
        let visit = &mut |_: u64, catch| {
            caught.catches.push(catch);
            if let Catch::Handler(start, _) = catch {
                starts.push(start);
            }
            Ok(())
        };
        handlers(reader, visit).map_err(|error| side.unreadable(error))?;
        let range = |guarded: Guarded| {
            let handler = starts.binary_search(&u32::from(guarded.handler)).ok();
            (guarded.start, guarded.length, handler)
        };
        caught.ranges = code.guarded().map(range).collect();
        Ok(caught)
    }
}
