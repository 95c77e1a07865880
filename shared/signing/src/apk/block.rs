//! The APK Signing Block: length, id-value pairs, length again, magic.

use std::ops::Range;

use formats::source::Source;

use super::Scheme;
use super::error::{Part, Problem, SignatureError};

pub(super) const V2_ID: u32 = 0x7109_871a;
pub(super) const V3_ID: u32 = 0xf053_68c0;
pub(super) const V31_ID: u32 = 0x1b93_ad61;
const PADDING_ID: u32 = 0x4272_6577;
const MAGIC: &[u8; 16] = b"APK Sig Block 42";
/// The second length and the magic.
const FOOTER: u64 = 24;
/// The first length.
const HEADER: u64 = 8;
/// A pair's length and id.
const PAIR_HEADER: u64 = 12;
/// Devices map packages by pages; a block of whole pages keeps what follows it where it was aligned to.
const PAGE: usize = 4096;
/// Stores and channel tools add a handful of pairs.
const MAX_PAIRS: usize = 128;
/// Ten signers with ten certificates each stay far below.
const MAX_SCHEME: u64 = 1 << 20;

/// Where the signing block in front of the central directory stands; `None` where there is none.
///
/// Both length fields must agree, and the block must lie within the package.
pub fn signing_block_range<S: Source + ?Sized>(
    source: &S,
    directory: u64,
) -> Result<Option<Range<u64>>, SignatureError> {
    let Some(footer) = directory.checked_sub(FOOTER).filter(|_| directory <= source.len()) else { return Ok(None) };
    if read(source, footer.saturating_add(8))? != *MAGIC {
        return Ok(None);
    }
    let size = u64::from_le_bytes(read(source, footer)?);
    let reject = |offset, problem| reject("size of block", offset, problem);
    let start = size.checked_add(HEADER).and_then(|whole| directory.checked_sub(whole));
    let start = start.ok_or_else(|| reject(footer, Problem::Truncated))?;
    if size < FOOTER {
        return Err(reject(footer, Problem::Disagrees("the block's own fields")));
    }
    if u64::from_le_bytes(read(source, start)?) != size {
        return Err(reject(start, Problem::Disagrees("the size at the block's end")));
    }
    Ok(Some(start..directory))
}

/// A pair of the block: its id and where its value stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pair {
    pub(super) id: u32,
    pub(super) value: Range<u64>,
}

/// All pairs of the block at `range`, without their values: those can be as large as the package.
pub(super) fn pairs<S: Source + ?Sized>(source: &S, range: &Range<u64>) -> Result<Vec<Pair>, SignatureError> {
    let end = range.end.saturating_sub(FOOTER);
    let mut position = range.start.saturating_add(HEADER);
    let mut pairs: Vec<Pair> = Vec::new();
    while position < end {
        if pairs.len() >= MAX_PAIRS {
            return Err(reject("pair", position, Problem::TooMany(MAX_PAIRS.try_into().unwrap_or(u64::MAX))));
        }
        let pair = read_pair(source, position..end)?;
        if pair.id != PADDING_ID && pairs.iter().any(|earlier| earlier.id == pair.id) {
            return Err(reject("id of pair", position, Problem::Duplicate));
        }
        position = pair.value.end;
        pairs.push(pair);
    }
    Ok(pairs)
}

fn read_pair<S: Source + ?Sized>(source: &S, within: Range<u64>) -> Result<Pair, SignatureError> {
    let start = within.start;
    let truncated = || reject("size of pair", start, Problem::Truncated);
    let value = start.checked_add(PAIR_HEADER).filter(|value| *value <= within.end).ok_or_else(truncated)?;
    let size = u64::from_le_bytes(read(source, start)?);
    let id = u32::from_le_bytes(read(source, start.saturating_add(HEADER))?);
    let end = start.checked_add(HEADER).and_then(|start| start.checked_add(size));
    let end = end.filter(|end| (value..=within.end).contains(end)).ok_or_else(truncated)?;
    Ok(Pair { id, value: value..end })
}

/// A scheme's value, read into memory.
pub(super) fn read_value<S: Source + ?Sized>(
    source: &S,
    pair: &Pair,
    scheme: Scheme,
) -> Result<Vec<u8>, SignatureError> {
    let len = pair.value.end.saturating_sub(pair.value.start);
    let Some(len) = usize::try_from(len).ok().filter(|_| len <= MAX_SCHEME) else {
        let problem = Problem::TooMany(MAX_SCHEME);
        return Err(SignatureError::Rejected {
            part: Part::Scheme(scheme),
            field: "size in bytes",
            offset: pair.value.start,
            problem,
        });
    };
    let mut value = vec![0; len];
    let offset = pair.value.start;
    source.read_at(offset, &mut value).map_err(|source| SignatureError::Read { offset, source })?;
    Ok(value)
}

/// The block with these pairs, padded to whole pages.
pub(super) fn build(pairs: &[(u32, Vec<u8>)]) -> Vec<u8> {
    let mut body: Vec<u8> = pairs.iter().flat_map(|(id, value)| pair(*id, value)).collect();
    let fixed = usize::try_from(HEADER.saturating_add(FOOTER)).unwrap_or(0);
    let over = body.len().saturating_add(fixed).checked_rem(PAGE).unwrap_or(0);
    if over != 0 {
        let header = usize::try_from(PAIR_HEADER).unwrap_or(0);
        let missing = PAGE.saturating_sub(over);
        // A gap too small for a pair of its own grows by a page.
        let padding =
            missing.checked_sub(header).unwrap_or_else(|| missing.saturating_add(PAGE).saturating_sub(header));
        body.extend(pair(PADDING_ID, &vec![0; padding]));
    }
    let size = u64::try_from(body.len()).unwrap_or(u64::MAX).saturating_add(FOOTER).to_le_bytes();
    [size.as_slice(), &body, &size, MAGIC].concat()
}

fn pair(id: u32, value: &[u8]) -> Vec<u8> {
    let size = u64::try_from(value.len()).unwrap_or(u64::MAX).saturating_add(4);
    [size.to_le_bytes().as_slice(), &id.to_le_bytes(), value].concat()
}

fn read<S: Source + ?Sized, const N: usize>(source: &S, offset: u64) -> Result<[u8; N], SignatureError> {
    let mut bytes = [0; N];
    source.read_at(offset, &mut bytes).map_err(|source| SignatureError::Read { offset, source })?;
    Ok(bytes)
}

fn reject(field: &'static str, offset: u64, problem: Problem) -> SignatureError {
    SignatureError::Rejected { part: Part::Block, field, offset, problem }
}
