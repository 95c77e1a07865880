//! The string pool. Its bytes stay as they are: a new string is added behind the others and only the table of offsets grows.

mod styles;

use super::chunk::{HEADER_LENGTH, kind};
use super::error::Error;
use super::read::{RawChunk, invalid};
use super::write::{put_header, size_u32};
use crate::reader::Reader;

use styles::Styles;

/// Length of the pool's header.
const POOL_HEADER_LENGTH: u16 = 28;
/// The strings are in the order of their text.
const SORTED: u32 = 1;
/// The strings are UTF-8, else UTF-16.
const UTF8: u32 = 1 << 8;
/// Longest string that either encoding can hold with a length the platform reads in every version.
const LONGEST: usize = 0x7fff;

#[derive(Clone, Debug)]
pub(super) struct StringPool {
    header_extra: Vec<u8>,
    flags: u32,
    /// Where each string starts in `data`.
    offsets: Vec<u32>,
    /// Bytes between the tables and the strings.
    gap: Vec<u8>,
    data: Vec<u8>,
    styles: Styles,
}

impl StringPool {
    /// An empty UTF-16 pool, the encoding that manifests use.
    pub(super) fn empty() -> Self {
        Self {
            header_extra: Vec::new(),
            flags: 0,
            offsets: Vec::new(),
            gap: Vec::new(),
            data: Vec::new(),
            styles: Styles::default(),
        }
    }

    pub(super) fn parse(chunk: RawChunk<'_>) -> Result<Self, Error> {
        let RawChunk { offset, mut header, mut body, .. } = chunk;
        let string_count = header.u32("string count")?;
        let style_count = header.u32("style count")?;
        let flags = header.u32("string pool flags")?;
        let strings_start = header.u32("start of the strings")?;
        let styles_start = header.u32("start of the styles")?;
        let offsets = table(&mut body, string_count, "string offsets")?;
        let style_offsets = table(&mut body, style_count, "style offsets")?;
        let place = |field, start: u32, here: u64| {
            let distance =
                offset.saturating_add(u64::from(start)).checked_sub(here).filter(|_| start.is_multiple_of(4));
            let distance = distance.and_then(|distance| usize::try_from(distance).ok());
            distance.ok_or_else(|| invalid(field, offset, start, "it must be a multiple of 4 behind what comes before"))
        };
        let gap = match string_count {
            0 => 0,
            _ => place("start of the strings", strings_start, body.offset())?,
        };
        let gap = body.take(gap, "string pool")?.to_vec();
        let length = match style_count {
            0 => body.remaining(),
            _ => place("start of the styles", styles_start, body.offset())?,
        };
        let data = body.take(length, "strings")?.to_vec();
        let styles = Styles::parse(styles_start, style_offsets, body, string_count)?;
        Ok(Self { header_extra: header.rest().to_vec(), flags, offsets, gap, data, styles })
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let header_length = size_u32(self.header_extra.len()).saturating_add(u32::from(POOL_HEADER_LENGTH));
        let tables = size_u32(self.offsets.len()).saturating_add(self.styles.count()).saturating_mul(4);
        let strings_start = header_length.saturating_add(tables).saturating_add(size_u32(self.gap.len()));
        let styles_start = strings_start.saturating_add(size_u32(self.data.len()));
        let size = styles_start.saturating_add(self.styles.length());
        put_header(out, kind::STRING_POOL, header_length, size);
        let count = size_u32(self.offsets.len());
        for field in [count, self.styles.count(), self.flags, strings_start, self.styles.start(styles_start)] {
            out.extend(field.to_le_bytes());
        }
        out.extend(&self.header_extra);
        out.extend(self.offsets.iter().chain(self.styles.offsets()).flat_map(|offset| offset.to_le_bytes()));
        out.extend(&self.gap);
        out.extend(&self.data);
        self.styles.write(out);
    }

    /// Number of strings.
    pub(super) fn count(&self) -> u32 {
        size_u32(self.offsets.len())
    }

    pub(super) const fn is_utf8(&self) -> bool {
        self.flags & UTF8 != 0
    }

    pub(super) const fn is_sorted(&self) -> bool {
        self.flags & SORTED != 0
    }

    pub(super) fn style_count(&self) -> u32 {
        self.styles.count()
    }

