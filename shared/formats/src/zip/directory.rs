//! The archive as a whole: the central directory, checked against every local header.

use std::fmt;
use std::ops::Range;

use crate::limits::Limits;
use crate::reader::{Reader, widen};
use crate::source::Source;

use super::end::End;
use super::{Attributes, Defect, Entry, Error, Method, local};

const SIGNATURE: u32 = 0x0201_4B50;

/// A checked archive. Its entries are in the order of the central directory; nothing is unpacked yet.
pub struct Archive<'a> {
    pub(super) source: &'a dyn Source,
    entries: Vec<Entry>,
    /// Positions in `entries`, sorted by name.
    by_name: Vec<usize>,
    gaps: Vec<Range<u64>>,
    end: End,
}

impl fmt::Debug for Archive<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Archive")
            .field("entries", &self.entries)
            .field("end", &self.end)
            .finish_non_exhaustive()
    }
}

impl<'a> Archive<'a> {
    /// Reads and checks everything but the contents of the entries, in memory proportional to the central directory.
    ///
    /// # Errors
    /// Any archive that two readers could understand differently, or that exceeds `limits`.
    pub fn read(source: &'a dyn Source, limits: &Limits) -> Result<Self, Error> {
        limit("package length in bytes", source.len(), limits.package_bytes)?;
        let end = End::find(source)?;
        limit("number of entries", end.entries, limits.entries)?;
        limit("central directory in bytes", end.directory_size, limits.directory_bytes)?;

        let mut entries = read_directory(source, &end, limits)?;
        let by_name = index(&entries)?;
        for entry in &mut entries {
            local::check(source, entry, end.directory_offset)?;
        }
        let gaps = gaps(&entries, end.directory_offset)?;
        check_totals(&entries, source.len(), limits)?;
        local::check_prefix(source, gaps.first())?;
        Ok(Self { source, entries, by_name, gaps, end })
    }

    /// The bytes the archive stands in.
    pub fn source(&self) -> &'a dyn Source {
        self.source
    }

    /// Every entry, in the order of the central directory.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The entry of this exact name.
    pub fn entry(&self, name: &str) -> Option<&Entry> {
        let named = |position: &usize| self.entries.get(*position).map_or("", |entry| entry.name.as_str());
        let found = self.by_name.binary_search_by(|position| named(position).cmp(name)).ok()?;
        self.by_name.get(found).and_then(|position| self.entries.get(*position))
    }

    /// Ranges before the central directory that belong to no entry, in order: zipflinger's fillers, an APK signing block.
    pub fn gaps(&self) -> &[Range<u64>] {
        &self.gaps
    }

    /// The bytes between the last entry and the central directory, where an APK signing block stands; empty where there are none.
    pub fn before_directory(&self) -> Range<u64> {
        let end = self.directory_offset();
        self.gaps.last().filter(|gap| gap.end == end).cloned().unwrap_or(end..end)
    }

    /// Offset of the central directory.
    pub fn directory_offset(&self) -> u64 {
        self.end.directory_offset
    }

    /// Offset of the end of central directory record.
    pub fn end_offset(&self) -> u64 {
        self.end.offset
    }

    /// The archive's comment.
    pub fn comment(&self) -> &[u8] {
        &self.end.comment
    }

    /// Length of all entries together once unpacked, in bytes, as declared.
    pub fn unpacked_size(&self) -> u64 {
        self.entries.iter().fold(0, |sum, entry| sum.saturating_add(entry.size))
    }
}

fn limit(what: &'static str, found: u64, limit: u64) -> Result<(), Error> {
    if found > limit { Err(Error::Limit { what, found, limit }) } else { Ok(()) }
}

fn read_directory(source: &dyn Source, end: &End, limits: &Limits) -> Result<Vec<Entry>, Error> {
    let mut bytes = vec![0; usize::try_from(end.directory_size).unwrap_or_default()];
    source.read_at(end.directory_offset, &mut bytes)?;
    let mut reader = Reader::at(&bytes, end.directory_offset);
    let mut entries = Vec::new();
    for _ in 0..end.entries {
        entries.push(read_record(&mut reader, limits)?);
    }
    if reader.is_empty() {
        return Ok(entries);
    }
    let used = end.directory_size.saturating_sub(widen(reader.remaining()));
    let field = "central directory size";
    Err(Error::Field { field, offset: reader.offset(), found: end.directory_size, expected: used })
}

