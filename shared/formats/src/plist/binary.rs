//! The binary form: every object that the outermost one reaches, as often as it is reached.

use super::budget::Budget;
use super::error::Error;
use crate::limits::Limits;
use crate::reader::{Reader, Truncated, widen};

/// What a list begins with; "00" is the only version in use.
pub(super) const MAGIC: &[u8] = b"bplist00";

const TRAILER_LENGTH: usize = 32;
/// The lowest type of a text in units of two bytes.
const WIDE_TEXT: u8 = 0x60;
/// The lowest type of a dictionary.
const DICTIONARY: u8 = 0xd0;

/// Checks the structure and counts the values.
pub(super) fn survey(bytes: &[u8], limits: &Limits) -> Result<u64, Error> {
    let mut survey = Survey { objects: Objects::read(bytes, limits)?, budget: Budget::new(limits), within: Vec::new() };
    survey.value(survey.objects.top)?;
    Ok(survey.budget.values())
}

/// Where the objects stand.
struct Objects<'a> {
    /// The file up to the table of offsets.
    bytes: &'a [u8],
    /// The table of offsets.
    table: Reader<'a>,
    offset_size: usize,
    reference_size: usize,
    /// The outermost object.
    top: Reference,
}

/// The number of an object, and where it is named.
#[derive(Clone, Copy)]
struct Reference {
    index: u64,
    offset: u64,
}

impl<'a> Objects<'a> {
    fn read(bytes: &'a [u8], limits: &Limits) -> Result<Self, Error> {
        let start = bytes.len().saturating_sub(TRAILER_LENGTH).max(MAGIC.len());
        let mut file = Reader::new(bytes);
        file.take(start, "objects")?;
        let mut trailer = file.part(TRAILER_LENGTH, "trailer")?;
        trailer.take(6, "unused bytes of the trailer")?;
        let offset_size = size(&mut trailer, "size of an offset")?;
        let reference_size = size(&mut trailer, "size of a reference")?;
        let (at, count) = (trailer.offset(), number(&mut trailer, 8, "number of objects")?);
        if count > limits.values {
            return Err(Error::TooManyValues { offset: at, limit: limits.values });
        }
        let top = Reference { offset: trailer.offset(), index: number(&mut trailer, 8, "outermost object")? };
        let (at, table) = (trailer.offset(), number(&mut trailer, 8, "offset of the offset table")?);
        let place = usize::try_from(table).ok().filter(|&place| place > MAGIC.len() && place <= start);
        let rule = "the table stands between the objects and the trailer";
        let place =
            place.ok_or(Error::Invalid { field: "offset of the offset table", offset: at, found: table, rule })?;
        let length = usize::try_from(count).unwrap_or(usize::MAX).saturating_mul(offset_size);
        let objects = bytes.get(..place).unwrap_or_default();
        let mut rest = Reader::at(bytes.get(place..start).unwrap_or_default(), table);
        Ok(Self { bytes: objects, table: rest.part(length, "offset table")?, offset_size, reference_size, top })
    }

    /// An object, from its first byte on.
    fn object(&self, reference: Reference) -> Result<Reader<'a>, Error> {
        let at = usize::try_from(reference.index).unwrap_or(usize::MAX).saturating_mul(self.offset_size);
        let Some(rest) = self.table.rest().get(at..).filter(|rest| !rest.is_empty()) else {
            let Reference { index: found, offset } = reference;
            return Err(Error::Invalid { field: "object", offset, found, rule: "there are fewer objects" });
        };
        let at = self.table.offset().saturating_add(widen(at));
        let offset = number(&mut Reader::at(rest, at), self.offset_size, "offset of an object")?;
        let object = usize::try_from(offset).ok().filter(|&start| start >= MAGIC.len());
        match object.and_then(|start| self.bytes.get(start..)).filter(|object| !object.is_empty()) {
            Some(object) => Ok(Reader::at(object, offset)),
            None => {
                let rule = "objects stand between the first eight bytes and the offset table";
                Err(Error::Invalid { field: "offset of an object", offset: at, found: offset, rule })
            }
        }
    }

    /// `count` references, at which `object` stands.
    fn references(&self, object: &mut Reader<'a>, count: usize) -> Result<References<'a>, Error> {
        let rest = object.part(count.saturating_mul(self.reference_size), "references")?;
        Ok(References { rest, size: self.reference_size })
    }
}

struct References<'a> {
    rest: Reader<'a>,
    size: usize,
}

