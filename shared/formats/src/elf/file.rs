//! The three tables of a file and the names of its sections.

use std::borrow::Cow;
use std::ops::Range;

use crate::limits::Limits;
use crate::reader::{Reader, widen};
use crate::source::Source;

use super::Error;
use super::header::Header;
use super::section::Section;
use super::segment::Segment;

/// Names of sections usually stand right before the section headers: read together, a deflated library is unpacked once.
const READ_BEFORE_TABLE: u64 = 64 << 10;
/// Longest part of a name that is shown.
const SHOWN_NAME: usize = 128;

/// What the headers of a file say; every range in it lies inside the file.
#[derive(Debug)]
pub(super) struct ElfFile {
    pub(super) header: Header,
    pub(super) segments: Vec<Segment>,
    /// In the order of their numbers; empty where the file has none.
    pub(super) sections: Vec<Section>,
    names: Vec<u8>,
    /// The program headers as they stand in the file.
    pub(super) segment_bytes: Vec<u8>,
    pub(super) length: u64,
}

impl ElfFile {
    pub(super) fn read(source: &dyn Source, limits: &Limits) -> Result<Self, Error> {
        let header = Header::read(source)?;
        let length = u64::from(header.segment_count).saturating_mul(header.class.segment_length().into());
        let segment_bytes = read(source, header.segments_offset, length, "the program header table")?;
        let mut reader = Reader::at(&segment_bytes, header.segments_offset);
        let mut segments = Vec::new();
        for _ in 0..header.segment_count {
            segments.push(Segment::read(&mut reader, header.class)?);
        }
        let (sections, names) = read_sections(source, &header, limits)?;
        let file = Self { header, segments, sections, names, segment_bytes, length: source.len() };
        file.check_ranges()?;
        Ok(file)
    }

    fn check_ranges(&self) -> Result<(), Error> {
        for (number, segment) in self.segments.iter().enumerate() {
            self.check_range(segment.offset, segment.length(), || format!("segment {number}"))?;
        }
        for (number, section) in self.sections.iter().enumerate() {
            self.check_range(section.offset, section.length(), || self.describe(number))?;
        }
        Ok(())
    }

    fn check_range(&self, offset: u64, length: u64, what: impl FnOnce() -> String) -> Result<(), Error> {
        if length == 0 || offset.checked_add(length).is_some_and(|end| end <= self.length) {
            return Ok(());
        }
        Err(Error::Outside { what: what(), offset, length, available: self.length })
    }

    /// The name of a section, as far as it has one.
    pub(super) fn name(&self, section: &Section) -> &[u8] {
        let start = usize::try_from(section.name).unwrap_or(usize::MAX);
        let rest = self.names.get(start..).unwrap_or_default();
        // Many sections may share one endless name.
        let rest = rest.get(..SHOWN_NAME).unwrap_or(rest);
        rest.split(|byte| *byte == 0).next().unwrap_or_default()
    }

    /// The name of a section for people.
    pub(super) fn shown_name(&self, section: &Section) -> String {
        let name: Cow<'_, str> = String::from_utf8_lossy(self.name(section));
        name.escape_debug().to_string()
    }

    /// A section for people: number and name.
    pub(super) fn describe(&self, number: usize) -> String {
        let name = self.sections.get(number).map(|section| self.shown_name(section)).unwrap_or_default();
        format!("section {number} ({name})")
    }

    /// Where the section headers stand.
    pub(super) fn table(&self) -> Range<u64> {
        let length = widen(self.sections.len()).saturating_mul(self.header.class.section_length().into());
        self.header.sections_offset..self.header.sections_offset.saturating_add(length)
    }

    /// What must keep its place: the file header, the program headers, and what these cover.
    pub(super) fn fixed(&self) -> impl Iterator<Item = Range<u64>> {
        let header = 0..u64::from(self.header.class.header_length());
        let start = self.header.segments_offset;
        let table = start..start.saturating_add(widen(self.segment_bytes.len()));
        [header, table].into_iter().chain(self.segments.iter().map(Segment::range)).filter(|range| !range.is_empty())
    }
}

