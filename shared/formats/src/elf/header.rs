//! The file header.

use crate::reader::{Reader, Truncated};
use crate::source::Source;

use super::Error;
use super::file::read;

const MAGIC: [u8; 4] = *b"\x7FELF";
const CURRENT_VERSION: u8 = 1;
/// `e_phnum` of a file with more program headers than that.
const EXTENDED_SEGMENTS: u16 = 0xFFFF;
/// From here on the numbers of sections mean something else.
const RESERVED_SECTIONS: u16 = 0xFF00;

/// Width of addresses and offsets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    Elf32,
    Elf64,
}

impl Class {
    pub(super) const fn bits(self) -> u8 {
        match self {
            Self::Elf32 => 32,
            Self::Elf64 => 64,
        }
    }

    /// Length of the file header.
    pub(super) const fn header_length(self) -> u16 {
        match self {
            Self::Elf32 => 52,
            Self::Elf64 => 64,
        }
    }

    /// Length of one program header.
    pub(super) const fn segment_length(self) -> u16 {
        match self {
            Self::Elf32 => 32,
            Self::Elf64 => 56,
        }
    }

    /// Length of one section header.
    pub(super) const fn section_length(self) -> u16 {
        match self {
            Self::Elf32 => 40,
            Self::Elf64 => 64,
        }
    }

    /// Bytes of an address or offset.
    pub(super) const fn word_length(self) -> u8 {
        self.bits() / 8
    }

    /// The next address or offset.
    pub(super) fn word(self, reader: &mut Reader<'_>, field: &'static str) -> Result<u64, Truncated> {
        match self {
            Self::Elf32 => reader.u32(field).map(u64::from),
            Self::Elf64 => reader.u64(field),
        }
    }

    /// Appends an address or offset; `None` where a 32-bit file has no room for it.
    pub(super) fn put_word(self, out: &mut Vec<u8>, value: u64) -> Option<()> {
        match self {
            Self::Elf32 => out.extend(u32::try_from(value).ok()?.to_le_bytes()),
            Self::Elf64 => out.extend(value.to_le_bytes()),
        }
        Some(())
    }

    /// Where `e_shoff` stands.
    const fn table_offset_field(self) -> usize {
        match self {
            Self::Elf32 => 32,
            Self::Elf64 => 40,
        }
    }

    /// Where `e_shnum` stands.
    const fn section_count_field(self) -> usize {
        match self {
            Self::Elf32 => 48,
            Self::Elf64 => 60,
        }
    }
}

/// What the file header says.
#[derive(Clone, Debug)]
pub(super) struct Header {
    pub(super) class: Class,
    /// The header as it stands in the file.
    pub(super) bytes: Vec<u8>,
    pub(super) kind: u16,
    pub(super) machine: u16,
    pub(super) entry: u64,
    pub(super) segments_offset: u64,
    pub(super) sections_offset: u64,
    pub(super) flags: u32,
    pub(super) segment_count: u16,
    pub(super) section_count: u16,
    /// Number of the section that holds the names of sections.
    pub(super) names_section: u16,
}

impl Header {
    pub(super) fn read(source: &dyn Source) -> Result<Self, Error> {
        let class = read_class(source)?;
        let bytes = read(source, 0, class.header_length().into(), "the file header")?;
        let mut reader = Reader::new(&bytes);
        reader.take(16, "e_ident")?;
        let kind = reader.u16("e_type")?;
        let machine = reader.u16("e_machine")?;
        reader.u32("e_version")?;
        let entry = class.word(&mut reader, "e_entry")?;
        let segments_offset = class.word(&mut reader, "e_phoff")?;
        let sections_offset = class.word(&mut reader, "e_shoff")?;
        let flags = reader.u32("e_flags")?;
        expect(&mut reader, "e_ehsize", Some(class.header_length()))?;
        let segment_length = reader;
        reader.u16("e_phentsize")?;
        let segment_count = reader.u16("e_phnum")?;
        let section_length = reader;
        reader.u16("e_shentsize")?;
        let section_count = reader.u16("e_shnum")?;
        let names_section = reader.u16("e_shstrndx")?;
        expect(&mut { segment_length }, "e_phentsize", (segment_count > 0).then(|| class.segment_length()))?;
        expect(&mut { section_length }, "e_shentsize", (section_count > 0).then(|| class.section_length()))?;
        let header = Self {
            class,
            kind,
            machine,
            entry,
            segments_offset,
            sections_offset,
            flags,
            segment_count,
            section_count,
            names_section,
            bytes,
        };
        header.check()?;
        Ok(header)
    }

