//! What a property list may still ask for.

use super::error::Error;
use crate::limits::Limits;
use crate::reader::widen;

/// Counts what is met against the limits.
pub(super) struct Budget<'a> {
    limits: &'a Limits,
    levels: u32,
    values: u64,
    bytes: u64,
}

impl<'a> Budget<'a> {
    pub(super) const fn new(limits: &'a Limits) -> Self {
        Self { limits, levels: 0, values: 0, bytes: 0 }
    }

    /// Values counted so far.
    pub(super) const fn values(&self) -> u64 {
        self.values
    }

    /// One more value, which stands at `offset`.
    pub(super) fn value(&mut self, offset: u64) -> Result<(), Error> {
        self.room_for(1, offset)?;
        self.values = self.values.saturating_add(1);
        Ok(())
    }

    /// Whether so many more values may come.
    pub(super) fn room_for(&self, values: u64, offset: u64) -> Result<(), Error> {
        let limit = self.limits.values;
        if values > limit.saturating_sub(self.values) { Err(Error::TooManyValues { offset, limit }) } else { Ok(()) }
    }

    /// So many more bytes of text or data.
    pub(super) fn bytes(&mut self, bytes: usize, offset: u64) -> Result<(), Error> {
        self.bytes = self.bytes.saturating_add(widen(bytes));
        let limit = self.limits.document_bytes;
        if self.bytes > limit { Err(Error::UnpacksTooLarge { offset, limit }) } else { Ok(()) }
    }

    /// Into an array or a dictionary, which stands at `offset`.
    pub(super) fn enter(&mut self, offset: u64) -> Result<(), Error> {
        self.levels = self.levels.saturating_add(1);
        let limit = self.limits.depth;
        if self.levels > limit { Err(Error::TooDeep { offset, limit }) } else { Ok(()) }
    }

    /// Out of it again.
    pub(super) const fn leave(&mut self) {
        self.levels = self.levels.saturating_sub(1);
    }
}
