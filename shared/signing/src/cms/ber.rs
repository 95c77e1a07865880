//! BER, the part of it that signed data comes in: definite and indefinite lengths, tags of one byte.

use super::Rejected;
use super::der::{OBJECT_IDENTIFIER, SEQUENCE};
use crate::apk::Problem;

/// CMS nests nine levels deep; certificates are read elsewhere.
const MAX_DEPTH: u32 = 32;
const CONSTRUCTED: u8 = 0x20;

/// A run of elements that knows where in the signed data it stands.
#[derive(Clone, Copy)]
pub(crate) struct Ber<'a> {
    bytes: &'a [u8],
    offset: usize,
}

/// One element.
#[derive(Clone, Copy)]
pub(crate) struct Element<'a> {
    pub(crate) tag: u8,
    pub(crate) content: Ber<'a>,
    /// The element with its tag and length.
    pub(crate) whole: &'a [u8],
}

impl<'a> Ber<'a> {
    pub(crate) fn of(bytes: &'a [u8]) -> Self {
        Self { bytes, offset: 0 }
    }

    pub(crate) fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// An error about `field`, which begins where this run begins.
    pub(crate) fn reject(&self, field: &'static str, problem: Problem) -> Rejected {
        Rejected { field, offset: u64::try_from(self.offset).unwrap_or(u64::MAX), problem }
    }

    /// The next element, whatever it is; `None` behind the last.
    pub(crate) fn next(&mut self, field: &'static str) -> Result<Option<Element<'a>>, Rejected> {
        if self.bytes.is_empty() {
            return Ok(None);
        }
        let header = self.header(field)?;
        let body = self.after(header.length);
        let (content, whole) = match header.content {
            Some(length) => (length, header.length.saturating_add(length)),
            None => {
                let content = body.indefinite(field, MAX_DEPTH)?;
                (content, header.length.saturating_add(content).saturating_add(2))
            }
        };
        let truncated = || self.reject(field, Problem::Truncated);
        let content = Ber { bytes: body.bytes.get(..content).ok_or_else(truncated)?, ..body };
        let element = Element { tag: header.tag, content, whole: self.bytes.get(..whole).ok_or_else(truncated)? };
        *self = self.after(whole);
        Ok(Some(element))
    }

    /// The next element, which must have this tag.
    pub(crate) fn expect(&mut self, tag: u8, field: &'static str) -> Result<Element<'a>, Rejected> {
        let start = *self;
        match self.next(field)? {
            Some(element) if element.tag == tag => Ok(element),
            Some(_) => Err(start.reject(field, Problem::NotA("the element that belongs there"))),
            None => Err(start.reject(field, Problem::Truncated)),
        }
    }

    /// The next element, which must be an object identifier: the bytes of its content.
    pub(crate) fn object_identifier(&mut self, field: &'static str) -> Result<&'a [u8], Rejected> {
        let content = self.expect(OBJECT_IDENTIFIER, field)?.content;
        // The last byte of a number is the one without the highest bit.
        match content.bytes {
            [.., 0..0x80] => Ok(content.bytes),
            _ => Err(content.reject(field, Problem::NotA("an object identifier"))),
        }
    }

    /// Refuses elements behind the last field.
    pub(crate) fn end(&self, field: &'static str) -> Result<(), Rejected> {
        if self.bytes.is_empty() { Ok(()) } else { Err(self.reject(field, Problem::Trailing)) }
    }

    /// The next element where it has this tag.
    pub(crate) fn optional(&mut self, tag: u8, field: &'static str) -> Result<Option<Element<'a>>, Rejected> {
        if self.bytes.first() == Some(&tag) { self.next(field) } else { Ok(None) }
    }

    /// All elements up to the end, of which there are at most `most` sequences.
    pub(crate) fn sequences(mut self, field: &'static str, most: usize) -> Result<Vec<Element<'a>>, Rejected> {
        let whole = self;
        let mut elements = Vec::new();
        while !self.bytes.is_empty() {
            if elements.len() >= most {
                return Err(whole.reject(field, Problem::TooMany(u64::try_from(most).unwrap_or(u64::MAX))));
            }
            elements.push(self.expect(SEQUENCE, field)?);
        }
        Ok(elements)
    }

    fn after(self, length: usize) -> Self {
        let bytes = self.bytes.get(length..).unwrap_or_default();
        Self { bytes, offset: self.offset.saturating_add(length) }
    }

    fn header(&self, field: &'static str) -> Result<Header, Rejected> {
        let truncated = || self.reject(field, Problem::Truncated);
        let tag = *self.bytes.first().ok_or_else(truncated)?;
        if tag & 0x1f == 0x1f {
            return Err(self.reject(field, Problem::NotA("an element with a tag of one byte")));
        }
        let first = *self.bytes.get(1).ok_or_else(truncated)?;
        let more = usize::from(first & 0x7f);
        match first {
            0..0x80 => Ok(Header { tag, length: 2, content: Some(more) }),
            0x80 if tag & CONSTRUCTED == 0 => Err(self.reject(field, Problem::NotA("an element of known length"))),
            0x80 => Ok(Header { tag, length: 2, content: None }),
            _ => {
                let end = more.saturating_add(2);
                let digits = self.bytes.get(2..end).ok_or_else(truncated)?;
                let content = digits.iter().try_fold(0_usize, |sum, digit| {
                    sum.checked_mul(256)?.checked_add(usize::from(*digit)).filter(|sum| *sum <= self.bytes.len())
                });
                Ok(Header { tag, length: end, content: Some(content.ok_or_else(truncated)?) })
            }
        }
    }

    /// Length of the elements up to the mark that ends an indefinite length.
    fn indefinite(self, field: &'static str, depth: u32) -> Result<usize, Rejected> {
        let Some(depth) = depth.checked_sub(1) else {
            return Err(self.reject(field, Problem::TooMany(MAX_DEPTH.into())));
        };
        let mut rest = self;
        while !rest.bytes.starts_with(&[0, 0]) {
            let header = rest.header(field)?;
            let body = rest.after(header.length);
            let length = match header.content {
                Some(length) => length,
                None => body.indefinite(field, depth)?.saturating_add(2),
            };
            if length > body.bytes.len() {
                return Err(rest.reject(field, Problem::Truncated));
            }
            rest = body.after(length);
        }
        Ok(rest.offset.saturating_sub(self.offset))
    }
}

struct Header {
    tag: u8,
    /// Length of tag and length together.
    length: usize,
    /// Length of the content; `None` where a mark ends it.
    content: Option<usize>,
}
