//! Huffman codes: RFC 1951, 3.2.2. What is decoded here is never more than how far to go.

use super::bits::Bits;

/// Codes up to this length are looked up, longer ones, which are rare, are followed bit by bit.
const FAST: u32 = 10;
const LONGEST: usize = 15;
/// Of the symbols 257 to 285: the shortest length, and how many bits follow that are added.
const LENGTHS: [(u16, u8); 29] = [
    (3, 0),
    (4, 0),
    (5, 0),
    (6, 0),
    (7, 0),
    (8, 0),
    (9, 0),
    (10, 0),
    (11, 1),
    (13, 1),
    (15, 1),
    (17, 1),
    (19, 2),
    (23, 2),
    (27, 2),
    (31, 2),
    (35, 3),
    (43, 3),
    (51, 3),
    (59, 3),
    (67, 4),
    (83, 4),
    (99, 4),
    (115, 4),
    (131, 5),
    (163, 5),
    (195, 5),
    (227, 5),
    (258, 0),
];
/// Symbol 256.
const END: usize = 256;

/// What a symbol means for the way through a block.
pub(super) enum Step {
    Literal,
    /// A match of so many bytes.
    Match(u64),
    End,
}

/// A code, with its symbols as what they mean.
pub(super) struct Code {
    /// By the next bits: the entry of the symbol, 0 where its code is longer or there is none.
    fast: Vec<u32>,
    /// How many codes there are of each length.
    counts: [u16; LONGEST + 1],
    /// The entries of all symbols in the order of their codes.
    entries: Vec<u32>,
}

/// An entry: bits of the code, extra bits that follow, a number, and one flag.
mod entry {
    pub(super) const EXTRA: u32 = 8;
    pub(super) const NUMBER: u32 = 16;
    pub(super) const BYTE: u32 = 0xFF;
    pub(super) const LITERAL: u32 = 1 << 30;
    pub(super) const END: u32 = 1 << 31;
    pub(super) const NUMBERS: u32 = 0x3FFF;
}

impl Code {
    /// The code of literals and lengths of matches.
    pub(super) fn of_lengths(lengths: &[u8]) -> Option<Self> {
        Self::build(lengths, |symbol| match symbol {
            0..END => Some(entry::LITERAL),
            END => Some(entry::END),
            _ => {
                let (least, extra) = LENGTHS.get(symbol.checked_sub(END)?.checked_sub(1)?)?;
                Some(u32::from(*least).wrapping_shl(entry::NUMBER) | u32::from(*extra).wrapping_shl(entry::EXTRA))
            }
        })
    }

    /// The code of distances, which matter only by how many bits they take.
    pub(super) fn of_distances(lengths: &[u8]) -> Option<Self> {
        Self::build(lengths, |symbol| {
            let extra = u32::try_from(symbol).ok().filter(|symbol| *symbol < 30)?.wrapping_shr(1).saturating_sub(1);
            Some(extra.wrapping_shl(entry::EXTRA))
        })
    }

    /// A code of symbols that mean themselves.
    pub(super) fn of_symbols(lengths: &[u8]) -> Option<Self> {
        Self::build(lengths, |symbol| u32::try_from(symbol).ok().map(|symbol| symbol.wrapping_shl(entry::NUMBER)))
    }

    /// `None` where there are more codes than bits can tell apart. Symbols that mean nothing get no entry.
    fn build(lengths: &[u8], meaning: impl Fn(usize) -> Option<u32>) -> Option<Self> {
        let mut counts = [0_u16; LONGEST + 1];
        for length in lengths.iter().filter(|length| **length > 0) {
            let count = counts.get_mut(usize::from(*length))?;
            *count = count.saturating_add(1);
        }
        let mut entries = Vec::with_capacity(lengths.len());
        let mut fast = vec![0; 1 << FAST];
        let mut code = 0_u32;
        for length in 1..=LONGEST {
            code = code.wrapping_shl(1);
            for symbol in
                (0..lengths.len()).filter(|symbol| lengths.get(*symbol).is_some_and(|own| usize::from(*own) == length))
            {
                let bits = u32::try_from(length).ok()?;
                if code.wrapping_shr(bits) > 0 {
                    return None;
                }
                let entry = meaning(symbol).map_or(0, |meaning| meaning | bits);
                entries.push(entry);
                if bits <= FAST {
                    let first = usize::try_from(code.reverse_bits().wrapping_shr(32_u32.wrapping_sub(bits))).ok()?;
                    fast.iter_mut().skip(first).step_by(1_usize.wrapping_shl(bits)).for_each(|place| *place = entry);
                }
                code = code.saturating_add(1);
            }
        }
        Some(Self { fast, counts, entries })
    }

    /// Passes over a symbol and its extra bits, all of which must be available: a length and its distance have 48 at most. `None`
    /// where there is no such symbol.
    pub(super) fn step(&self, bits: &mut Bits<'_>) -> Option<Step> {
        let held = bits.peek();
        let entry = self.entry(held)?;
        let length = entry & entry::BYTE;
        if entry & entry::LITERAL != 0 {
            bits.drop(length);
            return Some(Step::Literal);
        }
        let extra = entry.wrapping_shr(entry::EXTRA) & entry::BYTE;
        bits.drop(length.wrapping_add(extra));
        if entry & entry::END != 0 {
            return Some(Step::End);
        }
        let more = held.wrapping_shr(length) & 1_u64.wrapping_shl(extra).wrapping_sub(1);
        let least = u64::from(entry.wrapping_shr(entry::NUMBER) & entry::NUMBERS);
        Some(Step::Match(least.wrapping_add(more)))
    }

    /// The next symbol of a code of symbols.
    pub(super) fn symbol(&self, bits: &mut Bits<'_>) -> Option<u32> {
        let entry = self.entry(bits.peek())?;
        bits.drop(entry & entry::BYTE);
        Some(entry.wrapping_shr(entry::NUMBER))
    }

    fn entry(&self, held: u64) -> Option<u32> {
        let place = usize::try_from(held & 0x3FF).unwrap_or_default();
        let entry = self.fast.get(place).copied().unwrap_or_default();
        if entry != 0 { Some(entry) } else { self.follow(held) }
    }

    /// The entry of a code of any length: bit by bit, comparing with the first code of each length.
    fn follow(&self, held: u64) -> Option<u32> {
        let (mut code, mut first, mut before) = (0_u32, 0_u32, 0_u32);
        for (length, count) in self.counts.iter().enumerate().skip(1) {
            let bit = held.wrapping_shr(u32::try_from(length).unwrap_or_default().wrapping_sub(1)) & 1;
            code = code.wrapping_shl(1) | u32::try_from(bit).unwrap_or_default();
            first = first.wrapping_shl(1);
            let count = u32::from(*count);
            if code < first.saturating_add(count) {
                let place = before.saturating_add(code.checked_sub(first)?);
                let entry = *self.entries.get(usize::try_from(place).ok()?)?;
                return (entry != 0).then_some(entry);
            }
            first = first.saturating_add(count);
            before = before.saturating_add(count);
        }
        None
    }
}
