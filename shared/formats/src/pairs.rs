//! Two sources, byte by byte: what the comparisons of images are made of.

use std::io;
use std::ops::Range;

use crate::reader::widen;
use crate::source::Source;

/// Bytes of each source that are held in memory.
const CHUNK: u64 = 128 << 10;

/// Reads `range` of `after` and as many bytes from `from` on of `before`, as far as they are there, and says how far behind the
/// beginning of the range the first pair stands that `accepts` refuses.
pub(crate) fn first_refused(
    before: &dyn Source,
    from: u64,
    after: &dyn Source,
    range: Range<u64>,
    accepts: impl Fn(Option<u8>, u8) -> bool,
) -> io::Result<Option<u64>> {
    let (mut from, mut to) = (from, range.start);
    while to < range.end {
        let length = range.end.saturating_sub(to).min(CHUNK);
        let new = chunk(after, to, length)?;
        let old = chunk(before, from, length.min(before.len().saturating_sub(from)))?;
        // Equal chunks are the rule, and comparing them whole is what makes this as fast as reading.
        if old != new {
            let wrong = new.iter().enumerate().position(|(position, byte)| !accepts(old.get(position).copied(), *byte));
            if let Some(position) = wrong {
                return Ok(Some(to.saturating_sub(range.start).saturating_add(widen(position))));
            }
        }
        from = from.saturating_add(length);
        to = to.saturating_add(length);
    }
    Ok(None)
}

fn chunk(source: &dyn Source, offset: u64, length: u64) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; usize::try_from(length).unwrap_or_default()];
    if !bytes.is_empty() {
        source.read_at(offset, &mut bytes)?;
    }
    Ok(bytes)
}
