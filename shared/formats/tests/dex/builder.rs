//! Lays out DEX files item by item, so that a test can break or move exactly one of them.

use std::collections::HashMap;

/// Map codes of the sections.
pub(crate) mod kind {
    pub(crate) const HEADER: u16 = 0;
    pub(crate) const STRING_ID: u16 = 1;
    pub(crate) const TYPE_ID: u16 = 2;
    pub(crate) const PROTO_ID: u16 = 3;
    pub(crate) const FIELD_ID: u16 = 4;
    pub(crate) const METHOD_ID: u16 = 5;
    pub(crate) const CLASS_DEF: u16 = 6;
    pub(crate) const CALL_SITE_ID: u16 = 7;
    pub(crate) const METHOD_HANDLE: u16 = 8;
    pub(crate) const MAP: u16 = 0x1000;
    pub(crate) const TYPE_LIST: u16 = 0x1001;
    pub(crate) const SET_LIST: u16 = 0x1002;
    pub(crate) const SET: u16 = 0x1003;
    pub(crate) const CLASS_DATA: u16 = 0x2000;
    pub(crate) const CODE: u16 = 0x2001;
    pub(crate) const STRING_DATA: u16 = 0x2002;
    pub(crate) const DEBUG_INFO: u16 = 0x2003;
    pub(crate) const ANNOTATION: u16 = 0x2004;
    pub(crate) const ARRAY: u16 = 0x2005;
    pub(crate) const DIRECTORY: u16 = 0x2006;
    pub(crate) const HIDDEN_API: u16 = 0xf000;
}

/// A part of an item.
#[derive(Clone, Debug)]
pub(crate) enum Piece {
    Bytes(Vec<u8>),
    /// The offset of an item in four bytes.
    Offset(u16, usize),
    /// The offset of an item as a LEB128 number.
    Uleb(u16, usize),
}

pub(crate) type Item = Vec<Piece>;

/// Sections in the order of the file. Header and map are made from the others.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    pub(crate) version: &'static [u8; 3],
    pub(crate) sections: Vec<(u16, Vec<Item>)>,
    pub(crate) trailing: Vec<u8>,
}

/// A file and where its items stand.
#[derive(Clone, Debug)]
pub(crate) struct Built {
    pub(crate) bytes: Vec<u8>,
    places: HashMap<(u16, usize), usize>,
}

pub(crate) fn bytes(bytes: impl AsRef<[u8]>) -> Piece {
    Piece::Bytes(bytes.as_ref().to_vec())
}

pub(crate) fn words(words: &[u32]) -> Piece {
    Piece::Bytes(words.iter().flat_map(|word| word.to_le_bytes()).collect())
}

pub(crate) fn shorts(shorts: &[u16]) -> Piece {
    Piece::Bytes(shorts.iter().flat_map(|short| short.to_le_bytes()).collect())
}

/// LEB128 numbers.
pub(crate) fn ulebs(numbers: &[u32]) -> Piece {
    Piece::Bytes(numbers.iter().flat_map(|number| uleb(*number)).collect())
}

