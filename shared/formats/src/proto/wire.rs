//! The wire format: fields one after another, each with its number, its form and the exact bytes that it takes.
//!
//! <https://protobuf.dev/programming-guides/encoding/>. Groups, which no message of a bundle has, are refused.

use super::error::Error;
use crate::reader::{Reader, widen};

/// Bytes of the longest number.
const LONGEST_NUMBER: u32 = 10;
/// Bits of a tag that tell the form of the field's value.
const FORM_BITS: u32 = 3;

/// A message, which is its fields.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    bytes: &'a [u8],
    offset: u64,
}

/// A field of a message.
#[derive(Clone, Copy, Debug)]
pub struct Field<'a> {
    /// Its number, which tells what it is.
    pub number: u32,
    /// Its value.
    pub value: Value<'a>,
    /// All its bytes: number, form and value.
    pub bytes: &'a [u8],
    /// Where it starts, counted from the beginning of the outermost message.
    pub offset: u64,
}

/// The value of a field, by its form.
#[derive(Clone, Copy, Debug)]
pub enum Value<'a> {
    /// A number, a truth value or a constant.
    Varint(u64),
    /// Eight bytes.
    Fixed64(u64),
    /// A message, a text, bytes or packed numbers.
    Bytes(Message<'a>),
    /// Four bytes.
    Fixed32(u32),
}

