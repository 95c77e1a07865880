//! Entitlements in DER, as iOS 15 and later read them.
//!
//! `[APPLICATION 16] { INTEGER 1, value }`. A dictionary is `[16] { SEQUENCE { UTF8String, value }, … }` in the order of its keys,
//! an array is a `SEQUENCE`; the other values are BOOLEAN, INTEGER and UTF8String. There is no form for dates, data and real
//! numbers. (Apple's CoreEntitlements; `codesign` of macOS 12 and later writes no other.)

use formats::plist::{Dictionary, Integer, Value};

use super::MAX_DEPTH;
use crate::apk::Problem;
use crate::cms::der::{INTEGER, SEQUENCE, element};
use crate::cms::{Ber, Rejected};
use crate::code::error::Error;
use crate::message::excerpt;

const PLIST: u8 = 0x70;
const DICTIONARY: u8 = 0xb0;
const BOOLEAN: u8 = 0x01;
const TEXT: u8 = 0x0c;
const VERSION: &[u8] = &[INTEGER, 1, 1];

/// The encoding of these entitlements.
pub(in crate::code) fn write(entitlements: &Dictionary) -> Result<Vec<u8>, Error> {
    let entries = entitlements
        .iter()
        .map(|(key, value)| {
            let value = write_value(value).map_err(|found| Error::EntitlementValue { key: excerpt(key), found })?;
            Ok((key.as_str(), value))
        })
        .collect::<Result<_, Error>>()?;
    Ok(element(PLIST, &[VERSION, &write_entries(entries)]))
}

fn write_value(value: &Value) -> Result<Vec<u8>, &'static str> {
    match value {
        Value::Boolean(value) => Ok(element(BOOLEAN, &[&[if *value { 0xff } else { 0 }]])),
        Value::Integer(number) => Ok(element(INTEGER, &[&write_integer(*number)])),
        Value::String(text) => Ok(element(TEXT, &[text.as_bytes()])),
        Value::Array(values) => {
            let values = values.iter().map(write_value).collect::<Result<Vec<_>, _>>()?;
            Ok(element(SEQUENCE, &[&values.concat()]))
        }
        Value::Dictionary(entries) => {
            let entries = entries.iter().map(|(key, value)| Ok((key.as_str(), write_value(value)?)));
            Ok(write_entries(entries.collect::<Result<_, _>>()?))
        }
        Value::Data(_) => Err("data"),
        Value::Date(_) => Err("a date"),
        Value::Real(_) => Err("a real number"),
        _ => Err("a value of another type"),
    }
}

fn write_entries(mut entries: Vec<(&str, Vec<u8>)>) -> Vec<u8> {
    entries.sort_unstable();
    let entries: Vec<_> =
        entries.iter().map(|(key, value)| element(SEQUENCE, &[&element(TEXT, &[key.as_bytes()]), value])).collect();
    element(DICTIONARY, &[&entries.concat()])
}

/// Two's complement in as few bytes as hold it.
fn write_integer(number: Integer) -> Vec<u8> {
    let number = number.as_signed().map(i128::from).or_else(|| number.as_unsigned().map(i128::from));
    let bytes = number.unwrap_or_default().to_be_bytes();
    let superfluous = bytes.windows(2).take_while(|pair| matches!(pair, [0, 0..=0x7f] | [0xff, 0x80..=0xff])).count();
    bytes.get(superfluous..).unwrap_or_default().to_vec()
}

/// The entitlements in this encoding. What is encoded otherwise than [`write`] does is refused: two readers could differ on it.
pub(in crate::code) fn read(bytes: &[u8]) -> Result<Dictionary, Rejected> {
    let mut file = Ber::of(bytes);
    let start = file;
    let mut plist = file.expect(PLIST, "DER entitlements")?.content;
    file.end("DER entitlements")?;
    if plist.expect(INTEGER, "version of the DER entitlements")?.whole != VERSION {
        return Err(start.reject("version of the DER entitlements", Problem::NotA("1")));
    }
    let entries = read_entries(plist.expect(DICTIONARY, "DER entitlements")?.content, MAX_DEPTH)?;
    plist.end("DER entitlements")?;
    if write(&entries).is_ok_and(|canonical| canonical == bytes) {
        Ok(entries)
    } else {
        Err(start.reject("DER entitlements", Problem::NotA("in the one encoding that they have")))
    }
}

fn read_entries(mut rest: Ber<'_>, depth: u32) -> Result<Dictionary, Rejected> {
    let mut entries = Dictionary::new();
    while !rest.bytes().is_empty() {
        let start = rest;
        let mut entry = rest.expect(SEQUENCE, "entitlement")?.content;
        let key = text(entry.expect(TEXT, "key of an entitlement")?.content)?;
        let value = read_value(&mut entry, depth)?;
        entry.end("entitlement")?;
        if entries.insert(key, value).is_some() {
            return Err(start.reject("key of an entitlement", Problem::Duplicate));
        }
    }
    Ok(entries)
}

fn read_value(rest: &mut Ber<'_>, depth: u32) -> Result<Value, Rejected> {
    let start = *rest;
    let reject = |problem| start.reject("value of an entitlement", problem);
    let depth = depth.checked_sub(1).ok_or_else(|| reject(Problem::TooMany(MAX_DEPTH.into())))?;
    let value = rest.next("value of an entitlement")?.ok_or_else(|| reject(Problem::Missing))?;
    match (value.tag, value.content.bytes()) {
        (BOOLEAN, [0]) => Ok(false.into()),
        (BOOLEAN, [0xff]) => Ok(true.into()),
        (INTEGER, digits) => read_integer(digits).map(Value::Integer).ok_or_else(|| reject(Problem::NotA("a number"))),
        (TEXT, _) => text(value.content).map(Value::String),
        (SEQUENCE, _) => {
            let (mut values, mut rest) = (Vec::new(), value.content);
            while !rest.bytes().is_empty() {
                values.push(read_value(&mut rest, depth)?);
            }
            Ok(Value::Array(values))
        }
        (DICTIONARY, _) => read_entries(value.content, depth).map(Value::Dictionary),
        _ => Err(reject(Problem::NotA("of a known type"))),
    }
}

fn text(content: Ber<'_>) -> Result<String, Rejected> {
    let text = str::from_utf8(content.bytes());
    text.map(str::to_owned).map_err(|_| content.reject("text of an entitlement", Problem::NotA("UTF-8")))
}

/// A number that a property list can hold: of 64 bits with a sign or without one.
fn read_integer(digits: &[u8]) -> Option<Integer> {
    let negative = digits.first()? & 0x80 != 0;
    let mut bytes = if negative { [0xff; 16] } else { [0; 16] };
    let start = bytes.len().checked_sub(digits.len())?;
    bytes.get_mut(start..)?.copy_from_slice(digits);
    let number = i128::from_be_bytes(bytes);
    i64::try_from(number).map(Integer::from).or_else(|_| u64::try_from(number).map(Integer::from)).ok()
}
