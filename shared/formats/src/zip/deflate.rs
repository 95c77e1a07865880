//! Deflate streams as sequences of blocks (RFC 1951): where each begins, without unpacking any.

mod bits;
mod code;

use std::io;

use crate::source::Source;

use bits::Bits;
use code::Code;

/// Order in which the lengths of the code for code lengths are stored: RFC 1951, 3.2.7.
const LENGTH_ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
/// So many blocks, and one more for each of so many packed bytes, are walked through. Packers make one of some ten thousand bytes;
/// a stream of nothing but headers would take long.
const BLOCKS: u64 = 4096;
const BYTES_OF_BLOCK: u64 = 512;

/// Where a block begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Boundary {
    /// In the packed stream, bits.
    pub(super) bits: u64,
    /// In the unpacked content, bytes.
    pub(super) content: u64,
}

/// Tells `visit` of the beginning of each block of the stream that stands in `length` bytes from `start` on, in order; returns the
/// length of the content. `None`: there is no such stream, or one of too many blocks; what was told is not to be relied on.
pub(super) fn walk(
    source: &dyn Source,
    start: u64,
    length: u64,
    mut visit: impl FnMut(Boundary),
) -> io::Result<Option<u64>> {
    let mut walker = Walker { bits: Bits::new(source, start, length), content: 0, fixed: None };
    let most = length.checked_div(BYTES_OF_BLOCK).unwrap_or_default().saturating_add(BLOCKS);
    for _ in 0..most {
        visit(Boundary { bits: walker.bits.position(), content: walker.content });
        match walker.block()? {
            Some(true) => return Ok(walker.bits.ends_here().then_some(walker.content)),
            Some(false) => {}
            None => return Ok(None),
        }
    }
    Ok(None)
}

/// How the way through a block goes on.
enum Way {
    /// The block is over.
    Ended,
    /// There is less in the buffer than a symbol may take.
    Short,
    /// There is no such symbol.
    Broken,
}

struct Walker<'a> {
    bits: Bits<'a>,
    content: u64,
    fixed: Option<(Code, Code)>,
}

