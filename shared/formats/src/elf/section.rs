//! Section headers.

use std::ops::Range;

use crate::reader::Reader;

use super::Error;
use super::debug::Removal;
use super::header::Class;

/// One section header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Section {
    /// Offset of the name in the table of names.
    pub(super) name: u32,
    pub(super) kind: u32,
    pub(super) flags: u64,
    pub(super) address: u64,
    pub(super) offset: u64,
    pub(super) size: u64,
    pub(super) link: u32,
    pub(super) info: u32,
    pub(super) alignment: u64,
    pub(super) entry_size: u64,
}

impl Section {
    pub(super) const NULL: u32 = 0;
    pub(super) const SYMTAB: u32 = 2;
    pub(super) const STRTAB: u32 = 3;
    pub(super) const RELA: u32 = 4;
    pub(super) const NOTE: u32 = 7;
    pub(super) const NOBITS: u32 = 8;
    pub(super) const REL: u32 = 9;
    pub(super) const SYMTAB_SHNDX: u32 = 18;

    const ALLOC: u64 = 1 << 1;
    const INFO_LINK: u64 = 1 << 6;

    pub(super) fn read(reader: &mut Reader<'_>, class: Class) -> Result<Self, Error> {
        Ok(Self {
            name: reader.u32("sh_name")?,
            kind: reader.u32("sh_type")?,
            flags: class.word(reader, "sh_flags")?,
            address: class.word(reader, "sh_addr")?,
            offset: class.word(reader, "sh_offset")?,
            size: class.word(reader, "sh_size")?,
            link: reader.u32("sh_link")?,
            info: reader.u32("sh_info")?,
            alignment: class.word(reader, "sh_addralign")?,
            entry_size: class.word(reader, "sh_entsize")?,
        })
    }

    /// Appends the header; `None` where a 32-bit file has no room for a value.
    pub(super) fn write(&self, out: &mut Vec<u8>, class: Class) -> Option<()> {
        out.extend(self.name.to_le_bytes());
        out.extend(self.kind.to_le_bytes());
        for word in [self.flags, self.address, self.offset, self.size] {
            class.put_word(out, word)?;
        }
        out.extend(self.link.to_le_bytes());
        out.extend(self.info.to_le_bytes());
        class.put_word(out, self.alignment)?;
        class.put_word(out, self.entry_size)
    }

    /// Whether it is part of the program in memory.
    pub(super) const fn is_loaded(&self) -> bool {
        self.flags & Self::ALLOC != 0
    }

    /// Relocations whose `sh_info` is the number of the section that they apply to.
    pub(super) const fn is_relocation(&self) -> bool {
        matches!(self.kind, Self::REL | Self::RELA)
    }

    /// The numbers of the sections that it refers to; 0 for none.
    pub(super) const fn references(&self) -> [u32; 2] {
        let info = if self.is_relocation() || self.flags & Self::INFO_LINK != 0 { self.info } else { 0 };
        [self.link, info]
    }

    /// The header once others are removed. Static executables relocate themselves without symbols, and yet name their symbol
    /// table; nothing else that stays may refer to what goes.
    pub(super) fn without(&self, removal: &Removal) -> Self {
        let link = if self.is_relocation() && self.is_loaded() && removal.has(self.link) { 0 } else { self.link };
        Self { link, ..*self }
    }

    /// How many bytes of the file it takes.
    pub(super) const fn length(&self) -> u64 {
        if matches!(self.kind, Self::NULL | Self::NOBITS) { 0 } else { self.size }
    }

    /// The bytes of the file that it takes.
    pub(super) const fn range(&self) -> Range<u64> {
        self.offset..self.offset.saturating_add(self.length())
    }
}
