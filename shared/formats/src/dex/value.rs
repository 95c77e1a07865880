//! Encoded values: the arrays and annotations that hold constants.

use super::error::{Error, invalid};
use super::leb;
use crate::reader::Reader;

/// Tables that a value can refer to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pool {
    Proto,
    Handle,
    String,
    Type,
    Field,
    Method,
    /// A field that is an enumeration's constant.
    Enum,
}

impl Pool {
    const ALL: [Self; 7] = [Self::Proto, Self::Handle, Self::String, Self::Type, Self::Field, Self::Method, Self::Enum];

    /// `VALUE_METHOD_TYPE` to `VALUE_ENUM`.
    const fn code(self) -> u8 {
        match self {
            Self::Proto => 0x15,
            Self::Handle => 0x16,
            Self::String => 0x17,
            Self::Type => 0x18,
            Self::Field => 0x19,
            Self::Method => 0x1a,
            Self::Enum => 0x1b,
        }
    }
}

/// One part of an encoded array or annotation. All parts in their order say everything that it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part<'a> {
    /// A number, null or boolean, or the first byte of an array or annotation, as it stands in the file.
    Plain(&'a [u8]),
    /// A reference.
    Index(Pool, u32),
    /// Values of an array, or elements of an annotation.
    Count(u32),
    /// Type of an annotation.
    AnnotationType(u32),
    /// Name of an annotation's element: a string.
    Name(u32),
}

/// How deep values may be nested.
#[derive(Clone, Copy, Debug)]
pub(super) struct Levels {
    left: u32,
    limit: u32,
}

impl Levels {
    pub(super) const fn new(limit: u32) -> Self {
        Self { left: limit, limit }
    }

    fn below(self, offset: u64) -> Result<Self, Error> {
        let left = self.left.checked_sub(1).ok_or(Error::TooDeep { offset, limit: self.limit })?;
        Ok(Self { left, ..self })
    }
}

/// Goes through an `encoded_array`. `visit` learns the offset of each part.
pub(super) fn array<'a>(
    reader: &mut Reader<'a>,
    levels: Levels,
    visit: &mut impl FnMut(u64, Part<'a>) -> Result<(), Error>,
) -> Result<(), Error> {
    let offset = reader.offset();
    let levels = levels.below(offset)?;
    let count = leb::unsigned(reader, "array size")?;
    visit(offset, Part::Count(count))?;
    for _ in 0..count {
        value(reader, levels, visit)?;
    }
    Ok(())
}

/// Goes through an `encoded_annotation`.
pub(super) fn annotation<'a>(
    reader: &mut Reader<'a>,
    levels: Levels,
    visit: &mut impl FnMut(u64, Part<'a>) -> Result<(), Error>,
) -> Result<(), Error> {
    let offset = reader.offset();
    let levels = levels.below(offset)?;
    visit(offset, Part::AnnotationType(leb::unsigned(reader, "annotation type")?))?;
    let offset = reader.offset();
    let count = leb::unsigned(reader, "annotation size")?;
    visit(offset, Part::Count(count))?;
    for _ in 0..count {
        let offset = reader.offset();
        visit(offset, Part::Name(leb::unsigned(reader, "annotation element name")?))?;
        value(reader, levels, visit)?;
    }
    Ok(())
}

fn value<'a>(
    reader: &mut Reader<'a>,
    levels: Levels,
    visit: &mut impl FnMut(u64, Part<'a>) -> Result<(), Error>,
) -> Result<(), Error> {
    let (offset, whole) = (reader.offset(), reader.rest());
    let head = reader.u8("encoded value")?;
    let (argument, code) = (head >> 5, head & 0x1f);
    let (longest, length) = match code {
        0x00 => (0, 1),
        0x02 | 0x03 => (1, usize::from(argument).saturating_add(1)),
        0x06 | 0x11 => (7, usize::from(argument).saturating_add(1)),
        0x04 | 0x10 | 0x15..=0x1b => (3, usize::from(argument).saturating_add(1)),
        0x1c..=0x1e => (0, 0),
        0x1f => (1, 0),
        _ => return Err(invalid("encoded value's type", offset, code, "no such type of value is known")),
    };
    if argument > longest {
        return Err(invalid("encoded value's argument", offset, argument, "too large for this type of value"));
    }
    let bytes = reader.take(length, "encoded value")?;
    if let Some(pool) = Pool::ALL.into_iter().find(|pool| pool.code() == code) {
        let mut index = [0; 4];
        index.iter_mut().zip(bytes).for_each(|(place, byte)| *place = *byte);
        return visit(offset, Part::Index(pool, u32::from_le_bytes(index)));
    }
    visit(offset, Part::Plain(whole.get(..length.saturating_add(1)).unwrap_or_default()))?;
    match code {
        0x1c => array(reader, levels, visit),
        0x1d => annotation(reader, levels, visit),
        _ => Ok(()),
    }
}