/// The section headers and the bytes of the section of names.
fn read_sections(source: &dyn Source, header: &Header, limits: &Limits) -> Result<(Vec<Section>, Vec<u8>), Error> {
    let entry = u64::from(header.class.section_length());
    if header.sections_offset == 0 {
        return Ok((Vec::new(), Vec::new()));
    }
    if header.section_count == 0 {
        return check_unnumbered(source, header).map(|()| (Vec::new(), Vec::new()));
    }
    let length = u64::from(header.section_count).saturating_mul(entry);
    let end = header.sections_offset.saturating_add(length);
    if end > source.len() {
        let (what, available) = ("the section header table".to_owned(), source.len());
        return Err(Error::Outside { what, offset: header.sections_offset, length, available });
    }
    let start = header.sections_offset.saturating_sub(READ_BEFORE_TABLE);
    let window = read(source, start, end.saturating_sub(start), "the section header table")?;
    let mut reader = Reader::at(&window, start);
    reader.take(usize::try_from(header.sections_offset.saturating_sub(start)).unwrap_or_default(), "e_shoff")?;
    let mut sections = Vec::new();
    for _ in 0..header.section_count {
        sections.push(Section::read(&mut reader, header.class)?);
    }
    let names = read_names(source, header, &sections, Reader::at(&window, start), limits)?;
    Ok((sections, names))
}

/// A count of zero means that there are no sections, or that their number stands in the header of the first.
fn check_unnumbered(source: &dyn Source, header: &Header) -> Result<(), Error> {
    let length = u64::from(header.class.section_length());
    let Ok(bytes) = read(source, header.sections_offset, length, "the first section header") else { return Ok(()) };
    let first = Section::read(&mut Reader::at(&bytes, header.sections_offset), header.class)?;
    if first.kind == Section::NULL && first.size > 0 {
        let field = "sh_size of the first section";
        return Err(Error::ExtendedNumbering { field, offset: header.sections_offset });
    }
    Ok(())
}

fn read_names(
    source: &dyn Source,
    header: &Header,
    sections: &[Section],
    mut window: Reader<'_>,
    limits: &Limits,
) -> Result<Vec<u8>, Error> {
    let found = u64::from(header.names_section);
    if found == 0 {
        return Ok(Vec::new());
    }
    let Some(names) = sections.get(usize::from(header.names_section)).filter(|names| names.kind == Section::STRTAB)
    else {
        let (field, rule) = ("e_shstrndx", "there is no string table of that number");
        let offset = u64::from(header.class.header_length()).saturating_sub(2);
        return Err(Error::Invalid { field, offset, found, rule });
    };
    if names.size > limits.document_bytes {
        let what = "length of the names of sections in bytes";
        return Err(Error::Limit { what, found: names.size, limit: limits.document_bytes });
    }
    let Some(skipped) = names.offset.checked_sub(window.offset()).and_then(|skipped| usize::try_from(skipped).ok())
    else {
        return read(source, names.offset, names.size, "the names of sections");
    };
    let length = usize::try_from(names.size).unwrap_or(usize::MAX);
    match window.take(skipped, "names").and_then(|_| window.take(length, "names")) {
        Ok(bytes) => Ok(bytes.to_vec()),
        Err(_) => read(source, names.offset, names.size, "the names of sections"),
    }
}

/// The `length` bytes at `offset`; the caller has checked that they may be held in memory.
pub(super) fn read(source: &dyn Source, offset: u64, length: u64, what: &str) -> Result<Vec<u8>, Error> {
    let available = source.len();
    let end = offset.checked_add(length).filter(|end| *end <= available || length == 0);
    let (Some(_), Ok(count)) = (end, usize::try_from(length)) else {
        return Err(Error::Outside { what: what.to_owned(), offset, length, available });
    };
    let mut bytes = vec![0; count];
    if count > 0 {
        source.read_at(offset, &mut bytes)?;
    }
    Ok(bytes)
}
