//! Tables put together byte by byte, on purpose without the crate's own writer.

use formats::arsc::Table;
use formats::limits::Limits;

pub(crate) use crate::axml_builder::{Encoding, chunk, pool, styled_pool, words};

pub(crate) const STRING: u8 = 0x03;
pub(crate) const REFERENCE: u8 = 0x01;
pub(crate) const INT: u8 = 0x10;
pub(crate) const NO_ENTRY: u32 = u32::MAX;

/// How the offsets of a type are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Dense,
    Sparse,
    Offset16,
}

pub(crate) fn halves(halves: &[u16]) -> Vec<u8> {
    halves.iter().flat_map(|half| half.to_le_bytes()).collect()
}

pub(crate) fn table(packages: u32, parts: &[Vec<u8>]) -> Vec<u8> {
    chunk(0x0002, &words(&[packages]), &parts.concat())
}

/// A package whose first two chunks are the pools of names.
pub(crate) fn package(id: u32, name: &str, types: &[u8], keys: &[u8], rest: &[Vec<u8>]) -> Vec<u8> {
    let mut units: Vec<u16> = name.encode_utf16().collect();
    units.resize(128, 0);
    let keys_start = 288 + u32::try_from(types.len()).unwrap();
    let header = [words(&[id]), halves(&units), words(&[288, 0, keys_start, 0, 0])].concat();
    chunk(0x0200, &header, &[types, keys, &rest.concat()].concat())
}

pub(crate) fn spec(id: u8, flags: &[u32]) -> Vec<u8> {
    let count = u32::try_from(flags.len()).unwrap();
    chunk(0x0202, &[vec![id, 0, 0, 0], words(&[count])].concat(), &words(flags))
}

/// A configuration of 64 bytes, for platforms from `sdk` on.
pub(crate) fn config(sdk: u16) -> Vec<u8> {
    let mut config = vec![0; 64];
    config[0] = 64;
    config[24..26].copy_from_slice(&sdk.to_le_bytes());
    config
}

/// A type with an entry, or none, for each index.
pub(crate) fn values(id: u8, form: Form, config: &[u8], entries: &[Option<Vec<u8>>]) -> Vec<u8> {
    let (mut offsets, mut data) = (Vec::new(), Vec::new());
    for (index, entry) in (0_u16..).zip(entries) {
        let offset = entry.as_ref().map(|_| u32::try_from(data.len()).unwrap());
        let short = offset.map_or(u16::MAX, |offset| u16::try_from(offset / 4).unwrap());
        match form {
            Form::Dense => offsets.extend(offset.unwrap_or(NO_ENTRY).to_le_bytes()),
            Form::Offset16 => offsets.extend(short.to_le_bytes()),
            Form::Sparse if entry.is_some() => offsets.extend(halves(&[index, short])),
            Form::Sparse => {}
        }
        data.extend(entry.iter().flatten());
    }
    let count = offsets.len() / if form == Form::Offset16 { 2 } else { 4 };
    offsets.resize(offsets.len().next_multiple_of(4), 0);
    let flags =
        [(Form::Sparse, 1), (Form::Offset16, 2)].iter().find(|(it, _)| *it == form).map_or(0, |(_, flag)| *flag);
    raw_type(id, flags, u32::try_from(count).unwrap(), config, &offsets, &data)
}

pub(crate) fn raw_type(id: u8, flags: u8, count: u32, config: &[u8], offsets: &[u8], entries: &[u8]) -> Vec<u8> {
    let start = u32::try_from(20 + config.len() + offsets.len()).unwrap();
    let header = [&[id, flags, 0, 0], &*words(&[count, start]), config].concat();
    chunk(0x0201, &header, &[offsets, entries].concat())
}

pub(crate) fn simple(key: u32, kind: u8, data: u32) -> Vec<u8> {
    [halves(&[8, 0]), words(&[key]), vec![8, 0, 0, kind], words(&[data])].concat()
}

pub(crate) fn compact(key: u16, kind: u8, data: u32) -> Vec<u8> {
    [halves(&[key, 0x0008 | u16::from(kind) << 8]), words(&[data])].concat()
}

pub(crate) fn complex(key: u32, parent: u32, items: &[(u32, u8, u32)]) -> Vec<u8> {
    let count = u32::try_from(items.len()).unwrap();
    let mut bytes = [halves(&[16, 1]), words(&[key, parent, count])].concat();
    for &(name, kind, data) in items {
        bytes.extend([words(&[name]), vec![8, 0, 0, kind], words(&[data])].concat());
    }
    bytes
}

pub(crate) const STRINGS: [&str; 6] =
    ["res/layout/main.xml", "res/layout-v21/main.xml", "Hello", "res/xml/first.xml", "res/drawable/icon.9.png", "text"];
pub(crate) const TYPES: [&str; 5] = ["layout", "string", "xml", "drawable", "array"];
pub(crate) const KEYS: [&str; 5] = ["main", "hello", "first", "icon", "list"];

/// A table with one of everything: two configurations, gaps, every kind of entry, and chunks that nobody knows.
pub(crate) fn sample(form: Form) -> Vec<u8> {
    let app = package(
        0x7f,
        "com.example.app",
        &pool(Encoding::Utf16, &TYPES),
        &pool(Encoding::Utf8, &KEYS),
        &[
            chunk(0x0203, &words(&[0]), &[]),
            spec(1, &[0x400]),
            values(1, form, &config(0), &[Some(simple(0, STRING, 0))]),
            values(1, form, &config(21), &[Some(simple(0, STRING, 1))]),
            spec(2, &[0, 0, 0]),
            values(2, form, &config(0), &[None, Some(compact(1, STRING, 2)), Some(simple(2, STRING, 5))]),
            spec(3, &[0]),
            values(3, form, &config(0), &[Some(simple(2, STRING, 3))]),
            spec(4, &[0, 0]),
            values(4, form, &config(0), &[Some(simple(3, STRING, 4)), Some(simple(0, REFERENCE, 0x7f04_0000))]),
            spec(5, &[0]),
            values(5, form, &config(0), &[Some(complex(4, 0, &[(0x0100_0001, INT, 7), (0x0100_0002, STRING, 2)]))]),
            chunk(0x0999, &[], &words(&[1, 2])),
        ],
    );
    table(1, &[pool(Encoding::Utf8, &STRINGS), app])
}

pub(crate) const FORMS: [Form; 3] = [Form::Dense, Form::Sparse, Form::Offset16];

pub(crate) fn parse(bytes: &[u8]) -> Table<'_> {
    Table::parse(bytes, &Limits::default()).unwrap()
}

/// The lines that go (`-`) and come (`+`).
pub(crate) fn difference(before: &str, after: &str) -> String {
    let mut old = before.lines().peekable();
    let mut out = String::new();
    for (place, line) in after.lines().enumerate() {
        if old.peek() == Some(&line) {
            old.next();
            continue;
        }
        let remains: Vec<&str> = after.lines().skip(place).collect();
        while let Some(gone) = old.next_if(|old| !remains.contains(old)) {
            out += &format!("- {gone}\n");
        }
        if old.next_if_eq(&line).is_none() {
            out += &format!("+ {line}\n");
        }
    }
    out + &old.map(|gone| format!("- {gone}\n")).collect::<String>()
}
