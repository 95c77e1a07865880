//! Builds small archives field by field, so that a test can break exactly one of them.

use std::io::Write;

use flate2::Compression;
use flate2::write::DeflateEncoder;

/// An archive and where its records stand.
#[derive(Clone)]
pub(crate) struct Built {
    pub(crate) bytes: Vec<u8>,
    /// Offset of each local header.
    pub(crate) locals: Vec<usize>,
    /// Offset of each record of the central directory.
    pub(crate) records: Vec<usize>,
    pub(crate) directory: usize,
    pub(crate) end: usize,
}

/// An entry to be built.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) name: Vec<u8>,
    pub(crate) content: Vec<u8>,
    pub(crate) deflated: bool,
    /// Sizes and checksum behind the content: `Some(true)` with the optional signature.
    pub(crate) descriptor: Option<bool>,
    pub(crate) extra: Vec<u8>,
}

pub(crate) fn stored(name: &str, content: &[u8]) -> Item {
    let (name, content) = (name.as_bytes().to_vec(), content.to_vec());
    Item { name, content, deflated: false, descriptor: None, extra: Vec::new() }
}

pub(crate) fn deflated(name: &str, content: &[u8]) -> Item {
    Item { deflated: true, ..stored(name, content) }
}

pub(crate) fn deflate(content: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn build(items: &[Item]) -> Built {
    build_with(b"", items, b"", b"")
}

/// `prefix`, the entries, `gap`, the central directory, the end record with `comment`.
pub(crate) fn build_with(prefix: &[u8], items: &[Item], gap: &[u8], comment: &[u8]) -> Built {
    let mut bytes = prefix.to_vec();
    let mut directory = Vec::new();
    let (mut locals, mut records) = (Vec::new(), Vec::new());
    for item in items {
        let packed = if item.deflated { deflate(&item.content) } else { item.content.clone() };
        let mut sums = crc32fast::hash(&item.content).to_le_bytes().to_vec();
        sums.extend((packed.len() as u32).to_le_bytes());
        sums.extend((item.content.len() as u32).to_le_bytes());
        let flags: u16 = if item.descriptor.is_some() { 1 << 3 } else { 0 };
        let method: u16 = if item.deflated { 8 } else { 0 };

        locals.push(bytes.len());
        let mut common = 20_u16.to_le_bytes().to_vec();
        common.extend(flags.to_le_bytes());
        common.extend(method.to_le_bytes());
        common.extend([0x21, 0x08, 0x21, 0x02]);
        records.push(directory.len());
        directory.extend(b"PK\x01\x02\x14\x03");
        directory.extend(&common);
        directory.extend(&sums);
        directory.extend((item.name.len() as u16).to_le_bytes());
        directory.extend([0; 8]);
        directory.extend(0o100_644_u32.wrapping_shl(16).to_le_bytes());
        directory.extend((bytes.len() as u32).to_le_bytes());
        directory.extend(&item.name);

        bytes.extend(b"PK\x03\x04");
        bytes.extend(&common);
        if item.descriptor.is_some() {
            bytes.extend([0; 12])
        } else {
            bytes.extend(&sums)
        }
        bytes.extend((item.name.len() as u16).to_le_bytes());
        bytes.extend((item.extra.len() as u16).to_le_bytes());
        bytes.extend(&item.name);
        bytes.extend(&item.extra);
        bytes.extend(&packed);
        if item.descriptor == Some(true) {
            bytes.extend(b"PK\x07\x08");
        }
        if item.descriptor.is_some() {
            bytes.extend(&sums);
        }
    }
    bytes.extend(gap);
    let start = bytes.len();
    let records = records.into_iter().map(|record| record + start).collect();
    bytes.extend(&directory);
    let end = bytes.len();
    bytes.extend(end_record(items.len() as u16, directory.len() as u32, start as u32, comment));
    Built { bytes, locals, records, directory: start, end }
}

pub(crate) fn end_record(entries: u16, size: u32, offset: u32, comment: &[u8]) -> Vec<u8> {
    let mut bytes = b"PK\x05\x06\0\0\0\0".to_vec();
    bytes.extend(entries.to_le_bytes());
    bytes.extend(entries.to_le_bytes());
    bytes.extend(size.to_le_bytes());
    bytes.extend(offset.to_le_bytes());
    bytes.extend((comment.len() as u16).to_le_bytes());
    bytes.extend(comment);
    bytes
}

impl Built {
    /// Overwrites the bytes at `offset`.
    pub(crate) fn patch(mut self, offset: usize, bytes: &[u8]) -> Self {
        self.bytes[offset..offset + bytes.len()].copy_from_slice(bytes);
        self
    }
}