impl Iterator for References<'_> {
    type Item = Reference;

    fn next(&mut self) -> Option<Reference> {
        let offset = self.rest.offset();
        Some(Reference { index: number(&mut self.rest, self.size, "reference").ok()?, offset })
    }
}

struct Survey<'a> {
    objects: Objects<'a>,
    budget: Budget<'a>,
    /// The arrays and dictionaries that are being walked through, the outermost first.
    within: Vec<u64>,
}

impl<'a> Survey<'a> {
    fn value(&mut self, reference: Reference) -> Result<(), Error> {
        let mut object = self.objects.object(reference)?;
        let start = object.offset();
        self.budget.value(start)?;
        let marker = object.u8("type of an object")?;
        match (marker >> 4, marker & 0xf) {
            (0x0, 8 | 9) => {}
            (0x1, low @ 0..=4) | (0x2, low @ (2 | 3)) | (0x3, low @ 3) => drop(object.take(1_usize << low, "number")?),
            (0x8, low @ 0..=7) => drop(object.take(usize::from(low).saturating_add(1), "UID")?),
            (0x4..=0x6, _) => self.text(marker, &mut object)?,
            (0xa | 0xd, _) => self.collection(reference, marker, object)?,
            _ => return Err(unknown(marker, start)),
        }
        Ok(())
    }

    fn key(&mut self, reference: Reference) -> Result<(), Error> {
        let mut object = self.objects.object(reference)?;
        let start = object.offset();
        match object.u8("type of a key")? {
            marker @ 0x50..=0x6f => self.text(marker, &mut object),
            marker => {
                let rule = "keys are text, 0x50 to 0x6f";
                Err(Error::Invalid { field: "type of a key", offset: start, found: marker.into(), rule })
            }
        }
    }

    /// Data, or text in bytes or in units of two.
    fn text(&mut self, marker: u8, object: &mut Reader<'a>) -> Result<(), Error> {
        let start = object.offset();
        let length = length(object, marker & 0xf)?.saturating_mul(if marker >= WIDE_TEXT { 2 } else { 1 });
        object.take(length, "text or data")?;
        self.budget.bytes(length, start)
    }

    /// An array, or a dictionary, whose keys stand before its values.
    fn collection(&mut self, reference: Reference, marker: u8, mut object: Reader<'a>) -> Result<(), Error> {
        let start = object.offset();
        self.enter(reference, start)?;
        let count = length(&mut object, marker & 0xf)?;
        self.budget.room_for(widen(count), start)?;
        if marker >= DICTIONARY {
            for key in self.objects.references(&mut object, count)? {
                self.key(key)?;
            }
        }
        for value in self.objects.references(&mut object, count)? {
            self.value(value)?;
        }
        self.leave();
        Ok(())
    }

    fn enter(&mut self, reference: Reference, offset: u64) -> Result<(), Error> {
        if self.within.contains(&reference.index) {
            return Err(Error::Cycle { offset });
        }
        self.budget.enter(offset)?;
        self.within.push(reference.index);
        Ok(())
    }

    fn leave(&mut self) {
        self.budget.leave();
        self.within.pop();
    }
}

/// Number of bytes, units or references of an object: in its type, or in a number behind it when there are fifteen or more.
fn length(object: &mut Reader<'_>, low: u8) -> Result<usize, Error> {
    if low < 0xf {
        return Ok(low.into());
    }
    let offset = object.offset();
    let marker = object.u8("length of an object")?;
    if !matches!(marker, 0x10..=0x13) {
        let rule = "a length is a number of 1, 2, 4 or 8 bytes, 0x10 to 0x13";
        return Err(Error::Invalid { field: "length of an object", offset, found: marker.into(), rule });
    }
    let length = number(object, 1_usize << (marker & 0xf), "length of an object")?;
    Ok(usize::try_from(length).unwrap_or(usize::MAX))
}

fn size(trailer: &mut Reader<'_>, field: &'static str) -> Result<usize, Error> {
    let offset = trailer.offset();
    match trailer.u8(field)? {
        size @ (1..=4 | 8) => Ok(size.into()),
        found => Err(Error::Invalid { field, offset, found: found.into(), rule: "1, 2, 3, 4 or 8 bytes" }),
    }
}

/// A number of up to eight bytes, the highest first.
fn number(reader: &mut Reader<'_>, size: usize, field: &'static str) -> Result<u64, Truncated> {
    Ok(reader.take(size, field)?.iter().fold(0, |number, &byte| number << 8 | u64::from(byte)))
}

fn unknown(marker: u8, offset: u64) -> Error {
    Error::Invalid { field: "type of an object", offset, found: marker.into(), rule: "no type of a property list" }
}