impl<'a> Message<'a> {
    /// The outermost message.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, offset: 0 }
    }

    /// The message's bytes.
    pub const fn bytes(self) -> &'a [u8] {
        self.bytes
    }

    /// Where the message starts, counted from the beginning of the outermost one.
    pub const fn offset(self) -> u64 {
        self.offset
    }

    /// The fields in their order. After an error there are no more.
    pub const fn fields(self) -> Fields<'a> {
        Fields { rest: Reader::at(self.bytes, self.offset) }
    }

    /// The one field of this number. One that stands more than once is refused: readers do not agree on which of them counts.
    pub fn field(self, number: u32, name: &'static str) -> Result<Option<Field<'a>>, Error> {
        let mut found = None;
        for field in self.fields() {
            let field = field?;
            if field.number == number && found.replace(field).is_some() {
                return Err(field.invalid(name, "stands there more than once"));
            }
        }
        Ok(found)
    }

    /// The one message in the field of this number.
    pub fn message(self, number: u32, name: &'static str) -> Result<Option<Self>, Error> {
        self.field(number, name)?.map(|field| field.message(name)).transpose()
    }

    /// The one text in the field of this number; empty where there is none.
    pub fn text(self, number: u32, name: &'static str) -> Result<&'a str, Error> {
        Ok(self.field(number, name)?.map(|field| field.text(name)).transpose()?.unwrap_or_default())
    }

    /// The one number of 32 bits in the field of this number; 0 where there is none.
    pub fn u32(self, number: u32, name: &'static str) -> Result<u32, Error> {
        Ok(self.field(number, name)?.map(|field| field.u32(name)).transpose()?.unwrap_or_default())
    }
}

impl<'a> Field<'a> {
    /// The message, the text or the bytes that the field holds.
    pub fn message(&self, name: &'static str) -> Result<Message<'a>, Error> {
        match self.value {
            Value::Bytes(message) => Ok(message),
            _ => Err(self.invalid(name, "is a number, and should be a message or a text")),
        }
    }

    /// The text that the field holds.
    pub fn text(&self, name: &'static str) -> Result<&'a str, Error> {
        std::str::from_utf8(self.message(name)?.bytes).map_err(|_| self.invalid(name, "is no UTF-8"))
    }

    /// The number that the field holds, of 32 bits; a negative one as its two's complement.
    pub fn u32(&self, name: &'static str) -> Result<u32, Error> {
        let Value::Varint(number) = self.value else { return Err(self.invalid(name, "should be a number")) };
        let negative = || i32::try_from(number.cast_signed()).map(i32::cast_unsigned);
        u32::try_from(number).or_else(|_| negative()).map_err(|_| self.invalid(name, "has more than 32 bits"))
    }

    /// The four bytes that the field holds.
    pub fn fixed32(&self, name: &'static str) -> Result<u32, Error> {
        match self.value {
            Value::Fixed32(number) => Ok(number),
            _ => Err(self.invalid(name, "should have four bytes")),
        }
    }

    pub(super) const fn invalid(&self, field: &'static str, defect: &'static str) -> Error {
        Error::Invalid { field, offset: self.offset, defect }
    }
}

/// The fields of a message.
#[derive(Clone, Debug)]
pub struct Fields<'a> {
    rest: Reader<'a>,
}

impl<'a> Fields<'a> {
    fn read(&mut self) -> Result<Field<'a>, Error> {
        let start = self.rest;
        let invalid = |defect| Error::Invalid { field: "field", offset: start.offset(), defect };
        let tag = varint(&mut self.rest, "tag of a field")?;
        let number = u32::try_from(tag >> FORM_BITS).ok().filter(|number| (1..1 << 29).contains(number));
        let number = number.ok_or_else(|| invalid("has a number that no field has"))?;
        let value = match tag & ((1 << FORM_BITS) - 1) {
            0 => Value::Varint(varint(&mut self.rest, "number")?),
            1 => Value::Fixed64(self.rest.u64("eight bytes of a field")?),
            2 => {
                let length = varint(&mut self.rest, "length of a field")?;
                let length = usize::try_from(length).unwrap_or(usize::MAX);
                let part = self.rest.part(length, "value of a field")?;
                Value::Bytes(Message { bytes: part.rest(), offset: part.offset() })
            }
            5 => Value::Fixed32(self.rest.u32("four bytes of a field")?),
            _ => return Err(invalid("has a form that is not known")),
        };
        let length = start.remaining().saturating_sub(self.rest.remaining());
        let bytes = start.rest().get(..length).unwrap_or_default();
        Ok(Field { number, value, bytes, offset: start.offset() })
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<Field<'a>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let field = self.read();
        if field.is_err() {
            self.rest = Reader::at(&[], self.rest.offset());
        }
        Some(field)
    }
}

fn varint(reader: &mut Reader<'_>, field: &'static str) -> Result<u64, Error> {
    let offset = reader.offset();
    let mut number = 0_u64;
    for place in 0..LONGEST_NUMBER {
        let byte = reader.u8(field)?;
        let bits = u64::from(byte & 0x7f);
        let shift = place.saturating_mul(7);
        let moved = bits << shift;
        if moved >> shift != bits {
            return Err(Error::Invalid { field, offset, defect: "has more than 64 bits" });
        }
        number |= moved;
        if byte & 0x80 == 0 {
            return Ok(number);
        }
    }
    Err(Error::Invalid { field, offset, defect: "has more than ten bytes" })
}

/// A message in the making.
#[derive(Clone, Debug, Default)]
pub struct Writer(Vec<u8>);

impl Writer {
    /// Adds a number; a negative one of 32 bits with its sign.
    pub fn number(&mut self, number: u32, value: impl Into<i64>) -> &mut Self {
        self.tag(number, 0);
        push_varint(&mut self.0, value.into().cast_unsigned());
        self
    }

    /// Adds a message, a text or bytes.
    pub fn bytes(&mut self, number: u32, value: impl AsRef<[u8]>) -> &mut Self {
        self.tag(number, 2);
        push_varint(&mut self.0, widen(value.as_ref().len()));
        self.0.extend_from_slice(value.as_ref());
        self
    }

    /// Adds four bytes.
    pub fn fixed32(&mut self, number: u32, value: u32) -> &mut Self {
        self.tag(number, 5);
        self.0.extend_from_slice(&value.to_le_bytes());
        self
    }

    /// Adds fields as they are.
    pub fn raw(&mut self, fields: &[u8]) -> &mut Self {
        self.0.extend_from_slice(fields);
        self
    }

    /// The message.
    pub fn finish(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.0)
    }

    fn tag(&mut self, number: u32, form: u64) {
        push_varint(&mut self.0, u64::from(number) << FORM_BITS | form);
    }
}

