//! Segments, which dyld maps, and the sections in them.

use std::ops::Range;

use crate::reader::{Reader, widen};

use super::Error;
use super::command::Command;
use super::error::at_most;
use super::fat::outside;
use super::header::Width;

/// Sections of one segment; the format counts the sections of a slice in eight bits.
const MOST_SECTIONS: u32 = 255;

/// One segment command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    /// Where the command starts in the slice.
    pub(super) command: u64,
    /// The name, padded with zeros.
    pub(super) name: [u8; 16],
    /// Where it is mapped.
    pub(super) address: u64,
    /// Bytes in memory.
    pub(super) memory_size: u64,
    /// Where it stands in the slice.
    pub(super) file: Range<u64>,
    pub(super) sections: Vec<Section>,
}

/// One section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Section {
    pub(super) name: [u8; 16],
    /// Where it stands in the slice; empty where it has no bytes there.
    pub(super) file: Range<u64>,
    /// How many relocations it has; linked binaries have none.
    relocations: u32,
}

impl Segment {
    /// The segment that code is mapped from.
    pub(super) const TEXT: [u8; 16] = *b"__TEXT\0\0\0\0\0\0\0\0\0\0";
    /// Debug information that was linked in; Go's linker does that.
    pub(super) const DWARF: [u8; 16] = *b"__DWARF\0\0\0\0\0\0\0\0\0";
    /// The segment with everything that dyld and codesign read, the last one.
    pub(super) const LINKEDIT: [u8; 16] = *b"__LINKEDIT\0\0\0\0\0\0";

    pub(super) fn read(command: &Command<'_>, width: Width) -> Result<Self, Error> {
        let mut fields = command.fields();
        let name = fields.array("segname")?;
        let address = width.word(&mut fields, "vmaddr")?;
        let memory_size = width.word(&mut fields, "vmsize")?;
        let offset = width.word(&mut fields, "fileoff")?;
        let length = width.word(&mut fields, "filesize")?;
        fields.u32("maxprot")?;
        fields.u32("initprot")?;
        let count = fields.u32("nsects")?;
        fields.u32("flags")?;
        at_most("number of sections in a segment", count.into(), MOST_SECTIONS.into())?;
        let Some(end) = offset.checked_add(length) else {
            return Err(outside(format!("segment {}", shown(name)), offset, length, "the slice", u64::MAX));
        };
        let mut sections = Vec::new();
        for _ in 0..count {
            sections.push(Section::read(&mut fields, width)?);
        }
        if !fields.is_empty() {
            return Error::invalid("nsects", command.offset, count.into(), "the sections fill the segment command");
        }
        Ok(Self { command: command.offset, name, address, memory_size, file: offset..end, sections })
    }

    /// The name for people.
    pub(super) fn shown_name(&self) -> String {
        shown(self.name)
    }

    /// Where `vmsize` stands in the slice.
    pub(super) fn memory_size_field(&self, width: Width) -> u64 {
        self.command.saturating_add(if width == Width::Bits64 { 32 } else { 28 })
    }

    /// Where `filesize` stands in the slice.
    pub(super) fn file_size_field(&self, width: Width) -> u64 {
        self.command.saturating_add(if width == Width::Bits64 { 48 } else { 36 })
    }

    /// Where `size` of a section stands in the slice, by the number of the section.
    pub(super) fn section_size_field(&self, number: usize, width: Width) -> u64 {
        let (start, step) = if width == Width::Bits64 { (112, 80) } else { (92, 68) };
        self.command.saturating_add(widen(number).saturating_mul(step)).saturating_add(start)
    }

    pub(super) fn has_relocations(&self) -> bool {
        self.sections.iter().any(|section| section.relocations > 0)
    }

    /// Whether the segment and its sections lie inside a slice of that length.
    pub(super) fn check(&self, length: u64) -> Result<(), Error> {
        if self.file.end > length {
            let (what, of) = (format!("segment {}", self.shown_name()), length_of(&self.file));
            return Err(outside(what, self.file.start, of, "the slice", length));
        }
        let outer = &self.file;
        let astray = |section: &&Section| section.file.start < outer.start || section.file.end > outer.end;
        match self.sections.iter().filter(|section| !section.file.is_empty()).find(astray) {
            Some(section) => {
                let what = format!("section {} of segment {}", shown(section.name), self.shown_name());
                let of = length_of(&section.file);
                Err(outside(what, section.file.start, of, "the segment", outer.end))
            }
            None => Ok(()),
        }
    }
}

impl Section {
    /// The low byte of the flags.
    const KIND: u32 = 0xFF;
    const ZEROFILL: u32 = 0x1;
    const GB_ZEROFILL: u32 = 0xC;
    const THREAD_LOCAL_ZEROFILL: u32 = 0x12;

    fn read(fields: &mut Reader<'_>, width: Width) -> Result<Self, Error> {
        let name = fields.array("sectname")?;
        fields.take(16, "segname")?;
        width.word(fields, "addr")?;
        let length = width.word(fields, "size")?;
        let offset = fields.u32("offset")?;
        fields.u32("align")?;
        fields.u32("reloff")?;
        let relocations = fields.u32("nreloc")?;
        let flags = fields.u32("flags")?;
        fields.u32("reserved1")?;
        fields.u32("reserved2")?;
        if width == Width::Bits64 {
            fields.u32("reserved3")?;
        }
        let empty = matches!(flags & Self::KIND, Self::ZEROFILL | Self::GB_ZEROFILL | Self::THREAD_LOCAL_ZEROFILL);
        let start = u64::from(offset);
        let Some(end) = start.checked_add(if empty { 0 } else { length }) else {
            return Err(outside(format!("section {}", shown(name)), start, length, "the slice", u64::MAX));
        };
        Ok(Self { name, file: start..end, relocations })
    }
}

pub(super) fn length_of(range: &Range<u64>) -> u64 {
    range.end.saturating_sub(range.start)
}

fn shown(name: [u8; 16]) -> String {
    let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(name).escape_debug().to_string()
}
