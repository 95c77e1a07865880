//! `Item`: one value, as the platform's typed value that aapt2 makes of it when it converts a bundle to packages.

use std::ops::RangeInclusive;

use super::error::Error;
use super::schema::number;
use super::wire::{Field, Message, Writer};
use crate::axml::Value;

/// `Res_value::TYPE_*` that stand for several forms of `Item`.
mod kind {
    pub(super) const NULL: u8 = 0x00;
    pub(super) const REFERENCE: u8 = 0x01;
    pub(super) const ATTRIBUTE: u8 = 0x02;
    pub(super) const DYNAMIC_REFERENCE: u8 = 0x07;
    pub(super) const DYNAMIC_ATTRIBUTE: u8 = 0x08;
    pub(super) const BOOLEAN: u8 = 0x12;
}

/// Fields of `Primitive` that hold 32 bits, and the `Res_value::TYPE_*` of each.
const NUMBERS: [(u32, u8); 9] = [
    (6, 0x10),
    (7, 0x11),
    (9, 0x1c),
    (10, 0x1d),
    (11, 0x1e),
    (12, 0x1f),
    (13, 0x05),
    (14, 0x06),
    (BOOLEAN_VALUE, kind::BOOLEAN),
];
/// Fields of `Primitive` that hold a floating-point number. The last two are those of older tools, in which it stands for the bits.
const FLOATS: [(u32, u8); 3] = [(3, 0x04), (4, 0x05), (5, 0x06)];
const NULL_VALUE: u32 = 1;
const EMPTY_VALUE: u32 = 2;
const BOOLEAN_VALUE: u32 = 8;
/// `Reference.Type.ATTRIBUTE`
const TYPE_ATTRIBUTE: u32 = 1;

/// The value of an `Item`.
pub(super) fn read(item: Message<'_>) -> Result<Value, Error> {
    let field = of_item(item)?;
    let message = field.message("value of Item")?;
    Ok(match field.number {
        number::ITEM_REFERENCE => reference(message)?,
        number::ITEM_FILE => Value::String(message.text(number::FILE_PATH, "path of FileReference")?.to_owned()),
        number::ITEM_ID => Value::exactly(kind::BOOLEAN, 0),
        number::ITEM_PRIMITIVE => primitive(message)?,
        _ => Value::String(message.text(number::TEXT, "text of Item")?.to_owned()),
    })
}

/// The one field among those of a `oneof`.
fn only<'a>(message: Message<'a>, name: &'static str, is_one: impl Fn(u32) -> bool) -> Result<Field<'a>, Error> {
    let mut found = None;
    for field in message.fields() {
        let field = field?;
        if is_one(field.number) && found.replace(field).is_some() {
            return Err(field.invalid(name, "has more than one value"));
        }
    }
    found.ok_or(Error::Invalid { field: name, offset: message.offset(), defect: "has no value that is known" })
}

/// An id of 0 is `@null`, whatever else the reference says.
fn reference(reference: Message<'_>) -> Result<Value, Error> {
    let is_attribute = reference.u32(number::REFERENCE_TYPE, "type of Reference")? == TYPE_ATTRIBUTE;
    let id = reference.u32(number::REFERENCE_ID, "id of Reference")?;
    let dynamic = reference.message(number::REFERENCE_IS_DYNAMIC, "is_dynamic of Reference")?;
    let dynamic = dynamic.map(|boolean| boolean.u32(1, "value of Boolean")).transpose()?.unwrap_or_default();
    let kind = match (is_attribute, dynamic != 0 && id != 0) {
        (false, false) => kind::REFERENCE,
        (true, false) => kind::ATTRIBUTE,
        (false, true) => kind::DYNAMIC_REFERENCE,
        (true, true) => kind::DYNAMIC_ATTRIBUTE,
    };
    Ok(Value::exactly(kind, id))
}

