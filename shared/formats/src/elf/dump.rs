//! Files as text, one line for each header.

use std::fmt::Write;

use crate::limits::Limits;
use crate::source::Source;

use super::Error;
use super::file::ElfFile;

/// Describes the headers of a library: for people, and for tests that compare before and after.
///
/// # Errors
/// What cannot be read.
pub fn dump(source: &dyn Source, limits: &Limits) -> Result<String, Error> {
    let file = ElfFile::read(source, limits)?;
    let header = &file.header;
    let mut text = format!(
        "ELF{} type {} machine {} entry {:#x} flags {:#x}, {} bytes, section headers at {:#x}\n",
        header.class.bits(),
        header.kind,
        header.machine,
        header.entry,
        header.flags,
        file.length,
        header.sections_offset,
    );
    let mut line = |arguments: std::fmt::Arguments<'_>| text.write_fmt(arguments).unwrap_or_default();
    for segment in &file.segments {
        line(format_args!(
            "segment {:#x} flags {:#x} offset {:#x} address {:#x} size {:#x} in memory {:#x} align {:#x}\n",
            segment.kind,
            segment.flags,
            segment.offset,
            segment.address,
            segment.file_size,
            segment.memory_size,
            segment.alignment,
        ));
    }
    for (number, section) in file.sections.iter().enumerate() {
        line(format_args!(
            "section {number} {:?} type {:#x} flags {:#x} address {:#x} offset {:#x} size {:#x} link {} info {} align {}\n",
            file.shown_name(section),
            section.kind,
            section.flags,
            section.address,
            section.offset,
            section.size,
            section.link,
            section.info,
            section.alignment,
        ));
    }
    Ok(text)
}
