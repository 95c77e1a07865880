//! The string pool of binary XML and of resource tables. Its bytes stay as they are: a new string is added behind the others and only
//! the table of offsets grows, until [`StringPool::rewrite`] sets it anew.

mod encoding;
mod rewrite;
mod styles;
mod words;

use std::borrow::Cow;

use crate::chunk::{self, Error, HEADER_LENGTH, RawChunk, invalid, put_header, size_u32};
use crate::reader::Reader;

use encoding::{decode_utf8, encode_utf8, encode_utf16, length_utf8, length_utf16, modified_utf8, units};
pub(crate) use rewrite::Fate;
use styles::Styles;
pub(crate) use words::Words;

/// Length of the pool's header.
const POOL_HEADER_LENGTH: u16 = 28;
/// The strings are in the order of their text.
const SORTED: u32 = 1;
/// The strings are UTF-8, else UTF-16.
const UTF8: u32 = 1 << 8;

/// The index of a string in the pool, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StringRef(pub(crate) u32);

impl StringRef {
    pub(crate) const NONE: Self = Self(u32::MAX);

    pub(crate) fn index(self) -> Option<u32> {
        (self != Self::NONE).then_some(self.0)
    }

    /// Makes room for a new string at index `at`.
    pub(crate) fn shift(&mut self, at: u32) {
        if *self != Self::NONE && self.0 >= at {
            self.0 = self.0.saturating_add(1);
        }
    }
}

/// The encoding of a pool's strings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    Utf8,
    Utf16,
}

#[derive(Clone, Debug)]
pub(crate) struct StringPool<'a> {
    header_extra: Cow<'a, [u8]>,
    flags: u32,
    /// Where each string starts in `data`.
    offsets: Words<'a>,
    /// Bytes between the tables and the strings.
    gap: Cow<'a, [u8]>,
    data: Cow<'a, [u8]>,
    styles: Styles<'a>,
}

impl<'a> StringPool<'a> {
    pub(crate) fn empty(encoding: Encoding) -> Self {
        Self {
            header_extra: Cow::default(),
            flags: if encoding == Encoding::Utf8 { UTF8 } else { 0 },
            offsets: Words::default(),
            gap: Cow::default(),
            data: Cow::default(),
            styles: Styles::default(),
        }
    }

    pub(crate) fn parse(chunk: RawChunk<'a>) -> Result<Self, Error> {
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
        let gap = body.take(gap, "string pool")?.into();
        let length = match style_count {
            0 => body.remaining(),
            _ => place("start of the styles", styles_start, body.offset())?,
        };
        let data = body.take(length, "strings")?.into();
        let styles = Styles::parse(styles_start, style_offsets, body, string_count)?;
        Ok(Self { header_extra: header.rest().into(), flags, offsets, gap, data, styles })
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        let strings_start = self.strings_start();
        let styles_start = self.styles.start(strings_start.saturating_add(size_u32(self.data.len())));
        put_header(out, chunk::STRING_POOL, size_u32(self.header_length()), size_u32(self.length()));
        for field in [self.count(), self.styles.count(), self.flags, strings_start, styles_start] {
            out.extend(field.to_le_bytes());
        }
        for bytes in [&self.header_extra, self.offsets.bytes(), self.styles.offsets(), &self.gap, &self.data] {
            out.extend(bytes);
        }
        out.extend(self.styles.words());
    }

    /// The chunk's length in bytes.
    pub(crate) fn length(&self) -> usize {
        let strings = chunk::index(self.strings_start()).saturating_add(self.data.len());
        strings.saturating_add(self.styles.words().len())
    }

    fn header_length(&self) -> usize {
        usize::from(POOL_HEADER_LENGTH).saturating_add(self.header_extra.len())
    }

    fn strings_start(&self) -> u32 {
        let parts = [self.offsets.bytes().len(), self.styles.offsets().len(), self.gap.len()];
        size_u32(parts.into_iter().fold(self.header_length(), usize::saturating_add))
    }

    /// Number of strings.
    pub(crate) fn count(&self) -> u32 {
        self.offsets.count()
    }

    pub(crate) const fn is_utf8(&self) -> bool {
        self.flags & UTF8 != 0
    }

    pub(crate) const fn is_sorted(&self) -> bool {
        self.flags & SORTED != 0
    }

    pub(crate) fn style_count(&self) -> u32 {
        self.styles.count()
    }

