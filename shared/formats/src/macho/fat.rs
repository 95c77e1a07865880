//! Fat files: several slices, one for each kind of processor, behind a table that says where.

use std::ops::Range;

use crate::reader::{Reader, Truncated, widen};
use crate::source::Source;

use super::Error;
use super::error::at_most;
use super::header::Cpu;

/// Magic numbers of thin files, as their bytes stand in the file.
pub(super) const THIN_32: [u8; 4] = [0xCE, 0xFA, 0xED, 0xFE];
pub(super) const THIN_64: [u8; 4] = [0xCF, 0xFA, 0xED, 0xFE];
/// The same of files with the highest byte first.
pub(super) const BIG_32: [u8; 4] = [0xFE, 0xED, 0xFA, 0xCE];
pub(super) const BIG_64: [u8; 4] = [0xFE, 0xED, 0xFA, 0xCF];
/// The table of slices is big-endian everywhere.
const FAT_32: [u8; 4] = [0xCA, 0xFE, 0xBA, 0xBE];
const FAT_64: [u8; 4] = [0xCA, 0xFE, 0xBA, 0xBF];
/// Magic and number of slices.
const FAT_HEADER: u64 = 8;
/// More slices than processors that ever ran iOS. A Java class file has the same magic as a fat file, and behind it a version of
/// 45 or more.
const MOST_SLICES: u32 = 16;
/// `MAXSECTALIGN` of lipo, as a power of two.
const MOST_ALIGNMENT: u32 = 15;
const ARCHIVE: [u8; 8] = *b"!<arch>\n";

/// Whether a file whose first bytes these are (8 suffice) is a Mach-O file, thin or fat, readable or not.
pub fn is_macho(head: &[u8]) -> bool {
    let mut reader = Reader::new(head);
    match reader.array("magic") {
        Ok(THIN_32 | THIN_64 | BIG_32 | BIG_64) => true,
        Ok(FAT_32 | FAT_64) => big_u32(&mut reader, "nfat_arch").is_ok_and(|count| (1..=MOST_SLICES).contains(&count)),
        _ => false,
    }
}

/// The table of slices of a fat file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FatTable {
    /// Whether offsets and lengths have 64 bits.
    pub(super) wide: bool,
    /// In the order of their offsets.
    pub(super) entries: Vec<FatEntry>,
}

/// What the table says of one slice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FatEntry {
    pub(super) cpu: Cpu,
    /// Where it stands in the file.
    pub(super) range: Range<u64>,
    /// Its alignment as a power of two.
    pub(super) alignment: u32,
}

impl FatTable {
    /// The table at the beginning of a file; `None` where the file does not begin as a fat one.
    pub(super) fn read(source: &dyn Source) -> Result<Option<Self>, Error> {
        if source.len() < FAT_HEADER {
            return Ok(None);
        }
        let mut head = [0; 8];
        source.read_at(0, &mut head)?;
        let mut reader = Reader::new(&head);
        let wide = match reader.array("magic")? {
            FAT_32 => false,
            FAT_64 => true,
            _ => return Ok(None),
        };
        let count = big_u32(&mut reader, "nfat_arch")?;
        if count == 0 {
            return Err(Error::Missing("slice"));
        }
        at_most("number of slices", count.into(), MOST_SLICES.into())?;
        let end = header_length(wide, count);
        let table = read(source, FAT_HEADER, end.saturating_sub(FAT_HEADER), "the table of slices")?;
        let mut reader = Reader::at(&table, FAT_HEADER);
        let mut entries = Vec::new();
        for _ in 0..count {
            entries.push(FatEntry::read(&mut reader, wide)?);
        }
        entries.sort_by_key(|entry| entry.range.start);
        let table = Self { wide, entries };
        table.check(end, source.len())?;
        Ok(Some(table))
    }

    fn check(&self, header_end: u64, length: u64) -> Result<(), Error> {
        let mut end = header_end;
        for (number, entry) in self.entries.iter().enumerate() {
            let (what, range) = (format!("slice {number}"), entry.range.clone());
            if range.start < end {
                let other = if number == 0 { "the table of slices" } else { "the slice in front of it" };
                return Err(Error::Overlap { what, other: other.to_owned(), offset: range.start });
            }
            if range.end > length {
                let length_of = range.end.saturating_sub(range.start);
                return Err(outside(what, range.start, length_of, "the file", length));
            }
            end = range.end;
            let earlier = self.entries.get(..number).unwrap_or_default();
            if earlier.iter().any(|other| other.cpu.is_same(entry.cpu)) {
                let rule = "there is a slice for that processor already";
                return Error::invalid("cputype", range.start, entry.cpu.kind.into(), rule);
            }
        }
        Ok(())
    }

