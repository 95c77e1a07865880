//! Reading a file: header and map, then each item once.

use super::error::{Error, invalid};
use super::header::{Head, Span};
use super::map::{self, Entry, Kind};
use super::survey::Survey;
use super::tables::Tables;
use super::{Dex, Section, links};
use crate::limits::Limits;
use crate::reader::{Reader, widen};

impl<'a> Dex<'a> {
    /// Reads a whole file and checks its structure.
    ///
    /// # Errors
    /// The first defect, with field and offset.
    pub fn parse(bytes: &'a [u8], limits: &Limits) -> Result<Self, Error> {
        let length = widen(bytes.len());
        if length > limits.dex_bytes {
            return Err(Error::TooLarge { length, limit: limits.dex_bytes });
        }
        let head = Head::read(bytes)?;
        let entries = map::read(bytes, &head)?;
        let items = entries.iter().map(|entry| u64::from(entry.count)).fold(0, u64::saturating_add);
        if items > limits.dex_items {
            return Err(Error::TooManyItems { items, limit: limits.dex_items });
        }
        let mut parts = parts(bytes, &entries);
        let mut tables = Tables::default();
        for (entry, reader) in &mut parts {
            if let Some(length) = tables.take(entry.kind, entry.count, *reader)? {
                reader.take(length, entry.kind.name())?;
            }
        }
        let mut survey = Survey::new(tables, limits.depth);
        survey.tables(|kind| {
            u64::from(entries.iter().find(|entry| entry.kind == kind).map_or(0, |entry| entry.offset))
        })?;
        let mut sections = Vec::with_capacity(parts.len());
        let last = entries.last().map(|entry| entry.kind);
        for (entry, reader) in parts {
            let section = section(entry, reader, last == Some(entry.kind), &mut survey)?;
            within_data(&section, head.data, length)?;
            sections.push(section);
        }
        let dex = Self { bytes, head, tables, sections, survey };
        links::check(&dex)?;
        Ok(dex)
    }
}

/// The bytes of each section: up to the start of the next one.
fn parts<'a>(bytes: &'a [u8], entries: &[Entry]) -> Vec<(Entry, Reader<'a>)> {
    let ends = entries.iter().skip(1).map(|next| next.offset).chain([u32::MAX]);
    let part = |entry: &Entry, end: u32| {
        let start = usize::try_from(entry.offset).unwrap_or(usize::MAX);
        let end = usize::try_from(end).unwrap_or(usize::MAX).min(bytes.len());
        (*entry, Reader::at(bytes.get(start..end).unwrap_or_default(), u64::from(entry.offset)))
    };
    entries.iter().zip(ends).map(|(entry, end)| part(entry, end)).collect()
}

/// Reads all items of a section.
fn section<'a>(entry: Entry, mut reader: Reader<'a>, last: bool, survey: &mut Survey<'a>) -> Result<Section, Error> {
    let Entry { kind, count, offset } = entry;
    let mut starts = Vec::new();
    if kind == Kind::Header {
        reader.take(0x70, "header")?;
    } else if kind.is_data() {
        // No item is shorter than one byte.
        starts.reserve_exact(usize::try_from(count).unwrap_or(usize::MAX).min(reader.remaining()));
        for _ in 0..count {
            align(&mut reader, kind)?;
            starts.push(place(&reader));
            survey.item(kind, &mut reader)?;
        }
    }
    let end = place(&reader);
    // What stands behind the last item belongs to nobody and is kept.
    if !last {
        padding(&mut reader, usize::MAX)?;
    }
    Ok(Section { kind, count, offset, end, starts })
}

/// The platform wants all items that are no tables in the part of the file that the header calls data.
fn within_data(section: &Section, data: Span, length: u64) -> Result<(), Error> {
    let end = u64::from(data.offset).saturating_add(u64::from(data.count));
    if end > length {
        return Err(invalid("data size", 104, data.count, "data must end within the file"));
    }
    if !section.kind.is_data() || (section.offset >= data.offset && u64::from(section.end) <= end) {
        return Ok(());
    }
    let rule = "the data that the header tells of must have it";
    Err(invalid(section.kind.name(), u64::from(section.offset), section.offset, rule))
}

fn align(reader: &mut Reader<'_>, kind: Kind) -> Result<(), Error> {
    let place = usize::try_from(reader.offset()).unwrap_or(usize::MAX);
    let length = place.checked_next_multiple_of(kind.alignment()).unwrap_or(place).saturating_sub(place);
    padding(reader, length)
}

/// At most `length` bytes that must be zero, as the platform demands.
fn padding(reader: &mut Reader<'_>, length: usize) -> Result<(), Error> {
    let offset = reader.offset();
    let bytes = reader.take(length.min(reader.remaining()), "padding")?;
    match bytes.iter().find(|byte| **byte != 0) {
        None => Ok(()),
        Some(byte) => Err(invalid("padding around items", offset, *byte, "bytes between items must be zero")),
    }
}

/// Where a reader stands; the file is shorter than four gigabytes, as its header says its length.
fn place(reader: &Reader<'_>) -> u32 {
    u32::try_from(reader.offset()).unwrap_or(u32::MAX)
}
