//! Local headers and data descriptors: they must repeat what the central directory says.

use std::ops::Range;

use crate::reader::{Reader, widen};
use crate::source::Source;

use super::{Defect, Entry, Error, Method};

const SIGNATURE: u32 = 0x0403_4B50;
const DESCRIPTOR_SIGNATURE: u32 = 0x0807_4B50;
/// Length of a local header without name and extra field.
const HEADER: u64 = 30;

/// Checks the header of `entry` and completes its offsets. Entries and their descriptors end at `limit` at the latest.
pub(super) fn check(source: &dyn Source, entry: &mut Entry, limit: u64) -> Result<(), Error> {
    let start = entry.header_offset;
    let refuse = |field, offset, defect| Err(Error::entry(&entry.name, field, offset, defect));
    let name_end = start.saturating_add(HEADER).saturating_add(widen(entry.name.len()));
    if name_end > limit {
        return refuse("local header offset", start, Defect::Outside { end: name_end, limit });
    }
    let mut bytes = vec![0; usize::try_from(name_end.saturating_sub(start)).unwrap_or_default()];
    source.read_at(start, &mut bytes)?;
    let mut reader = Reader::at(&bytes, start);
    if reader.u32("local header signature")? != SIGNATURE {
        return refuse("local header signature", start, Defect::NoHeader);
    }
    let extra_length = check_fields(&mut reader, entry)?;

    let data_offset = name_end.saturating_add(extra_length.into());
    let data_end = data_offset.saturating_add(entry.packed_size);
    if data_end > limit {
        return refuse("content", data_offset, Defect::Outside { end: data_end, limit });
    }
    let end = if entry.flags & Entry::DATA_DESCRIPTOR == 0 {
        data_end
    } else {
        data_end.saturating_add(descriptor_length(source, entry, data_end, limit)?)
    };
    entry.data_offset = data_offset;
    entry.end = end;
    Ok(())
}

/// Compares the fields after the signature; returns the length of the extra field.
fn check_fields(reader: &mut Reader<'_>, entry: &Entry) -> Result<u16, Error> {
    let refuse = |field, offset, defect| Err(Error::entry(&entry.name, field, offset, defect));
    let start = entry.header_offset;
    reader.u16("version needed")?;
    let flags = reader.u16("flags")?;
    let method = reader.u16("compression method")?;
    reader.u32("modification time")?;
    let crc32 = reader.u32("crc-32")?;
    let packed_size = reader.u32("compressed size")?;
    let size = reader.u32("uncompressed size")?;
    let name_length = reader.u16("name length")?;
    let extra_length = reader.u16("extra field length")?;
    let name = reader.rest();

    let checked = Entry::ENCRYPTED | Entry::STRONGLY_ENCRYPTED | Entry::MASKED | Entry::DATA_DESCRIPTOR;
    if flags & checked != entry.flags & checked {
        let defect = Defect::Disagrees { found: flags.into(), expected: entry.flags.into() };
        return refuse("local flags", start, defect);
    }
    // With a data descriptor the header may leave the three at zero.
    let deferred = entry.flags & Entry::DATA_DESCRIPTOR != 0;
    let fields = [
        ("local compression method", u64::from(method), u64::from(entry.method.number()), false),
        ("local name length", name_length.into(), widen(entry.name.len()), false),
        ("local crc-32", crc32.into(), entry.crc32.into(), deferred),
        ("local compressed size", packed_size.into(), entry.packed_size, deferred),
        ("local uncompressed size", size.into(), entry.size, deferred),
    ];
    for (field, found, expected, may_be_zero) in fields {
        if found != expected && !(may_be_zero && found == 0) {
            return refuse(field, start, Defect::Disagrees { found, expected });
        }
    }
    if name != entry.name.as_bytes() {
        return refuse("local name", start, Defect::OtherName);
    }
    Ok(extra_length)
}

/// Length of the data descriptor at `offset`: with or without the optional signature.
fn descriptor_length(source: &dyn Source, entry: &Entry, offset: u64, limit: u64) -> Result<u64, Error> {
    let available = limit.saturating_sub(offset).min(16);
    let mut bytes = vec![0; usize::try_from(available).unwrap_or_default()];
    source.read_at(offset, &mut bytes)?;
    let expected = [u64::from(entry.crc32), entry.packed_size, entry.size];
    let fields = |reader: &mut Reader<'_>| -> Result<[u64; 3], Error> {
        Ok([
            reader.u32("data descriptor crc-32")?.into(),
            reader.u32("data descriptor compressed size")?.into(),
            reader.u32("data descriptor uncompressed size")?.into(),
        ])
    };
    let signed = bytes.starts_with(&DESCRIPTOR_SIGNATURE.to_le_bytes());
    let mut reader = Reader::at(&bytes, offset);
    if signed {
        reader.u32("data descriptor signature")?;
    }
    let found = fields(&mut reader)?;
    if found == expected {
        return Ok(if signed { 16 } else { 12 });
    }
    let names = ["data descriptor crc-32", "data descriptor compressed size", "data descriptor uncompressed size"];
    for ((field, found), expected) in names.into_iter().zip(found).zip(expected) {
        if found != expected {
            return Err(Error::entry(&entry.name, field, offset, Defect::Disagrees { found, expected }));
        }
    }
    Ok(12)
}

/// Accepts bytes before the first entry only where they are zipflinger's fillers: stored entries without name and content.
/// Anything else there makes the file two things at once (the Janus attack put a dex file there).
pub(super) fn check_prefix(source: &dyn Source, first_gap: Option<&Range<u64>>) -> Result<(), Error> {
    let Some(gap) = first_gap.filter(|gap| gap.start == 0) else { return Ok(()) };
    let refused = || Error::Prefix { length: gap.end };
    let mut position = 0;
    while position < gap.end {
        if gap.end.saturating_sub(position) < HEADER {
            return Err(refused());
        }
        let mut header = [0; 30];
        source.read_at(position, &mut header)?;
        let mut reader = Reader::at(&header, position);
        let signature = reader.u32("local header signature")?;
        reader.take(22, "local header")?;
        let name_length = reader.u16("name length")?;
        let extra_length = reader.u16("extra field length")?;
        if signature != SIGNATURE || name_length != 0 || !is_empty_content(&header) {
            return Err(refused());
        }
        position = position.saturating_add(HEADER).saturating_add(extra_length.into());
    }
    if position == gap.end { Ok(()) } else { Err(refused()) }
}

fn is_empty_content(header: &[u8; 30]) -> bool {
    let mut reader = Reader::new(header);
    reader.take(6, "version and flags").is_ok()
        && reader.u16("flags").is_ok_and(|flags| flags & Entry::DATA_DESCRIPTOR == 0)
        && reader.u16("method") == Ok(Method::Stored.number())
        && reader.u32("time").is_ok()
        && reader.take(12, "crc-32 and sizes").is_ok_and(|sizes| sizes.iter().all(|byte| *byte == 0))
}