pub(crate) fn uleb(mut number: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number > 0x7f {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

impl Layout {
    pub(crate) fn section(&mut self, kind: u16) -> &mut Vec<Item> {
        &mut self.sections.iter_mut().find(|(other, _)| *other == kind).expect("a section of this kind").1
    }

    /// Moves a section before another one.
    pub(crate) fn before(&mut self, kind: u16, other: u16) {
        let position =
            |sections: &[(u16, _)], kind| sections.iter().position(|(found, _)| *found == kind).expect("a section");
        let from = position(&self.sections, kind);
        let section = self.sections.remove(from);
        let to = position(&self.sections, other);
        self.sections.insert(to, section);
    }

    /// The file; numbers are made again until their lengths fit their values.
    pub(crate) fn build(&self) -> Built {
        let mut places = HashMap::new();
        loop {
            let (bytes, found) = self.lay_out(&places);
            if found == places {
                let mut built = Built { bytes, places };
                built.seal();
                return built;
            }
            places = found;
        }
    }

    fn lay_out(&self, known: &HashMap<(u16, usize), usize>) -> (Vec<u8>, HashMap<(u16, usize), usize>) {
        let mut out = vec![0; 0x70];
        let mut places = HashMap::new();
        let mut map = vec![(kind::HEADER, 1, 0)];
        let sections: Vec<_> =
            self.sections.iter().filter(|(kind, items)| *kind == kind::MAP || !items.is_empty()).collect();
        for (kind, items) in &sections {
            let aligned = |out: &mut Vec<u8>| {
                let alignment = if matches!(*kind, kind::CLASS_DATA | kind::STRING_DATA..=kind::ARRAY) { 1 } else { 4 };
                out.resize(out.len().next_multiple_of(alignment), 0);
            };
            aligned(&mut out);
            map.push((*kind, items.len().max(1), out.len()));
            if *kind == kind::MAP {
                out.resize(out.len() + 4 + 12 * (sections.len() + 1), 0);
            }
            for (number, item) in items.iter().enumerate() {
                aligned(&mut out);
                places.insert((*kind, number), out.len());
                for piece in item {
                    let offset = |kind, number| *known.get(&(kind, number)).unwrap_or(&0) as u32;
                    match piece {
                        Piece::Bytes(bytes) => out.extend(bytes),
                        Piece::Offset(kind, number) => out.extend(offset(*kind, *number).to_le_bytes()),
                        Piece::Uleb(kind, number) => out.extend(uleb(offset(*kind, *number))),
                    }
                }
            }
        }
        out.extend(&self.trailing);
        self.head(&mut out, &map);
        (out, places)
    }

    fn head(&self, out: &mut [u8], map: &[(u16, usize, usize)]) {
        let mut put = |at: usize, value: usize| out[at..at + 4].copy_from_slice(&(value as u32).to_le_bytes());
        put(36, 0x70);
        put(40, 0x1234_5678);
        let found = |kind| map.iter().find(|(found, ..)| *found == kind).copied().unwrap_or_default();
        let (_, _, map_place) = found(kind::MAP);
        put(52, map_place);
        for (number, kind) in (kind::STRING_ID..=kind::CLASS_DEF).enumerate() {
            let (_, count, place) = found(kind);
            put(56 + 8 * number, count);
            put(60 + 8 * number, place);
        }
        let data = map.iter().find(|(kind, ..)| *kind >= kind::MAP).unwrap().2;
        put(108, data);
        put(map_place, map.len());
        for (number, (kind, count, place)) in map.iter().enumerate() {
            put(map_place + 4 + 12 * number, usize::from(*kind));
            put(map_place + 8 + 12 * number, *count);
            put(map_place + 12 + 12 * number, *place);
        }
        let length = out.len();
        out[104..108].copy_from_slice(&((length - data) as u32).to_le_bytes());
        out[..8].copy_from_slice(&[b"dex\n", self.version.as_slice(), b"\0"].concat());
    }
}

impl Built {
    /// Where an item starts.
    pub(crate) fn place(&self, kind: u16, number: usize) -> usize {
        self.places[&(kind, number)]
    }

    /// Where the line of a section stands in the map.
    pub(crate) fn map_line(&self, kind: u16) -> usize {
        let map = u32::from_le_bytes(self.bytes[52..56].try_into().unwrap()) as usize;
        let count = u32::from_le_bytes(self.bytes[map..map + 4].try_into().unwrap()) as usize;
        let lines = (0..count).map(|line| map + 4 + 12 * line);
        lines.into_iter().find(|line| self.bytes[*line..line + 2] == kind.to_le_bytes()).unwrap()
    }

    /// Overwrites bytes and makes length, signature and checksum right again.
    pub(crate) fn patch(mut self, at: usize, bytes: &[u8]) -> Self {
        self.bytes[at..at + bytes.len()].copy_from_slice(bytes);
        self.seal();
        self
    }

    fn seal(&mut self) {
        seal(&mut self.bytes);
    }
}

/// Makes length, signature and checksum right.
pub(crate) fn seal(bytes: &mut [u8]) {
    use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
    let length = (bytes.len() as u32).to_le_bytes();
    bytes[32..36].copy_from_slice(&length);
    let signature = digest(&SHA1_FOR_LEGACY_USE_ONLY, &bytes[32..]);
    bytes[12..32].copy_from_slice(signature.as_ref());
    let (low, high) = bytes[12..].iter().fold((1_u32, 0_u32), |(low, high), byte| {
        let low = (low + u32::from(*byte)) % 65_521;
        (low, (high + low) % 65_521)
    });
    bytes[8..12].copy_from_slice(&((high << 16) | low).to_le_bytes());
}
