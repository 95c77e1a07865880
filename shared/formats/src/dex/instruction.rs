//! Instructions: how long each is and which table it refers to, as in the "Dalvik bytecode" and "instruction formats" documents.

/// What the index in an instruction refers to. It stands in the second unit, and the lowest half first where it has two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operand {
    /// No index.
    Nothing,
    /// A string, in one unit.
    String,
    /// A string, in two units.
    LongString,
    /// A type.
    Type,
    /// A field, method, method handle, prototype or call site.
    Other,
    /// No such opcode, or not all of the instruction is there: the platform refuses the class when it is used.
    Unknown,
}

/// One instruction, or one table of a switch or array.
#[derive(Clone, Copy, Debug)]
pub(super) struct Instruction<'a> {
    /// Where it starts, counted in units of two bytes from the method's first.
    pub(super) at: usize,
    pub(super) opcode: u8,
    pub(super) operand: Operand,
    pub(super) units: &'a [[u8; 2]],
}

impl Instruction<'_> {
    /// The unit with this number, 0 where there is none.
    pub(super) fn unit(&self, number: usize) -> u16 {
        self.units.get(number).map_or(0, |unit| u16::from_le_bytes(*unit))
    }

    /// Two units as one number.
    pub(super) fn long(&self, number: usize) -> u32 {
        u32::from(self.unit(number)) | u32::from(self.unit(number.saturating_add(1))).wrapping_shl(16)
    }
}

/// The instructions of one method. Together they have all its units.
#[derive(Clone, Copy, Debug)]
pub(super) struct Instructions<'a> {
    units: &'a [[u8; 2]],
    at: usize,
}

impl<'a> Instructions<'a> {
    pub(super) const fn new(units: &'a [[u8; 2]]) -> Self {
        Self { units, at: 0 }
    }
    /// Length of a `packed-switch-payload`, `sparse-switch-payload` or `fill-array-data-payload`.
    fn table_length(&self, ident: u8) -> usize {
        let table = Instruction { at: self.at, opcode: 0, operand: Operand::Nothing, units: self.units };
        let entries = usize::from(table.unit(1));
        match ident {
            1 => entries.saturating_mul(2).saturating_add(4),
            2 => entries.saturating_mul(4).saturating_add(2),
            _ => {
                let elements = usize::try_from(table.long(2)).unwrap_or(usize::MAX);
                entries.saturating_mul(elements).div_ceil(2).saturating_add(4)
            }
        }
    }
}

impl<'a> Iterator for Instructions<'a> {
    type Item = Instruction<'a>;

    fn next(&mut self) -> Option<Instruction<'a>> {
        let [opcode, high] = self.units.first().copied()?;
        let (length, operand) = SHAPES.get(usize::from(opcode)).copied().unwrap_or((1, Operand::Unknown));
        // The tables begin with a unit that would be a nop.
        let length = match (opcode, high) {
            (0, 1..=3) => self.table_length(high),
            _ => usize::from(length),
        };
        let at = self.at;
        let Some((units, rest)) = self.units.split_at_checked(length) else {
            return Some(Instruction { at, opcode, operand: Operand::Unknown, units: std::mem::take(&mut self.units) });
        };
        self.at = self.at.saturating_add(length);
        self.units = rest;
        Some(Instruction { at, opcode, operand, units })
    }
}

/// The shape of each opcode: looked up for every instruction, and a table is faster than a choice.
static SHAPES: [(u8, Operand); 256] = {
    let mut shapes = [(1, Operand::Nothing); 256];
    let mut rest = shapes.as_mut_slice();
    let mut opcode = 0_u8;
    while let Some((first, others)) = rest.split_first_mut() {
        *first = shape(opcode);
        opcode = opcode.wrapping_add(1);
        rest = others;
    }
    shapes
};

/// Length in units, and operand. Opcodes without a meaning have one unit, as in the platform's own table.
const fn shape(opcode: u8) -> (u8, Operand) {
    use Operand::{LongString, Nothing, Other, String, Type, Unknown};
    match opcode {
        0x1a => (2, String),
        0x1b => (3, LongString),
        0x1c | 0x1f | 0x20 | 0x22 | 0x23 => (2, Type),
        0x24 | 0x25 => (3, Type),
        0x52..=0x6d | 0xfe | 0xff => (2, Other),
        0x6e..=0x72 | 0x74..=0x78 | 0xfc | 0xfd => (3, Other),
        0xfa | 0xfb => (4, Other),
        0x02 | 0x05 | 0x08 | 0x13 | 0x15 | 0x16 | 0x19 | 0x29 => (2, Nothing),
        0x2d..=0x3d | 0x44..=0x51 | 0x90..=0xaf | 0xd0..=0xe2 => (2, Nothing),
        0x03 | 0x06 | 0x09 | 0x14 | 0x17 | 0x26 | 0x2a..=0x2c => (3, Nothing),
        0x18 => (5, Nothing),
        0x3e..=0x43 | 0x73 | 0x79 | 0x7a | 0xe3..=0xf9 => (1, Unknown),
        _ => (1, Nothing),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Length and operand of each.
    fn shapes(units: &[u16]) -> Vec<(usize, Operand)> {
        let bytes: Vec<[u8; 2]> = units.iter().map(|unit| unit.to_le_bytes()).collect();
        Instructions::new(&bytes).map(|instruction| (instruction.units.len(), instruction.operand)).collect()
    }

    #[test]
    fn tables_of_switches_and_arrays_have_their_own_lengths() {
        let lengths = |units: &[u16]| -> Vec<usize> { shapes(units).into_iter().map(|(length, _)| length).collect() };
        assert_eq!(lengths(&[0x0100, 2, 0, 0, 1, 0, 2, 0, 0x000e]), [8, 1]);
        assert_eq!(lengths(&[0x0200, 1, 5, 0, 9, 0, 0x000e]), [6, 1]);
        assert_eq!(lengths(&[0x0300, 1, 3, 0, 0x0201, 0x0003, 0x000e]), [6, 1]);
        assert_eq!(lengths(&[0x0300, 8, 0, 0, 0x0400]), [4, 1]);
    }

    #[test]
    fn what_runs_past_the_end_is_one_unknown_instruction() {
        for units in [&[0x000e, 0x001a][..], &[0, 0x0100, 2, 0, 0], &[0, 0x0300, 0xffff, 0xffff, 0xffff], &[0, 0x0200]]
        {
            assert_eq!(shapes(units), [(1, Operand::Nothing), (units.len() - 1, Operand::Unknown)]);
        }
    }

    #[test]
    fn opcodes_without_a_meaning() {
        let unknown = (0..=255_u8).filter(|opcode| shape(*opcode).1 == Operand::Unknown).count();
        assert_eq!(unknown, 6 + 1 + 2 + 23);
    }
}
