//! Program headers: what a dynamic linker maps, and what therefore stays where it is.

use std::ops::Range;

use crate::reader::Reader;

use super::Error;
use super::header::Class;

/// One program header.
#[derive(Clone, Copy, Debug)]
pub(super) struct Segment {
    pub(super) kind: u32,
    pub(super) flags: u32,
    pub(super) offset: u64,
    pub(super) address: u64,
    pub(super) file_size: u64,
    pub(super) memory_size: u64,
    pub(super) alignment: u64,
}

impl Segment {
    const UNUSED: u32 = 0;
    const STACK: u32 = 0x6474_E551;
    const READ_ONLY_AFTER_RELOCATION: u32 = 0x6474_E552;

    pub(super) fn read(reader: &mut Reader<'_>, class: Class) -> Result<Self, Error> {
        let kind = reader.u32("p_type")?;
        // The wider class has the flags here, so that the eight-byte fields are aligned.
        let early_flags = if class == Class::Elf64 { Some(reader.u32("p_flags")?) } else { None };
        let offset = class.word(reader, "p_offset")?;
        let address = class.word(reader, "p_vaddr")?;
        class.word(reader, "p_paddr")?;
        let file_size = class.word(reader, "p_filesz")?;
        let memory_size = class.word(reader, "p_memsz")?;
        let flags = match early_flags {
            Some(flags) => flags,
            None => reader.u32("p_flags")?,
        };
        let alignment = class.word(reader, "p_align")?;
        Ok(Self { kind, flags, offset, address, file_size, memory_size, alignment })
    }

    /// How many bytes of the file it covers. Two kinds are about memory only, and some linkers give them a length in the file
    /// that reaches into what follows (lld counts its padding after relocated data).
    pub(super) const fn length(&self) -> u64 {
        match self.kind {
            Self::UNUSED | Self::STACK | Self::READ_ONLY_AFTER_RELOCATION => 0,
            _ => self.file_size,
        }
    }

    /// The bytes of the file that it covers.
    pub(super) const fn range(&self) -> Range<u64> {
        self.offset..self.offset.saturating_add(self.length())
    }
}
