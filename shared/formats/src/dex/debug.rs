//! Debug information: tables of lines and names of parameters and local variables.

use super::error::Error;
use super::leb;
use crate::reader::Reader;

/// What debug information refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Named {
    /// Name of a parameter or local variable.
    Name(u32),
    /// Another string: a generic signature or a file.
    String(u32),
    /// Type of a local variable.
    Type(u32),
}

/// Goes through a `debug_info_item`. `visit` learns what it refers to.
pub(super) fn walk(reader: &mut Reader<'_>, visit: &mut impl FnMut(Named) -> Result<(), Error>) -> Result<(), Error> {
    let mut given = |index: Option<u32>, named: fn(u32) -> Named| index.map_or(Ok(()), |index| visit(named(index)));
    leb::unsigned(reader, "first line")?;
    for _ in 0..leb::unsigned(reader, "number of parameters")? {
        given(leb::optional(reader, "parameter name")?, Named::Name)?;
    }
    loop {
        let opcode = reader.u8("debug opcode")?;
        match opcode {
            0x00 => return Ok(()),
            0x01 | 0x05 | 0x06 => _ = leb::unsigned(reader, "operand of a debug opcode")?,
            0x02 => _ = leb::signed(reader, "operand of a debug opcode")?,
            0x03 | 0x04 => {
                leb::unsigned(reader, "register of a local variable")?;
                given(leb::optional(reader, "name of a local variable")?, Named::Name)?;
                given(leb::optional(reader, "type of a local variable")?, Named::Type)?;
                if opcode == 0x04 {
                    given(leb::optional(reader, "signature of a local variable")?, Named::String)?;
                }
            }
            0x09 => given(leb::optional(reader, "source file of a line")?, Named::String)?,
            // The end of a prologue, the start of an epilogue, and steps to another line.
            _ => {}
        }
    }
}