    /// The table with other places, one for each slice; `None` where 32-bit fields have no room for them.
    pub(super) fn write(&self, ranges: &[Range<u64>]) -> Option<Vec<u8>> {
        let mut out = if self.wide { FAT_64 } else { FAT_32 }.to_vec();
        out.extend(u32::try_from(self.entries.len()).ok()?.to_be_bytes());
        for (entry, range) in self.entries.iter().zip(ranges) {
            let length = range.end.checked_sub(range.start)?;
            out.extend(entry.cpu.kind.to_be_bytes());
            out.extend(entry.cpu.subtype.to_be_bytes());
            if self.wide {
                out.extend(range.start.to_be_bytes());
                out.extend(length.to_be_bytes());
            } else {
                out.extend(u32::try_from(range.start).ok()?.to_be_bytes());
                out.extend(u32::try_from(length).ok()?.to_be_bytes());
            }
            out.extend(entry.alignment.to_be_bytes());
            if self.wide {
                out.extend([0; 4]);
            }
        }
        Some(out)
    }

    /// Length of the table with what precedes it, bytes.
    pub(super) fn length(&self) -> u64 {
        header_length(self.wide, u32::try_from(self.entries.len()).unwrap_or(u32::MAX))
    }
}

impl FatEntry {
    fn read(reader: &mut Reader<'_>, wide: bool) -> Result<Self, Error> {
        let place = reader.offset();
        let cpu = Cpu { kind: big_u32(reader, "cputype")?, subtype: big_u32(reader, "cpusubtype")? };
        let mut word = |field| if wide { big_u64(reader, field) } else { big_u32(reader, field).map(u64::from) };
        let (start, length) = (word("offset")?, word("size")?);
        let alignment = big_u32(reader, "align")?;
        if wide {
            big_u32(reader, "reserved")?;
        }
        if alignment > MOST_ALIGNMENT {
            return Error::invalid("align", place, alignment.into(), "slices are aligned to at most 32 KiB");
        }
        let unit = 1_u64.checked_shl(alignment).unwrap_or(1);
        if !start.is_multiple_of(unit) {
            return Error::invalid("offset", place, start, "the slice is not aligned as the table says");
        }
        let Some(end) = start.checked_add(length) else {
            return Err(outside("the slice".to_owned(), start, length, "the file", u64::MAX));
        };
        Ok(Self { cpu, range: start..end, alignment })
    }
}

fn header_length(wide: bool, count: u32) -> u64 {
    let entry: u64 = if wide { 32 } else { 20 };
    entry.saturating_mul(count.into()).saturating_add(FAT_HEADER)
}

/// Whether what begins so is a static library.
pub(super) fn is_archive(head: &[u8]) -> bool {
    head.starts_with(&ARCHIVE)
}

fn big_u32(reader: &mut Reader<'_>, field: &'static str) -> Result<u32, Truncated> {
    reader.array(field).map(u32::from_be_bytes)
}

fn big_u64(reader: &mut Reader<'_>, field: &'static str) -> Result<u64, Truncated> {
    reader.array(field).map(u64::from_be_bytes)
}

pub(super) fn outside(what: String, offset: u64, length: u64, container: &'static str, end: u64) -> Error {
    Error::Outside { what, offset, length, container, end }
}

/// The `length` bytes at `offset`; the caller has checked that they may be held in memory.
pub(super) fn read(source: &dyn Source, offset: u64, length: u64, what: &str) -> Result<Vec<u8>, Error> {
    let available = source.len();
    let end = offset.checked_add(length).filter(|end| *end <= available);
    let (Some(_), Ok(count)) = (end, usize::try_from(length)) else {
        return Err(outside(what.to_owned(), offset, length, "the file", available));
    };
    let mut bytes = vec![0; count];
    if !bytes.is_empty() {
        source.read_at(offset, &mut bytes)?;
    }
    debug_assert_eq!(widen(bytes.len()), length);
    Ok(bytes)
}