    /// The encoded text of a string, without length and terminator; else what is wrong with it. Takes the same time for any length.
    pub(super) fn text(&self, index: u32) -> Result<&[u8], &'static str> {
        self.locate(index).map(|(text, _)| text)
    }

    /// Whether a string has this text. Takes no longer than `text` is.
    pub(super) fn equals(&self, index: u32, text: &str) -> bool {
        let Ok(found) = self.text(index) else { return false };
        if self.is_utf8() {
            return found == text.as_bytes();
        }
        units(found).eq(text.encode_utf16())
    }

    /// A string's first `limit` bytes or code units as text; what is no valid text becomes U+FFFD.
    pub(super) fn decode(&self, index: u32, limit: usize) -> String {
        let found = self.text(index).unwrap_or_default();
        if self.is_utf8() {
            return String::from_utf8_lossy(found.get(..limit).unwrap_or(found)).into_owned();
        }
        char::decode_utf16(units(found).take(limit)).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
    }

    /// The first string with this text at index `from` or later that has no style.
    pub(super) fn position(&self, text: &str, from: u32) -> Option<u32> {
        (from.max(self.styles.count())..self.count()).find(|&index| self.equals(index, text))
    }

    /// Adds a string behind the others and returns its index.
    pub(super) fn push(&mut self, text: &str) -> Result<u32, Error> {
        let index = self.count();
        self.insert(index, text)?;
        Ok(index)
    }

    /// Adds a string at `index`; the caller moves every index from there on by one. The styles' own indices are moved here.
    pub(super) fn insert(&mut self, index: u32, text: &str) -> Result<(), Error> {
        let encoded = if self.is_utf8() { encode_utf8(text) } else { encode_utf16(text) };
        let encoded = encoded.ok_or(Error::Full { what: "string of that length" })?;
        let place = usize::try_from(index).ok().filter(|&place| place <= self.offsets.len());
        let place = place.filter(|_| self.count() < u32::MAX - 1).ok_or(Error::Full { what: "string" })?;
        self.trim_padding();
        self.offsets.insert(place, size_u32(self.data.len()));
        self.data.extend(encoded);
        self.data.resize(self.data.len().next_multiple_of(4), 0);
        self.styles.make_room(index);
        self.flags &= !SORTED;
        Ok(())
    }

    /// Takes the padding off the last string, so that the next one follows it without a hole.
    fn trim_padding(&mut self) {
        let ends = (0..self.count()).map(|index| self.locate(index).map(|(_, end)| end));
        let Ok(Some(end)) = ends.collect::<Result<Vec<_>, _>>().map(|ends| ends.into_iter().max()) else { return };
        let padding = self.data.get(end..).unwrap_or_default();
        if padding.len() < 4 && padding.iter().all(|&byte| byte == 0) {
            self.data.truncate(end);
        }
    }

    /// The encoded text of a string, and where in `data` its terminator ends.
    fn locate(&self, index: u32) -> Result<(&[u8], usize), &'static str> {
        let missing = "not in the pool";
        let start = usize::try_from(index).ok().and_then(|index| self.offsets.get(index)).ok_or(missing)?;
        let start = usize::try_from(*start).map_err(|_| missing)?;
        let mut reader = Reader::new(self.data.get(start..).ok_or("outside the pool")?);
        let width = if self.is_utf8() { 1 } else { 2 };
        if !start.is_multiple_of(width) {
            return Err("not aligned to its code units");
        }
        let length = if self.is_utf8() { length_utf8(&mut reader) } else { length_utf16(&mut reader) };
        let text = length.and_then(|length| reader.take(length, "text").ok()).ok_or("cut off")?;
        match reader.take(width, "terminator") {
            Ok([0] | [0, 0]) => {}
            _ => return Err("not terminated"),
        }
        Ok((text, self.data.len().saturating_sub(reader.remaining())))
    }
}

/// `count` numbers of four bytes.
fn table(body: &mut Reader<'_>, count: u32, field: &'static str) -> Result<Vec<u32>, Error> {
    let length = usize::try_from(count).ok().and_then(|count| count.checked_mul(4)).unwrap_or(usize::MAX);
    Ok(words(body.take(length, field)?))
}

/// Bytes as numbers of four bytes, without a rest that is shorter.
pub(super) fn words(bytes: &[u8]) -> Vec<u32> {
    bytes.as_chunks::<4>().0.iter().map(|word| u32::from_le_bytes(*word)).collect()
}

fn units(text: &[u8]) -> impl Iterator<Item = u16> {
    text.as_chunks::<2>().0.iter().map(|unit| u16::from_le_bytes(*unit))
}

/// Length in bytes; the length in code units stands before it and is not needed.
fn length_utf8(reader: &mut Reader<'_>) -> Option<usize> {
    let mut length = || -> Option<usize> {
        let first = usize::from(reader.u8("length").ok()?);
        match first & 0x80 {
            0 => Some(first),
            _ => Some((first & 0x7f) << 8 | usize::from(reader.u8("length").ok()?)),
        }
    };
    length()?;
    length()
}

/// Length in bytes.
fn length_utf16(reader: &mut Reader<'_>) -> Option<usize> {
    let first = usize::from(reader.u16("length").ok()?);
    let length = match first & 0x8000 {
        0 => first,
        _ => (first & 0x7fff) << 16 | usize::from(reader.u16("length").ok()?),
    };
    length.checked_mul(2)
}

fn encode_utf8(text: &str) -> Option<Vec<u8>> {
    let mut encoded = Vec::with_capacity(text.len().saturating_add(5));
    for length in [text.encode_utf16().count(), text.len()] {
        let [high, low] = u16::try_from(length).ok().filter(|_| length <= LONGEST)?.to_be_bytes();
        match (high, low) {
            (0, 0..0x80) => encoded.push(low),
            _ => encoded.extend([high | 0x80, low]),
        }
    }
    encoded.extend(text.as_bytes());
    encoded.push(0);
    Some(encoded)
}

fn encode_utf16(text: &str) -> Option<Vec<u8>> {
    let length = text.encode_utf16().count();
    let length = u16::try_from(length).ok().filter(|_| length <= LONGEST)?;
    Some([length].into_iter().chain(text.encode_utf16()).chain([0]).flat_map(u16::to_le_bytes).collect())
}

const _: () = assert!(POOL_HEADER_LENGTH == HEADER_LENGTH + 5 * 4, "five fields follow the chunk's header");
