//! Little-endian, length-prefixed fields: the one reader and writer of signing-block bytes.

use super::error::{Part, Problem, SignatureError};

/// A run of bytes that knows where in the package it stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields<'a> {
    bytes: &'a [u8],
    offset: u64,
    part: Part,
}

impl<'a> Fields<'a> {
    pub(super) fn new(bytes: &'a [u8], offset: u64, part: Part) -> Self {
        Self { bytes, offset, part }
    }

    pub(super) fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// An error about `field`, which begins where this run begins.
    pub(super) fn reject(&self, field: &'static str, problem: Problem) -> SignatureError {
        SignatureError::Rejected { part: self.part, field, offset: self.offset, problem }
    }

    pub(super) fn u32(&mut self, field: &'static str) -> Result<u32, SignatureError> {
        let Some((head, rest)) = self.bytes.split_first_chunk() else {
            return Err(self.reject(field, Problem::Truncated));
        };
        self.advance(rest);
        Ok(u32::from_le_bytes(*head))
    }

    /// A `u32` length and as many bytes.
    pub(super) fn prefixed(&mut self, field: &'static str) -> Result<Self, SignatureError> {
        let start = *self;
        let len = self.u32(field)?;
        let split = usize::try_from(len).ok().and_then(|len| self.bytes.split_at_checked(len));
        let Some((inner, rest)) = split else {
            return Err(start.reject(field, Problem::Truncated));
        };
        let inner = Self { bytes: inner, ..*self };
        self.advance(rest);
        Ok(inner)
    }

    /// All length-prefixed elements up to the end, of which there are one to `most`.
    pub(super) fn elements(mut self, field: &'static str, most: usize) -> Result<Vec<Self>, SignatureError> {
        let whole = self;
        let mut elements = Vec::new();
        while !self.is_empty() {
            if elements.len() >= most {
                let most = u64::try_from(most).unwrap_or(u64::MAX);
                return Err(whole.reject(field, Problem::TooMany(most)));
            }
            elements.push(self.prefixed(field)?);
        }
        if elements.is_empty() { Err(whole.reject(field, Problem::Empty)) } else { Ok(elements) }
    }

    /// Refuses bytes behind the last field.
    pub(super) fn end(&self, field: &'static str) -> Result<(), SignatureError> {
        if self.is_empty() { Ok(()) } else { Err(self.reject(field, Problem::Trailing)) }
    }

    fn advance(&mut self, rest: &'a [u8]) {
        let taken = self.bytes.len().saturating_sub(rest.len());
        self.offset = self.offset.saturating_add(u64::try_from(taken).unwrap_or(u64::MAX));
        self.bytes = rest;
    }
}

/// The parts one after the other, each behind its `u32` length.
pub(super) fn prefix_each<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    parts.into_iter().fold(Vec::new(), |mut out, part| {
        out.extend(length(part).to_le_bytes());
        out.extend(part);
        out
    })
}

/// A number and length-prefixed bytes, themselves length-prefixed: the element of digests, signatures and attributes.
pub(super) fn numbered(number: u32, bytes: &[u8]) -> Vec<u8> {
    let mut pair = number.to_le_bytes().to_vec();
    pair.extend(prefix_each([bytes]));
    prefix_each([pair.as_slice()])
}

/// Signatures and certificates are kilobytes; their lengths always fit.
fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}