/// The number, the form and the length in front of bytes.
pub(super) fn head_of_bytes(number: u32, length: usize) -> Vec<u8> {
    let mut head = Writer::default();
    head.tag(number, 2);
    push_varint(&mut head.0, widen(length));
    head.finish()
}

fn push_varint(bytes: &mut Vec<u8>, mut number: u64) {
    while let Some(rest) = Some(number >> 7).filter(|rest| *rest != 0) {
        bytes.push(low_bits(number) | 0x80);
        number = rest;
    }
    bytes.push(low_bits(number));
}

fn low_bits(number: u64) -> u8 {
    u8::try_from(number & 0x7f).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(bytes: &[u8]) -> String {
        let fields = Message::new(bytes).fields().map(|field| match field {
            Ok(Field { number, value, bytes, offset }) => {
                let value = match value {
                    Value::Bytes(message) => format!("{:?} at {}", message.bytes(), message.offset()),
                    other => format!("{other:?}"),
                };
                format!("{number}@{offset}+{}: {value}", bytes.len())
            }
            Err(error) => error.to_string(),
        });
        fields.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn fields_of_every_form() {
        let mut message = Writer::default();
        message.number(1, 300).bytes(2, [7, 8]).fixed32(16, 5).number(3, -1).raw(&[0x21, 1, 0, 0, 0, 0, 0, 0, 0]);
        insta::assert_snapshot!(shown(&message.finish()), @"
        1@0+3: Varint(300)
        2@3+4: [7, 8] at 5
        16@7+6: Fixed32(5)
        3@13+11: Varint(18446744073709551615)
        4@24+9: Fixed64(1)
        ");
    }

    #[test]
    fn what_no_writer_makes_is_refused() {
        let cases: [&[u8]; 9] = [
            &[0x08],
            &[0x08, 0x80],
            &[0x12, 5, 0],
            &[0x00, 0],
            &[0x0b],
            &[0x0e],
            &[0x0d, 1, 2],
            &[0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2],
            &[0x08, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0],
        ];
        insta::assert_snapshot!(cases.map(shown).join("\n"), @"
        protobuf: number at offset 1 is cut off: 1 bytes wanted, 0 there
        protobuf: number at offset 2 is cut off: 1 bytes wanted, 0 there
        protobuf: value of a field at offset 2 is cut off: 5 bytes wanted, 1 there
        protobuf: field at offset 0 has a number that no field has
        protobuf: field at offset 0 has a form that is not known
        protobuf: field at offset 0 has a form that is not known
        protobuf: four bytes of a field at offset 1 is cut off: 4 bytes wanted, 2 there
        protobuf: number at offset 1 has more than 64 bits
        protobuf: number at offset 1 has more than ten bytes
        ");
    }

    #[test]
    fn a_field_that_stands_twice_or_has_another_form_is_refused() {
        let message = |bytes| Message::new(bytes);
        let twice = message(&[0x08, 1, 0x08, 2]).u32(1, "id").unwrap_err();
        assert_eq!(twice.to_string(), "protobuf: id at offset 2 stands there more than once");
        let text = message(&[0x0a, 1, 0xff]).text(1, "name").unwrap_err();
        assert_eq!(text.to_string(), "protobuf: name at offset 0 is no UTF-8");
        let number = message(&[0x08, 1]).text(1, "name").unwrap_err();
        assert_eq!(number.to_string(), "protobuf: name at offset 0 is a number, and should be a message or a text");
        let long = message(&[0x08, 0x80, 0x80, 0x80, 0x80, 0x10]).u32(1, "id").unwrap_err();
        assert_eq!(long.to_string(), "protobuf: id at offset 0 has more than 32 bits");
        assert_eq!(message(&[]).u32(1, "id"), Ok(0));
    }
}
