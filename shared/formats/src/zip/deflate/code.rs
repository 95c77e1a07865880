//! Huffman codes: RFC 1951, 3.2.2. What is decoded here is never more than how far to go.

use super::bits::Held;

/// Codes up to this length are looked up, longer ones, which are rare, are followed bit by bit.
const FAST: u32 = 11;
const FAST_CODES: usize = 1 << FAST;
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

/// A code, with its symbols as what they mean.
pub(super) struct Code {
    /// By the next bits: the symbol, [`Symbol::NONE`] where its code is longer or there is none.
    fast: Box<[Symbol; FAST_CODES]>,
    /// How many codes there are of each length.
    counts: [u16; LONGEST + 1],
    /// All symbols in the order of their codes.
    symbols: Vec<Symbol>,
}

/// A symbol as what it means for the way through a block: bits of its code, extra bits that follow, a number, and one flag.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Symbol(u32);

impl Symbol {
    const NONE: Self = Self(0);
    const LITERAL: Self = Self(1 << 30);
    const END: Self = Self(1 << 31);
    const EXTRA: u32 = 8;
    const NUMBER: u32 = 16;
    const NUMBERS: u32 = 0x3FFF;

    fn new(number: u32, extra: u32) -> Self {
        Self(number.wrapping_shl(Self::NUMBER) | extra.wrapping_shl(Self::EXTRA))
    }

    const fn with_code(self, bits: u32) -> Self {
        Self(self.0 | bits)
    }

    pub(super) const fn is_literal(self) -> bool {
        self.0 & Self::LITERAL.0 != 0
    }

    pub(super) const fn is_end(self) -> bool {
        self.0 & Self::END.0 != 0
    }

    /// Takes its code and its extra bits.
    pub(super) const fn take(self, held: &mut Held) {
        held.drop(self.code_bits().wrapping_add(self.extra_bits()));
    }

    /// Its number, with the extra bits that follow its code in `held` added to it.
    pub(super) fn value(self, held: Held) -> u64 {
        let more = held.peek().wrapping_shr(self.code_bits()) & 1_u64.wrapping_shl(self.extra_bits()).wrapping_sub(1);
        u64::from(self.0.wrapping_shr(Self::NUMBER) & Self::NUMBERS).wrapping_add(more)
    }

    const fn code_bits(self) -> u32 {
        self.0 & 0xFF
    }

    const fn extra_bits(self) -> u32 {
        self.0.wrapping_shr(Self::EXTRA) & 0xFF
    }
}

impl Code {
    /// The code of literals and lengths of matches.
    pub(super) fn of_lengths(lengths: &[u8]) -> Option<Self> {
        Self::build(lengths, |symbol| match symbol {
            0..END => Some(Symbol::LITERAL),
            END => Some(Symbol::END),
            _ => {
                let (least, extra) = LENGTHS.get(symbol.checked_sub(END)?.checked_sub(1)?)?;
                Some(Symbol::new(u32::from(*least), u32::from(*extra)))
            }
        })
    }

    /// The code of distances, which matter only by how many bits they take.
    pub(super) fn of_distances(lengths: &[u8]) -> Option<Self> {
        Self::build(lengths, |symbol| {
            let symbol = u32::try_from(symbol).ok().filter(|symbol| *symbol < 30)?;
            Some(Symbol::new(0, symbol.wrapping_shr(1).saturating_sub(1)))
        })
    }

    /// A code of symbols that mean themselves.
    pub(super) fn of_symbols(lengths: &[u8]) -> Option<Self> {
        Self::build(lengths, |symbol| Some(Symbol::new(u32::try_from(symbol).ok()?, 0)))
    }

    /// `None` where there are more codes than bits can tell apart. Symbols that mean nothing have a code all the same.
    fn build(lengths: &[u8], meaning: impl Fn(usize) -> Option<Symbol>) -> Option<Self> {
        let mut counts = [0_u16; LONGEST + 1];
        for length in lengths.iter().filter(|length| **length > 0) {
            let count = counts.get_mut(usize::from(*length))?;
            *count = count.saturating_add(1);
        }
        let mut symbols = Vec::with_capacity(lengths.len());
        let mut fast = Box::new([Symbol::NONE; FAST_CODES]);
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
                let symbol = meaning(symbol).map_or(Symbol::NONE, |symbol| symbol.with_code(bits));
                symbols.push(symbol);
                if bits <= FAST {
                    let first = usize::try_from(code.reverse_bits().wrapping_shr(32_u32.wrapping_sub(bits))).ok()?;
                    fast.iter_mut().skip(first).step_by(1_usize.wrapping_shl(bits)).for_each(|place| *place = symbol);
                }
                code = code.saturating_add(1);
            }
        }
        Some(Self { fast, counts, symbols })
    }

    /// The next symbol, of which nothing is taken yet; `None` where there is no such code. Symbols and their extra bits must be
    /// available: a length and its distance have 48 at most.
    #[inline]
    pub(super) fn next(&self, held: Held) -> Option<Symbol> {
        let place = usize::try_from(held.peek()).unwrap_or_default() & FAST_CODES.wrapping_sub(1);
        match self.fast.get(place) {
            Some(&symbol) if symbol != Symbol::NONE => Some(symbol),
            _ => self.follow(held.peek()),
        }
    }

    /// The symbol of a code of any length: bit by bit, comparing with the first code of each length.
    #[cold]
    fn follow(&self, held: u64) -> Option<Symbol> {
        let (mut code, mut first, mut before) = (0_u32, 0_u32, 0_u32);
        for (length, count) in self.counts.iter().enumerate().skip(1) {
            let bit = held.wrapping_shr(u32::try_from(length).unwrap_or_default().wrapping_sub(1)) & 1;
            code = code.wrapping_shl(1) | u32::try_from(bit).unwrap_or_default();
            first = first.wrapping_shl(1);
            let count = u32::from(*count);
            if code < first.saturating_add(count) {
                let place = before.saturating_add(code.checked_sub(first)?);
                let symbol = *self.symbols.get(usize::try_from(place).ok()?)?;
                return (symbol != Symbol::NONE).then_some(symbol);
            }
            first = first.saturating_add(count);
            before = before.saturating_add(count);
        }
        None
    }
}