impl Walker<'_> {
    /// Passes over a block, and says whether it was the last; `None` where it is none.
    fn block(&mut self) -> io::Result<Option<bool>> {
        let Some(last) = self.bits.take(1)? else { return Ok(None) };
        let passed = match self.bits.take(2)? {
            Some(0) => self.stored()?,
            Some(1) => self.with_fixed_codes()?,
            Some(2) => self.with_own_codes()?,
            _ => None,
        };
        Ok(passed.map(|()| last == 1))
    }

    fn stored(&mut self) -> io::Result<Option<()>> {
        self.bits.align();
        let (Some(length), Some(inverse)) = (self.bits.take(16)?, self.bits.take(16)?) else { return Ok(None) };
        if length ^ inverse != 0xFFFF {
            return Ok(None);
        }
        self.content = self.content.saturating_add(length);
        self.bits.skip_bytes(length)
    }

    fn with_fixed_codes(&mut self) -> io::Result<Option<()>> {
        let codes = self.fixed.take().or_else(|| {
            let lengths = (0..288).map(|symbol| match symbol {
                0..144 => 8,
                144..256 => 9,
                256..280 => 7,
                _ => 8,
            });
            Some((Code::of_lengths(&lengths.collect::<Vec<u8>>())?, Code::of_distances(&[5; 30])?))
        });
        let Some((lengths, distances)) = &codes else { return Ok(None) };
        let passed = self.symbols(lengths, distances);
        self.fixed = codes;
        passed
    }

    fn with_own_codes(&mut self) -> io::Result<Option<()>> {
        match self.read_codes()? {
            Some((lengths, distances)) => self.symbols(&lengths, &distances),
            None => Ok(None),
        }
    }

    /// Passes over literals and matches up to the end of the block.
    fn symbols(&mut self, lengths: &Code, distances: &Code) -> io::Result<Option<()>> {
        loop {
            match self.symbols_at_hand(lengths, distances) {
                Way::Ended => return Ok(Some(())),
                Way::Short if self.bits.read_more()? => {}
                Way::Short | Way::Broken => return Ok(None),
            }
        }
    }

    /// Goes as far as the bytes in the buffer lead. Most of the time is spent here: nothing is kept in memory meanwhile.
    fn symbols_at_hand(&mut self, lengths: &Code, distances: &Code) -> Way {
        let (mut held, mut rest) = self.bits.at_hand();
        let mut content = self.content;
        let way = loop {
            if !held.refill(&mut rest) {
                break Way::Short;
            }
            let Some(mut symbol) = lengths.next(held) else { break Way::Broken };
            if symbol.is_literal() {
                symbol.take(&mut held);
                content = content.wrapping_add(1);
                // What is left is enough for another literal, and not for a match.
                let Some(next) = lengths.next(held) else { break Way::Broken };
                if next.is_literal() {
                    next.take(&mut held);
                    content = content.wrapping_add(1);
                    continue;
                }
                if !held.refill(&mut rest) {
                    break Way::Short;
                }
                symbol = next;
            }
            if symbol.is_end() {
                symbol.take(&mut held);
                break Way::Ended;
            }
            content = content.wrapping_add(symbol.value(held));
            symbol.take(&mut held);
            let Some(distance) = distances.next(held) else { break Way::Broken };
            distance.take(&mut held);
        };
        let left = rest.len();
        self.bits.go_on(held, left);
        self.content = content;
        way
    }

    /// Reads the two codes in front of a block: RFC 1951, 3.2.7.
    fn read_codes(&mut self) -> io::Result<Option<(Code, Code)>> {
        let mut field = |bits, least: u64| -> io::Result<Option<usize>> {
            let count = self.bits.take(bits)?;
            Ok(count.and_then(|count| usize::try_from(count.saturating_add(least)).ok()))
        };
        let (Some(literals), Some(distances), Some(count)) = (field(5, 257)?, field(5, 1)?, field(4, 4)?) else {
            return Ok(None);
        };
        let mut own = [0_u8; 19];
        for place in LENGTH_ORDER.iter().take(count) {
            let (Some(length), Some(own)) = (self.bits.take(3)?, own.get_mut(*place)) else { return Ok(None) };
            *own = u8::try_from(length).unwrap_or_default();
        }
        let Some(code) = Code::of_symbols(&own) else { return Ok(None) };
        let Some(all) = self.read_lengths(&code, literals.saturating_add(distances))? else { return Ok(None) };
        let Some((literals, distances)) = all.split_at_checked(literals) else { return Ok(None) };
        Ok(Code::of_lengths(literals).zip(Code::of_distances(distances)))
    }

    fn read_lengths(&mut self, code: &Code, count: usize) -> io::Result<Option<Vec<u8>>> {
        let mut lengths: Vec<u8> = Vec::with_capacity(count);
        while lengths.len() < count {
            if !self.bits.refill()? {
                return Ok(None);
            }
            let held = self.bits.held();
            let Some(symbol) = code.next(*held) else { return Ok(None) };
            let number = symbol.value(*held);
            symbol.take(held);
            let (length, extra, least) = match number {
                0..=15 => (u8::try_from(number).unwrap_or_default(), 0, 1_u64),
                16 => match lengths.last() {
                    Some(last) => (*last, 2, 3),
                    None => return Ok(None),
                },
                17 => (0, 3, 3),
                _ => (0, 7, 11),
            };
            let Some(more) = self.bits.take(extra)? else { return Ok(None) };
            let times = usize::try_from(least.saturating_add(more)).unwrap_or(usize::MAX);
            lengths.resize(lengths.len().saturating_add(times), length);
        }
        Ok((lengths.len() == count).then_some(lengths))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reader::widen;

    fn boundaries(stream: &[u8]) -> Option<Vec<(u64, u64)>> {
        let mut all = Vec::new();
        let whole = walk(&stream, 0, widen(stream.len()), |at| all.push((at.bits, at.content))).unwrap();
        whole.map(|_| all)
    }

    #[test]
    fn each_kind_of_block_begins_where_the_last_one_ends() {
        let stored = [0, 2, 0, 0xFD, 0xFF, 65, 66];
        let empty = [0, 0, 0, 0xFF, 0xFF];
        let last = [3, 0];
        assert_eq!(boundaries(&last), Some(vec![(0, 0)]));
        assert_eq!(boundaries(&[&stored[..], &last].concat()), Some(vec![(0, 0), (56, 2)]));
        // An empty block of fixed codes, and a stored one that begins inside a byte.
        let mixed = [&empty[..], &[2, 0], &empty[1..], &stored, &last].concat();
        assert_eq!(boundaries(&mixed), Some(vec![(0, 0), (40, 0), (50, 0), (88, 0), (144, 2)]));
    }

    #[test]
    fn what_is_no_stream_is_none() {
        for broken in
            [&[][..], &[3], &[7, 0], &[0, 2, 0, 0xFD, 0xFE, 65, 66, 3, 0], &[3, 0, 0], &[0, 2, 0, 0xFD, 0xFF, 65]]
        {
            assert_eq!(boundaries(broken), None, "{broken:?}");
        }
    }
}
