//! Documents put together byte by byte, on purpose without the crate's own writer.

use formats::axml::Document;
use formats::limits::Limits;

pub(crate) const NONE: u32 = u32::MAX;
pub(crate) const ANDROID: &str = "http://schemas.android.com/apk/res/android";

/// Attribute values by `Res_value` type.
pub(crate) const REFERENCE: u8 = 0x01;
pub(crate) const STRING: u8 = 0x03;
pub(crate) const INT: u8 = 0x10;
pub(crate) const BOOLEAN: u8 = 0x12;

/// Namespace, name, raw value, type and data.
pub(crate) type Attribute = (u32, u32, u32, u8, u32);

pub(crate) fn chunk(kind: u16, header: &[u8], body: &[u8]) -> Vec<u8> {
    let header_size = u16::try_from(8 + header.len()).unwrap();
    let size = u32::try_from(8 + header.len() + body.len()).unwrap();
    [&kind.to_le_bytes(), &header_size.to_le_bytes(), &size.to_le_bytes()[..], header, body].concat()
}

pub(crate) fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

pub(crate) fn xml(chunks: &[Vec<u8>]) -> Vec<u8> {
    chunk(0x0003, &[], &chunks.concat())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    Utf8,
    Utf16,
}

pub(crate) fn pool(encoding: Encoding, strings: &[&str]) -> Vec<u8> {
    styled_pool(encoding, strings, &[], &[])
}

/// A pool with style offsets and the words of the styles.
pub(crate) fn styled_pool(encoding: Encoding, strings: &[&str], style_offsets: &[u32], styles: &[u32]) -> Vec<u8> {
    let (mut offsets, mut data) = (Vec::new(), Vec::new());
    for string in strings {
        offsets.push(u32::try_from(data.len()).unwrap());
        let units: Vec<u16> = string.encode_utf16().collect();
        match encoding {
            Encoding::Utf8 => {
                data.extend([u8::try_from(units.len()).unwrap(), u8::try_from(string.len()).unwrap()]);
                data.extend(string.as_bytes());
                data.push(0);
            }
            Encoding::Utf16 => {
                data.extend(u16::try_from(units.len()).unwrap().to_le_bytes());
                data.extend(units.iter().chain(&[0]).flat_map(|unit| unit.to_le_bytes()));
            }
        }
    }
    data.resize(data.len().next_multiple_of(4), 0);
    let flags = if encoding == Encoding::Utf8 { 0x100 } else { 0 };
    let count = |length: usize| u32::try_from(length).unwrap();
    let strings_start = 28 + 4 * count(strings.len() + style_offsets.len());
    let styles_start = if style_offsets.is_empty() { 0 } else { strings_start + count(data.len()) };
    let header = words(&[count(strings.len()), count(style_offsets.len()), flags, strings_start, styles_start]);
    let body = [words(&offsets), words(style_offsets), data, words(styles)].concat();
    chunk(0x0001, &header, &body)
}

pub(crate) fn map(ids: &[u32]) -> Vec<u8> {
    chunk(0x0180, &[], &words(ids))
}

fn node(line: u32, comment: u32) -> Vec<u8> {
    words(&[line, comment])
}

pub(crate) fn start_namespace(prefix: u32, uri: u32) -> Vec<u8> {
    chunk(0x0100, &node(1, NONE), &words(&[prefix, uri]))
}

pub(crate) fn end_namespace(prefix: u32, uri: u32) -> Vec<u8> {
    chunk(0x0101, &node(1, NONE), &words(&[prefix, uri]))
}

pub(crate) fn start(name: u32, attributes: &[Attribute]) -> Vec<u8> {
    start_with(name, NONE, [0; 3], attributes)
}

/// An element with a comment and the places of its attributes `id`, `class` and `style`.
pub(crate) fn start_with(name: u32, comment: u32, special: [u16; 3], attributes: &[Attribute]) -> Vec<u8> {
    let mut body = words(&[NONE, name]);
    let fields = [20, 20, u16::try_from(attributes.len()).unwrap(), special[0], special[1], special[2]];
    body.extend(fields.iter().flat_map(|field| field.to_le_bytes()));
    for &(namespace, name, raw, kind, data) in attributes {
        body.extend(words(&[namespace, name, raw, 8 | u32::from(kind) << 24, data]));
    }
    chunk(0x0102, &node(7, comment), &body)
}

pub(crate) fn end(name: u32) -> Vec<u8> {
    chunk(0x0103, &node(7, NONE), &words(&[NONE, name]))
}

pub(crate) fn text(string: u32) -> Vec<u8> {
    chunk(0x0104, &node(7, NONE), &words(&[string, 8 | u32::from(STRING) << 24, string]))
}

/// Names in the order of the resource map, then the others.
pub(crate) const STRINGS: [&str; 18] = [
    "versionCode",      // 0
    "minSdkVersion",    // 1
    "label",            // 2
    "name",             // 3
    "allowBackup",      // 4
    "android",          // 5
    ANDROID,            // 6
    "manifest",         // 7
    "package",          // 8
    "com.example.app",  // 9
    "uses-sdk",         // 10
    "application",      // 11
    ".App",             // 12
    "activity",         // 13
    "the application",  // 14
    "text",             // 15
    "targetSdkVersion", // 16
    "value \u{1f600}",  // 17
];

pub(crate) const IDS: [u32; 5] = [0x0101_021b, 0x0101_020c, 0x0101_0001, 0x0101_0003, 0x0101_0280];

/// A manifest with one of everything: comment, text, references, special attributes and an unknown chunk.
pub(crate) fn sample(encoding: Encoding) -> Vec<u8> {
    xml(&[pool(encoding, &STRINGS), map(&IDS), nodes()])
}

pub(crate) fn nodes() -> Vec<u8> {
    [
        start_namespace(5, 6),
        start(7, &[(6, 0, NONE, INT, 12), (NONE, 8, 9, STRING, 9)]),
        start(10, &[(6, 1, NONE, INT, 26)]),
        end(10),
        chunk(0x0150, &[], &words(&[17])),
        start_with(
            11,
            14,
            [3, 0, 0],
            &[
                (6, 2, NONE, REFERENCE, 0x7f01_0000),
                (6, 3, 12, STRING, 12),
                (6, 4, NONE, BOOLEAN, NONE),
                (NONE, 8, 17, STRING, 17),
            ],
        ),
        text(15),
        start(13, &[(6, 3, 12, STRING, 12)]),
        end(13),
        end(11),
        end(7),
        end_namespace(5, 6),
    ]
    .concat()
}

pub(crate) fn parse(bytes: &[u8]) -> Document {
    Document::parse(bytes, &Limits::default()).unwrap()
}