fn primitive(primitive: Message<'_>) -> Result<Value, Error> {
    let field = only(primitive, "Primitive", |number| (1..=14).contains(&number))?;
    let of = |table: &[(u32, u8)]| table.iter().find(|(number, _)| *number == field.number).map(|(_, kind)| *kind);
    let name = "value of Primitive";
    match (field.number, of(&NUMBERS), of(&FLOATS)) {
        (NULL_VALUE, ..) => Ok(Value::exactly(kind::NULL, 0)),
        (EMPTY_VALUE, ..) => Ok(Value::exactly(kind::NULL, 1)),
        (_, Some(kind), _) => Ok(Value::exactly(kind, field.u32(name)?)),
        (_, _, Some(kind)) => Ok(Value::exactly(kind, field.fixed32(name)?)),
        _ => Err(field.invalid(name, "is of a kind that is not known")),
    }
}

/// The `Item` of a value.
pub(super) fn write(value: &Value) -> Result<Vec<u8>, Error> {
    let mut item = Writer::default();
    match value {
        Value::String(text) => item.bytes(number::ITEM_TEXT, Writer::default().bytes(number::TEXT, text).finish()),
        Value::Boolean(value) => item.bytes(number::ITEM_PRIMITIVE, number_of(BOOLEAN_VALUE, i64::from(*value))),
        Value::Int(value) => item.bytes(number::ITEM_PRIMITIVE, number_of(6, i64::from(*value))),
        Value::Reference(id) => item.bytes(number::ITEM_REFERENCE, reference_of(kind::REFERENCE, *id)),
        Value::Other { kind, data } => {
            let of = |table: &[(u32, u8)]| table.iter().find(|(_, known)| known == kind).map(|(number, _)| *number);
            match (*kind, *data, of(&NUMBERS), of(&FLOATS)) {
                (kind::NULL, 0, ..) => item.bytes(number::ITEM_PRIMITIVE, bytes_of(NULL_VALUE)),
                (kind::NULL, 1, ..) => item.bytes(number::ITEM_PRIMITIVE, bytes_of(EMPTY_VALUE)),
                (kind::ATTRIBUTE, ..) => item.bytes(number::ITEM_REFERENCE, reference_of(*kind, *data)),
                (kind::DYNAMIC_REFERENCE | kind::DYNAMIC_ATTRIBUTE, 1.., ..) => {
                    item.bytes(number::ITEM_REFERENCE, reference_of(*kind, *data))
                }
                (_, _, Some(number), _) => item.bytes(number::ITEM_PRIMITIVE, number_of(number, i64::from(*data))),
                (_, _, _, Some(number)) => {
                    let float = Writer::default().fixed32(number, *data).finish();
                    item.bytes(number::ITEM_PRIMITIVE, float)
                }
                _ => return Err(Error::Full { what: "value of a kind that the form does not have" }),
            }
        }
    };
    Ok(item.finish())
}

/// The fields of an `Item` that are its value.
const VALUES: RangeInclusive<u32> = 1..=7;

/// The number of the highest field that is known in the value of an `Item` that stands in a field of this number.
const fn last_known(kind: u32) -> u32 {
    match kind {
        number::ITEM_REFERENCE => number::REFERENCE_LAST,
        number::ITEM_PRIMITIVE => 14,
        number::ITEM_STYLED_TEXT | number::ITEM_FILE => 2,
        number::ITEM_ID => 0,
        _ => number::TEXT,
    }
}

/// An `Item` taken apart.
pub(super) struct Parts {
    /// The number of the field that is its value.
    pub(super) kind: u32,
    /// The fields of the value that are known.
    pub(super) known: Vec<u8>,
    /// The others.
    pub(super) unknown_in_value: Vec<u8>,
    /// The fields of the item that are not known.
    pub(super) unknown: Vec<u8>,
}

impl Parts {
    pub(super) fn of(item: Message<'_>) -> Result<Self, Error> {
        let value = of_item(item)?;
        let last = last_known(value.number);
        let (known, unknown_in_value) = split(value.message("value of Item")?, |number| number <= last)?;
        let (_, unknown) = split(item, |number| VALUES.contains(&number))?;
        Ok(Self { kind: value.number, known, unknown_in_value, unknown })
    }
}

