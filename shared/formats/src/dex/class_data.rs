//! Class data: the fields and methods that a class defines.

use super::error::{Error, invalid};
use super::leb;
use crate::reader::Reader;

/// A part of a `class_data_item`. All parts in their order say everything that it says.
#[derive(Clone, Copy, Debug)]
pub(super) enum Entry<'a> {
    /// Numbers of static fields, instance fields, direct and virtual methods, and their bytes.
    Counts([u32; 4], &'a [u8]),
    /// A field.
    Field(Defined),
    /// A method.
    Method(Defined, Body<'a>),
    /// The bytes of all fields, behind them.
    Fields(&'a [u8]),
}

/// A field or method with its access flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Defined {
    /// Whether it stands in the first of the two lists: static fields, or direct methods.
    pub(super) first_list: bool,
    /// Its row in the table of fields or methods.
    pub(super) index: u32,
    pub(super) access: u32,
    /// Where it stands in the file.
    pub(super) offset: u64,
}

/// Where a method's code stands, and the bytes of its entry before that number.
#[derive(Clone, Copy, Debug)]
pub(super) struct Body<'a> {
    pub(super) code: u32,
    pub(super) before: &'a [u8],
}

/// Goes through a `class_data_item`.
pub(super) fn walk<'a>(
    reader: &mut Reader<'a>,
    visit: &mut impl FnMut(Entry<'a>) -> Result<(), Error>,
) -> Result<(), Error> {
    let whole = reader.rest();
    let mut counts = [0; 4];
    for count in &mut counts {
        *count = leb::unsigned(reader, "number of class members")?;
    }
    visit(Entry::Counts(counts, passed(whole, reader)))?;
    let [statics, instances, directs, virtuals] = counts;
    let whole = reader.rest();
    for (count, first_list) in [(statics, true), (instances, false)] {
        let mut index = 0;
        for _ in 0..count {
            let defined = defined(reader, &mut index, first_list)?;
            visit(Entry::Field(defined))?;
        }
    }
    visit(Entry::Fields(passed(whole, reader)))?;
    for (count, first_list) in [(directs, true), (virtuals, false)] {
        let mut index = 0;
        for _ in 0..count {
            let whole = reader.rest();
            let defined = defined(reader, &mut index, first_list)?;
            let before = passed(whole, reader);
            let code = leb::unsigned(reader, "offset of a method's code")?;
            visit(Entry::Method(defined, Body { code, before }))?;
        }
    }
    Ok(())
}

/// Indices are stored as distances from the one before.
fn defined(reader: &mut Reader<'_>, index: &mut u32, first_list: bool) -> Result<Defined, Error> {
    let offset = reader.offset();
    let distance = leb::unsigned(reader, "class member's index")?;
    let rule = "the indices of members must stay within 32 bits";
    *index = index.checked_add(distance).ok_or_else(|| invalid("class member's index", offset, distance, rule))?;
    let access = leb::unsigned(reader, "class member's access flags")?;
    Ok(Defined { first_list, index: *index, access, offset })
}

/// What was read since `whole` was left.
fn passed<'a>(whole: &'a [u8], reader: &Reader<'_>) -> &'a [u8] {
    whole.get(..whole.len().saturating_sub(reader.remaining())).unwrap_or_default()
}
