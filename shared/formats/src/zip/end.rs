//! The end of central directory record: found once, or the archive is refused.

use crate::reader::{Reader, widen};
use crate::source::Source;

use super::Error;

/// Length of the record without its comment.
pub(super) const RECORD: u64 = 22;
const LONGEST_COMMENT: u64 = 0xFFFF;
const SIGNATURE: [u8; 4] = *b"PK\x05\x06";
const ZIP64_LOCATOR: [u8; 4] = *b"PK\x06\x07";
const ZIP64_LOCATOR_LENGTH: u64 = 20;

/// What the record says about the central directory.
#[derive(Debug)]
pub(super) struct End {
    pub(super) offset: u64,
    pub(super) entries: u64,
    pub(super) directory_offset: u64,
    pub(super) directory_size: u64,
    pub(super) comment: Vec<u8>,
}

impl End {
    /// Finds and checks the record at the end of `source`.
    pub(super) fn find(source: &dyn Source) -> Result<Self, Error> {
        let length = source.len();
        let searched = length.min(RECORD.saturating_add(LONGEST_COMMENT).saturating_add(ZIP64_LOCATOR_LENGTH));
        let start = length.saturating_sub(searched);
        let mut tail = vec![0; usize::try_from(searched).unwrap_or_default()];
        source.read_at(start, &mut tail)?;

        let position = locate(&tail, start).map_err(|ambiguous| match ambiguous {
            Some((first, second)) => Error::AmbiguousEnd { first, second },
            None => Error::NoEnd { searched, length },
        })?;
        let (before, record) = tail.split_at_checked(position).unwrap_or_default();
        let offset = start.saturating_add(widen(position));
        refuse_zip64_locator(before, offset)?;
        Self::parse(record, offset)
    }

    fn parse(record: &[u8], offset: u64) -> Result<Self, Error> {
        let mut reader = Reader::at(record, offset);
        reader.u32("end record signature")?;
        expect(&mut reader, "end record disk number", 0)?;
        expect(&mut reader, "end record directory disk", 0)?;
        let total_offset = reader.offset().saturating_add(2);
        let on_disk = reader.u16("end record entries on this disk")?;
        let entries = reader.u16("end record total entries")?;
        let size_offset = reader.offset();
        let directory_size = reader.u32("end record directory size")?;
        let directory_offset = reader.u32("end record directory offset")?;
        let comment_length = reader.u16("end record comment length")?;
        let comment = reader.take(usize::from(comment_length), "end record comment")?.to_vec();

        if entries == u16::MAX || directory_size == u32::MAX || directory_offset == u32::MAX {
            return Err(Error::Zip64 { field: "end record", offset });
        }
        let field = |field, offset, found: u64, expected: u64| Error::Field { field, offset, found, expected };
        if on_disk != entries {
            return Err(field("end record total entries", total_offset, entries.into(), on_disk.into()));
        }
        let (directory_offset, directory_size) = (u64::from(directory_offset), u64::from(directory_size));
        if directory_offset.checked_add(directory_size) != Some(offset) {
            let expected = offset.saturating_sub(directory_offset);
            return Err(field("end record directory size", size_offset, directory_size, expected));
        }
        Ok(Self { offset, entries: entries.into(), directory_offset, directory_size, comment })
    }
}

/// Position of the only record in `tail`; `Err(Some)` names two of them, `Err(None)` none.
fn locate(tail: &[u8], start: u64) -> Result<usize, Option<(u64, u64)>> {
    let mut found: Option<usize> = None;
    let mut last_signature = None;
    let offset = |position: usize| start.saturating_add(widen(position));
    for (position, window) in tail.windows(SIGNATURE.len()).enumerate() {
        if window != SIGNATURE {
            continue;
        }
        last_signature = Some(position);
        if reaches_the_end(tail, position) {
            if let Some(first) = found {
                return Err(Some((offset(first), offset(position))));
            }
            found = Some(position);
        }
    }
    match (found, last_signature) {
        (Some(found), Some(last)) if found == last => Ok(found),
        // A signature within the comment: readers that search backwards stop there.
        (Some(found), Some(last)) => Err(Some((offset(found), offset(last)))),
        _ => Err(None),
    }
}

fn reaches_the_end(tail: &[u8], position: usize) -> bool {
    let Some((_, record)) = tail.split_at_checked(position) else { return false };
    let mut reader = Reader::new(record);
    let comment_length = reader.take(20, "end record").and_then(|_| reader.u16("comment length"));
    comment_length.is_ok_and(|length| usize::from(length) == reader.remaining())
}

fn refuse_zip64_locator(before: &[u8], end: u64) -> Result<(), Error> {
    let locator = end.saturating_sub(ZIP64_LOCATOR_LENGTH);
    match before.last_chunk::<20>() {
        Some(bytes) if bytes.starts_with(&ZIP64_LOCATOR) => {
            Err(Error::Zip64 { field: "end of central directory locator", offset: locator })
        }
        _ => Ok(()),
    }
}

fn expect(reader: &mut Reader<'_>, field: &'static str, expected: u16) -> Result<(), Error> {
    let offset = reader.offset();
    let found = reader.u16(field)?;
    if found == expected {
        return Ok(());
    }
    if found == u16::MAX {
        return Err(Error::Zip64 { field, offset });
    }
    Err(Error::Field { field, offset, found: found.into(), expected: expected.into() })
}