/// Appends a part, in as few bytes as it takes.
pub(super) fn put(out: &mut Vec<u8>, part: Part<'_>) {
    match part {
        Part::Plain(bytes) => out.extend_from_slice(bytes),
        Part::Count(number) | Part::AnnotationType(number) | Part::Name(number) => leb::put_unsigned(out, number),
        Part::Index(pool, index) => {
            let bytes = index.to_le_bytes();
            let beyond_first =
                bytes.iter().skip(1).rposition(|byte| *byte != 0).map_or(0, |place| place.saturating_add(1));
            out.push(u8::try_from(beyond_first).unwrap_or(3).wrapping_shl(5) | pool.code());
            out.extend(bytes.iter().take(beyond_first.saturating_add(1)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The parts of an array, and what writing them gives.
    fn parts(bytes: &[u8]) -> Result<(Vec<String>, Vec<u8>), Error> {
        let (mut shown, mut out) = (Vec::new(), Vec::new());
        array(&mut Reader::at(bytes, 10), Levels::new(3), &mut |offset, part| {
            shown.push(format!("{offset} {part:?}"));
            put(&mut out, part);
            Ok(())
        })?;
        Ok((shown, out))
    }

    #[test]
    fn parts_in_their_order() {
        let bytes = [4, 0x1e, 0x37, 0x02, 0x01, 0x1c, 1, 0x3f, 0x1d, 5, 1, 6, 0x64, 1, 2, 3, 4];
        let (shown, out) = parts(&bytes).unwrap();
        assert_eq!(
            shown,
            [
                "10 Count(4)",
                "11 Plain([30])",
                "12 Index(String, 258)",
                "15 Plain([28])",
                "16 Count(1)",
                "17 Plain([63])",
                "18 Plain([29])",
                "19 AnnotationType(5)",
                "20 Count(1)",
                "21 Name(6)",
                "22 Plain([100, 1, 2, 3, 4])",
            ]
        );
        assert_eq!(out, bytes);
    }

    #[test]
    fn indices_take_as_few_bytes_as_they_need() {
        for (long, short) in [
            (&[1, 0x77, 0, 0, 0, 0][..], &[1, 0x17, 0][..]),
            (&[1, 0x58, 1, 2, 0], &[1, 0x38, 1, 2]),
            (&[1, 0x79, 0, 0, 0, 1], &[1, 0x79, 0, 0, 0, 1]),
        ] {
            assert_eq!(parts(long).unwrap().1, short);
        }
    }

    #[test]
    fn defects_are_named() {
        let refused = |bytes: &[u8], message: &str| {
            assert_eq!(parts(bytes).unwrap_err().to_string(), format!("DEX: {message}"));
        };
        refused(&[1, 0x01], "encoded value's type at offset 11 is 0x1: no such type of value is known");
        refused(&[1, 0x20], "encoded value's argument at offset 11 is 0x1: too large for this type of value");
        refused(&[1, 0x97, 0], "encoded value's argument at offset 11 is 0x4: too large for this type of value");
        refused(&[2, 0x1e], "encoded value at offset 12 is cut off: 1 bytes wanted, 0 there");
        refused(&[1, 0x1c, 1, 0x1c, 1, 0x1c, 0], "encoded value at offset 16 is nested deeper than 3 levels");
        refused(
            &[0xff, 0xff, 0xff, 0xff, 0x0f, 0x1e],
            "encoded value at offset 16 is cut off: 1 bytes wanted, 0 there",
        );
    }
}