/// The new `item`, with the fields of the old one that are not known where both values are of the same kind.
pub(super) fn with_unknown_of(old: Message<'_>, item: Vec<u8>) -> Result<Vec<u8>, Error> {
    let (was, is) = (Parts::of(old)?, Parts::of(Message::new(&item))?);
    if was.kind != is.kind {
        return Ok(item);
    }
    let value = [is.known, was.unknown_in_value].concat();
    Ok(Writer::default().bytes(is.kind, value).raw(&was.unknown).finish())
}

/// The fields of a message that are known, and the others.
fn split(message: Message<'_>, is_known: impl Fn(u32) -> bool) -> Result<(Vec<u8>, Vec<u8>), Error> {
    let (mut known, mut unknown) = (Writer::default(), Writer::default());
    for field in message.fields() {
        let field = field?;
        let part = if is_known(field.number) { &mut known } else { &mut unknown };
        part.raw(field.bytes);
    }
    Ok((known.finish(), unknown.finish()))
}

/// The field of an `Item` that is its value.
pub(super) fn of_item(item: Message<'_>) -> Result<Field<'_>, Error> {
    only(item, "Item", |number| VALUES.contains(&number))
}

fn number_of(number: u32, value: i64) -> Vec<u8> {
    Writer::default().number(number, value).finish()
}

fn bytes_of(number: u32) -> Vec<u8> {
    Writer::default().bytes(number, []).finish()
}

fn reference_of(kind: u8, id: u32) -> Vec<u8> {
    let mut reference = Writer::default();
    if matches!(kind, kind::ATTRIBUTE | kind::DYNAMIC_ATTRIBUTE) {
        reference.number(number::REFERENCE_TYPE, TYPE_ATTRIBUTE);
    }
    if id != 0 {
        reference.number(number::REFERENCE_ID, id);
    }
    if matches!(kind, kind::DYNAMIC_REFERENCE | kind::DYNAMIC_ATTRIBUTE) {
        reference.bytes(number::REFERENCE_IS_DYNAMIC, Writer::default().number(1, 1).finish());
    }
    reference.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_value_is_written_as_it_is_read() {
        let others = [0x02, 0x04, 0x05, 0x06, 0x07, 0x08, 0x11, 0x1c, 0x1d, 0x1e, 0x1f];
        let others = others.map(|kind| Value::Other { kind, data: 0x8123_4567 });
        let plain = [
            Value::Boolean(true),
            Value::Boolean(false),
            Value::Int(-5),
            Value::Int(7),
            Value::Reference(0x7f01_0000),
            Value::Reference(0),
            Value::String("t".to_owned()),
            Value::Other { kind: 0, data: 0 },
            Value::Other { kind: 0, data: 1 },
        ];
        for value in plain.into_iter().chain(others) {
            assert_eq!(read(Message::new(&write(&value).unwrap())).unwrap(), value);
        }
        write(&Value::Other { kind: 0x20, data: 0 }).unwrap_err();
        write(&Value::Other { kind: 0, data: 2 }).unwrap_err();
    }

    #[test]
    fn items_that_say_two_things_or_nothing_are_refused() {
        let text = write(&Value::String("t".to_owned())).unwrap();
        let both = [text, write(&Value::Int(1)).unwrap()].concat();
        let refusal = |bytes: &[u8]| read(Message::new(bytes)).unwrap_err().to_string();
        assert_eq!(refusal(&both), "protobuf: Item at offset 5 has more than one value");
        assert_eq!(refusal(&[]), "protobuf: Item at offset 0 has no value that is known");
        assert_eq!(
            refusal(&[0x3a, 2, 0x50, 1, 0x3a, 2, 0x50, 1]),
            "protobuf: Item at offset 4 has more than one value"
        );
        assert_eq!(refusal(&[0x3a, 2, 0x1a, 0]), "protobuf: value of Primitive at offset 2 should have four bytes");
    }
}