fn read_record(reader: &mut Reader<'_>, limits: &Limits) -> Result<Entry, Error> {
    let offset = reader.offset();
    let signature = reader.u32("central directory signature")?;
    if signature != SIGNATURE {
        let field = "central directory signature";
        return Err(Error::Field { field, offset, found: signature.into(), expected: SIGNATURE.into() });
    }
    let version_made_by = reader.u16("version made by")?;
    reader.u16("version needed")?;
    let flags = reader.u16("flags")?;
    let method = reader.u16("compression method")?;
    let time = reader.u16("modification time")?;
    let date = reader.u16("modification date")?;
    let crc32 = reader.u32("crc-32")?;
    let packed_size = reader.u32("compressed size")?;
    let size = reader.u32("uncompressed size")?;
    let name_length = reader.u16("name length")?;
    let extra_length = reader.u16("extra field length")?;
    let comment_length = reader.u16("comment length")?;
    let disk = reader.u16("disk number start")?;
    let internal = reader.u16("internal attributes")?;
    let external = reader.u32("external attributes")?;
    let header_offset = reader.u32("local header offset")?;
    let name = reader.take(usize::from(name_length), "name")?;
    reader.take(usize::from(extra_length), "extra field")?;
    reader.take(usize::from(comment_length), "comment")?;

    limit("length of an entry's name in bytes", name_length.into(), limits.name_bytes)?;
    let name = check_name(name, offset)?;
    let refuse = |field, defect| Error::entry(&name, field, offset, defect);
    if [packed_size, size, header_offset].contains(&u32::MAX) || disk == u16::MAX {
        return Err(Error::Zip64 { field: "central directory entry", offset });
    }
    if disk != 0 {
        return Err(refuse("disk number", Defect::Disagrees { found: disk.into(), expected: 0 }));
    }
    if flags & (Entry::ENCRYPTED | Entry::STRONGLY_ENCRYPTED | Entry::MASKED) != 0 {
        return Err(refuse("flags", Defect::Encrypted));
    }
    let method = Method::from_number(method).ok_or_else(|| refuse("compression method", Defect::Method(method)))?;
    let (packed_size, size) = (u64::from(packed_size), u64::from(size));
    if method == Method::Stored && packed_size != size {
        return Err(refuse("uncompressed size", Defect::StoredSizes { packed: packed_size, size }));
    }
    let attributes = Attributes { time, date, version_made_by, internal, external };
    let header_offset = u64::from(header_offset);
    // The local header tells where the content starts; until it is read both stand at the header.
    let (data_offset, end) = (header_offset, header_offset);
    Ok(Entry { name, method, flags, crc32, packed_size, size, attributes, header_offset, data_offset, end })
}

fn check_name(bytes: &[u8], offset: u64) -> Result<String, Error> {
    let refuse = |name: &str, defect| Err(Error::entry(name, "name", offset, defect));
    let Ok(name) = str::from_utf8(bytes) else {
        return refuse(&String::from_utf8_lossy(bytes), Defect::NotText);
    };
    let unsafe_part = if name.is_empty() {
        Some("it is empty")
    } else if name.contains('\0') {
        Some("it contains a NUL character")
    } else if name.contains(char::is_control) {
        Some("it contains a control character")
    } else if name.contains('\\') {
        Some("it contains a backslash")
    } else if name.starts_with('/') {
        Some("it is an absolute path")
    } else if name.as_bytes().get(1) == Some(&b':') {
        Some("it starts with a drive letter")
    } else if name.split('/').any(|component| component == "." || component == "..") {
        Some("it contains a relative path component")
    } else {
        None
    };
    match unsafe_part {
        Some(reason) => refuse(name, Defect::UnsafeName(reason)),
        None => Ok(name.to_owned()),
    }
}

fn index(entries: &[Entry]) -> Result<Vec<usize>, Error> {
    let mut by_name: Vec<(usize, &Entry)> = entries.iter().enumerate().collect();
    by_name.sort_unstable_by(|(_, left), (_, right)| left.name.cmp(&right.name));
    let mut previous: Option<&Entry> = None;
    for (_, entry) in &by_name {
        if previous.is_some_and(|previous| previous.name == entry.name) {
            return Err(Error::entry(&entry.name, "name", entry.header_offset, Defect::Duplicate));
        }
        previous = Some(entry);
    }
    Ok(by_name.into_iter().map(|(position, _)| position).collect())
}

/// The ranges up to `limit` that no entry covers; an error where two entries cover the same byte.
fn gaps(entries: &[Entry], limit: u64) -> Result<Vec<Range<u64>>, Error> {
    let mut by_offset: Vec<&Entry> = entries.iter().collect();
    by_offset.sort_unstable_by_key(|entry| entry.header_offset);
    let mut gaps = Vec::new();
    let mut covered = 0;
    for entry in by_offset {
        if entry.header_offset < covered {
            let defect = Defect::Overlap(entry.header_offset);
            return Err(Error::entry(&entry.name, "local header offset", entry.header_offset, defect));
        }
        if entry.header_offset > covered {
            gaps.push(covered..entry.header_offset);
        }
        covered = entry.end;
    }
    if covered < limit {
        gaps.push(covered..limit);
    }
    Ok(gaps)
}

fn check_totals(entries: &[Entry], length: u64, limits: &Limits) -> Result<(), Error> {
    let total = entries.iter().fold(0_u64, |sum, entry| sum.saturating_add(entry.size));
    limit("unpacked length in bytes", total, limits.unpacked_bytes)?;
    let by_ratio = length.saturating_mul(limits.unpacked_ratio).max(limits.ratio_counts_from);
    limit("unpacked length in bytes for an archive this small", total, by_ratio)
}
