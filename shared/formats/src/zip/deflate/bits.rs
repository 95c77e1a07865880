//! The bits of a packed stream, the lowest of each byte first, read in bounded pieces.

use std::io;

use crate::reader::widen;
use crate::source::Source;

/// Bytes read from the source at a time.
const CHUNK: u64 = 256 << 10;
/// Zeros behind the stream, so that its last bits can be taken eight bytes at a time.
const PADDING: usize = 16;

pub(super) struct Bits<'a> {
    source: &'a dyn Source,
    /// What is not in the buffer yet, in the source.
    next: u64,
    end: u64,
    /// Length of the stream, bits.
    length: u64,
    buffer: Vec<u8>,
    /// The first byte of the buffer that `held` has not.
    used: usize,
    /// Where the buffer starts in the stream, bytes.
    start: u64,
    held: Held,
}

/// Bits that were loaded and not taken yet, the next one lowest.
#[derive(Clone, Copy, Default)]
pub(super) struct Held {
    bits: u64,
    /// How many of them are valid.
    count: u32,
}

impl Held {
    /// Loads whole bytes of `rest` until at least 56 bits are available; `false` where fewer than eight bytes are left.
    #[inline]
    pub(super) fn refill(&mut self, rest: &mut &[u8]) -> bool {
        let Some(word) = rest.first_chunk() else { return false };
        self.bits |= u64::from_le_bytes(*word).wrapping_shl(self.count);
        // As many whole bytes as there is room for; the others are loaded again over the same bits.
        let bytes = 63_u32.wrapping_sub(self.count).wrapping_shr(3);
        *rest = rest.get(usize::try_from(bytes).unwrap_or_default()..).unwrap_or_default();
        self.count |= 56;
        true
    }

    /// The bits that are available.
    pub(super) const fn peek(self) -> u64 {
        self.bits
    }

    /// Takes bits that are available.
    pub(super) const fn drop(&mut self, count: u32) {
        self.bits = self.bits.wrapping_shr(count);
        self.count = self.count.wrapping_sub(count);
    }
}

impl<'a> Bits<'a> {
    pub(super) const fn new(source: &'a dyn Source, start: u64, length: u64) -> Self {
        Self {
            source,
            next: start,
            end: start.saturating_add(length),
            length: length.saturating_mul(8),
            buffer: Vec::new(),
            used: 0,
            start: 0,
            held: Held { bits: 0, count: 0 },
        }
    }

    /// How many bits were taken.
    pub(super) fn position(&self) -> u64 {
        let loaded = self.start.saturating_add(widen(self.used)).saturating_mul(8);
        loaded.saturating_sub(self.held.count.into())
    }

    /// Whether the stream has no more bytes.
    pub(super) fn ends_here(&self) -> bool {
        self.position().div_ceil(8).saturating_mul(8) == self.length
    }

    /// Makes at least 56 bits available, zeros behind the end; says whether the stream has not been left yet.
    pub(super) fn refill(&mut self) -> io::Result<bool> {
        loop {
            let (mut held, mut rest) = self.at_hand();
            if held.refill(&mut rest) {
                let left = rest.len();
                self.go_on(held, left);
                return Ok(true);
            }
            if !self.read_more()? {
                return Ok(false);
            }
        }
    }

    /// The bits that are held and the bytes of the buffer behind them: what can be gone through without the source.
    pub(super) fn at_hand(&self) -> (Held, &[u8]) {
        (self.held, self.buffer.get(self.used..).unwrap_or_default())
    }

    /// Goes on behind what was taken of [`at_hand`](Self::at_hand), of whose bytes `left` are left.
    pub(super) const fn go_on(&mut self, held: Held, left: usize) {
        self.held = held;
        self.used = self.buffer.len().saturating_sub(left);
    }

    /// Reads the next bytes of the source behind those that are left; at the end of the source, zeros. Says whether there were any.
    pub(super) fn read_more(&mut self) -> io::Result<bool> {
        let wanted = self.end.saturating_sub(self.next).min(CHUNK);
        let left = self.buffer.len().saturating_sub(self.used);
        if wanted == 0 && self.position() > self.length {
            return Ok(false);
        }
        self.buffer.drain(..self.used);
        self.start = self.start.saturating_add(widen(self.used));
        self.used = 0;
        let length = left.saturating_add(usize::try_from(wanted).unwrap_or_default());
        self.buffer.resize(length, 0);
        if wanted == 0 {
            self.buffer.resize(length.saturating_add(PADDING), 0);
        } else {
            self.source.read_at(self.next, self.buffer.get_mut(left..).unwrap_or_default())?;
        }
        self.next = self.next.saturating_add(wanted);
        Ok(true)
    }

    /// The bits that are held.
    pub(super) const fn held(&mut self) -> &mut Held {
        &mut self.held
    }

    /// The next 16 bits or fewer as a number; `None` behind the end.
    pub(super) fn take(&mut self, count: u32) -> io::Result<Option<u64>> {
        if self.held.count < count && !self.refill()? {
            return Ok(None);
        }
        let mask = 1_u64.wrapping_shl(count).wrapping_sub(1);
        let value = self.held.peek() & mask;
        self.held.drop(count);
        Ok((self.position() <= self.length).then_some(value))
    }

    /// Goes on at the next whole byte.
    pub(super) const fn align(&mut self) {
        self.held.drop(self.held.count & 7);
    }

    /// Passes over bytes, from a whole byte on; `None` where there are not so many.
    pub(super) fn skip_bytes(&mut self, count: u64) -> io::Result<Option<()>> {
        let to = self.position().saturating_add(count.saturating_mul(8));
        if to > self.length {
            return Ok(None);
        }
        if count <= u64::from(self.held.count.wrapping_shr(3)) {
            self.held.drop(u32::try_from(count).unwrap_or_default().wrapping_shl(3));
            return Ok(Some(()));
        }
        // Behind what is held, and so not in front of the buffer.
        let byte = to.checked_div(8).unwrap_or_default();
        self.held = Held::default();
        let within = usize::try_from(byte.saturating_sub(self.start)).unwrap_or(usize::MAX);
        if within <= self.buffer.len() {
            self.used = within;
        } else {
            self.buffer.clear();
            (self.used, self.start) = (0, byte);
            self.next = self.end.saturating_sub(self.length.saturating_sub(to).checked_div(8).unwrap_or_default());
        }
        Ok(Some(()))
    }
}