    fn check(&self) -> Result<(), Error> {
        if !matches!(self.kind, 2 | 3) {
            return Err(Error::Kind(self.kind));
        }
        let extended = |field, offset: u8| Err(Error::ExtendedNumbering { field, offset: offset.into() });
        let (segments, sections, names) = match self.class {
            Class::Elf32 => (44, 48, 50),
            Class::Elf64 => (56, 60, 62),
        };
        if self.segment_count > 0 && self.segments_offset < self.class.header_length().into() {
            let offset = match self.class {
                Class::Elf32 => 28,
                Class::Elf64 => 32,
            };
            return invalid("e_phoff", offset, self.segments_offset, "program headers stand behind the file header");
        }
        if self.segment_count == EXTENDED_SEGMENTS {
            return extended("e_phnum", segments);
        }
        if self.section_count >= RESERVED_SECTIONS {
            return extended("e_shnum", sections);
        }
        if self.section_count > 0 && self.names_section >= RESERVED_SECTIONS {
            return extended("e_shstrndx", names);
        }
        Ok(())
    }

    /// The header with another place and length of the section header table; `None` where a 32-bit file has no room for it.
    pub(super) fn with_table(&self, offset: u64, count: u16) -> Option<Vec<u8>> {
        let mut word = Vec::new();
        self.class.put_word(&mut word, offset)?;
        let mut bytes = self.bytes.clone();
        replace(&mut bytes, self.class.table_offset_field(), &word)?;
        replace(&mut bytes, self.class.section_count_field(), &count.to_le_bytes())?;
        Some(bytes)
    }
}

fn read_class(source: &dyn Source) -> Result<Class, Error> {
    let length = source.len().min(16);
    let bytes = read(source, 0, length, "e_ident")?;
    let mut reader = Reader::new(&bytes);
    if reader.array("magic").ok() != Some(MAGIC) {
        return Err(Error::NotElf);
    }
    let class = match reader.u8("EI_CLASS")? {
        1 => Class::Elf32,
        2 => Class::Elf64,
        found => return invalid("EI_CLASS", 4, found.into(), "1 for 32 bits or 2 for 64"),
    };
    match reader.u8("EI_DATA")? {
        1 => {}
        2 => return Err(Error::BigEndian),
        found => return invalid("EI_DATA", 5, found.into(), "1 for little-endian"),
    }
    match reader.u8("EI_VERSION")? {
        CURRENT_VERSION => Ok(class),
        found => invalid("EI_VERSION", 6, found.into(), "the only version is 1"),
    }
}

/// Reads a length that is given by the class; `None` where nothing of that length is in the file.
fn expect(reader: &mut Reader<'_>, field: &'static str, expected: Option<u16>) -> Result<(), Error> {
    let offset = reader.offset();
    let found = reader.u16(field)?;
    if expected.is_some_and(|expected| expected != found) {
        return invalid(field, offset, found.into(), "the length does not belong to the class");
    }
    Ok(())
}

fn invalid<T>(field: &'static str, offset: u64, found: u64, rule: &'static str) -> Result<T, Error> {
    Err(Error::Invalid { field, offset, found, rule })
}

fn replace(bytes: &mut [u8], at: usize, with: &[u8]) -> Option<()> {
    bytes.get_mut(at..at.checked_add(with.len())?)?.copy_from_slice(with);
    Some(())
}