    /// The encoded text of a string, without length and terminator; else what is wrong with it. Takes the same time for any length.
    pub(crate) fn text(&self, index: u32) -> Result<&[u8], &'static str> {
        self.locate(index).map(|(text, _)| text)
    }

    /// Whether a string has this text. Takes no longer than `text` is.
    pub(crate) fn equals(&self, index: u32, text: &str) -> bool {
        let Ok(found) = self.text(index) else { return false };
        if self.is_utf8() {
            return found == text.as_bytes() || (found.len() > text.len() && found == modified_utf8(text));
        }
        units(found).eq(text.encode_utf16())
    }

    /// The whole text of a string; what is no valid text becomes U+FFFD, and a string that is broken or missing is empty.
    pub(crate) fn decode(&self, index: u32) -> String {
        self.decode_start(index, usize::MAX)
    }

    /// As [`Self::decode`], but no more than the first `limit` bytes or code units.
    pub(crate) fn decode_start(&self, index: u32, limit: usize) -> String {
        let found = self.text(index).unwrap_or_default();
        if self.is_utf8() {
            return decode_utf8(found.get(..limit).unwrap_or(found));
        }
        char::decode_utf16(units(found).take(limit)).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
    }

    /// The markup over a string: each span's name, its first and its last character.
    pub(crate) fn spans(&self, index: u32) -> Vec<(String, u32, u32)> {
        self.styles.spans(index).map(|[name, first, last]| (self.decode(name), first, last)).collect()
    }

    /// The first string with this text at index `from` or later that has no style.
    pub(crate) fn position(&self, text: &str, from: u32) -> Option<u32> {
        (from.max(self.styles.count())..self.count()).find(|&index| self.equals(index, text))
    }

    /// Adds a string behind the others and returns its index.
    pub(crate) fn push(&mut self, text: &str) -> Result<u32, Error> {
        let index = self.count();
        self.insert(index, text)?;
        Ok(index)
    }

    /// Adds strings behind the others of a pool that no file had, without looking at those that are there.
    pub(crate) fn extend<'t>(&mut self, texts: impl IntoIterator<Item = &'t str>) -> Result<(), Error> {
        let mut data = std::mem::take(&mut self.data).into_owned();
        for text in texts {
            self.offsets.push(size_u32(data.len()));
            data.extend(self.encode(text)?);
        }
        data.resize(data.len().next_multiple_of(4), 0);
        self.data = data.into();
        Ok(())
    }

    /// Adds a string at `index`; the caller moves every index from there on by one. The styles' own indices are moved here.
    pub(crate) fn insert(&mut self, index: u32, text: &str) -> Result<(), Error> {
        let encoded = self.encode(text)?;
        let place = Some(chunk::index(index)).filter(|_| index <= self.count());
        let place = place.filter(|_| self.count() < u32::MAX - 1).ok_or(Error::Full { what: "string" })?;
        let end = self.data.len().saturating_sub(self.padding());
        let data = self.data.to_mut();
        data.truncate(end);
        self.offsets.insert(place, size_u32(data.len()));
        data.extend(encoded);
        data.resize(data.len().next_multiple_of(4), 0);
        self.styles.make_room(index);
        self.flags &= !SORTED;
        Ok(())
    }

    pub(crate) fn into_owned(self) -> StringPool<'static> {
        StringPool {
            header_extra: Cow::Owned(self.header_extra.into_owned()),
            flags: self.flags,
            offsets: self.offsets.into_owned(),
            gap: Cow::Owned(self.gap.into_owned()),
            data: Cow::Owned(self.data.into_owned()),
            styles: self.styles.into_owned(),
        }
    }

    fn encode(&self, text: &str) -> Result<Vec<u8>, Error> {
        let encoded = if self.is_utf8() { encode_utf8(text) } else { encode_utf16(text) };
        encoded.ok_or(Error::Full { what: "string of that length" })
    }

    /// The padding behind the last string, so that the next one can follow it without a hole.
    fn padding(&self) -> usize {
        let ends = (0..self.count()).map(|index| self.locate(index).map(|(_, end)| end));
        let Ok(Some(end)) = ends.collect::<Result<Vec<_>, _>>().map(|ends| ends.into_iter().max()) else { return 0 };
        let padding = self.data.get(end..).unwrap_or_default();
        if padding.iter().all(|&byte| byte == 0) && padding.len() < 4 { padding.len() } else { 0 }
    }

    /// The encoded text of a string, and where in `data` its terminator ends.
    fn locate(&self, index: u32) -> Result<(&[u8], usize), &'static str> {
        let start = self.offsets.get(chunk::index(index)).ok_or("not in the pool")?;
        let start = chunk::index(start);
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
fn table<'a>(body: &mut Reader<'a>, count: u32, field: &'static str) -> Result<Words<'a>, Error> {
    let length = chunk::index(count).saturating_mul(4);
    Ok(Words::new(body.take(length, field)?))
}

const _: () = assert!(POOL_HEADER_LENGTH == HEADER_LENGTH + 5 * 4, "five fields follow the chunk's header");
