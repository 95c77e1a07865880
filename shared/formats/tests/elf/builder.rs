//! Builds small libraries field by field, so that a test can break exactly one of them; and applies what `strip` says.

use formats::elf::{Error, Stripped, same_image, strip};
use formats::limits::Limits;
use formats::piece::copy_pieces;
use formats::source::Source;

pub(crate) const PROGBITS: u32 = 1;
pub(crate) const SYMTAB: u32 = 2;
pub(crate) const STRTAB: u32 = 3;
pub(crate) const RELA: u32 = 4;
pub(crate) const NOTE: u32 = 7;
pub(crate) const NOBITS: u32 = 8;
pub(crate) const DYNSYM: u32 = 11;
pub(crate) const LOADED: u64 = 2;

pub(crate) const LOAD: u32 = 1;
pub(crate) const RELRO: u32 = 0x6474_E552;

/// A section to be built.
#[derive(Clone)]
pub(crate) struct Section {
    pub(crate) name: &'static str,
    pub(crate) kind: u32,
    pub(crate) flags: u64,
    pub(crate) content: Vec<u8>,
    pub(crate) alignment: u64,
    pub(crate) link: u32,
    pub(crate) info: u32,
}

pub(crate) fn section(name: &'static str, kind: u32, content: &[u8]) -> Section {
    Section { name, kind, flags: 0, content: content.to_vec(), alignment: 1, link: 0, info: 0 }
}

pub(crate) fn loaded(name: &'static str, kind: u32, content: &[u8]) -> Section {
    Section { flags: LOADED, alignment: 8, ..section(name, kind, content) }
}

/// A library and where its headers and contents stand.
#[derive(Clone)]
pub(crate) struct Built {
    pub(crate) bytes: Vec<u8>,
    pub(crate) wide: bool,
    /// Offset of each program header.
    pub(crate) segments: Vec<usize>,
    /// Offset of each section header; the first is the empty one.
    pub(crate) headers: Vec<usize>,
    /// Offset of each section's content.
    pub(crate) contents: Vec<usize>,
}

/// A library with one segment over everything loaded, and the names of sections last.
pub(crate) fn build(wide: bool, sections: &[Section]) -> Built {
    build_with(wide, sections, &[])
}

/// The same with more program headers: kind, offset, length.
pub(crate) fn build_with(wide: bool, sections: &[Section], more_segments: &[(u32, u64, u64)]) -> Built {
    let word = |value: u64| if wide { value.to_le_bytes().to_vec() } else { (value as u32).to_le_bytes().to_vec() };
    let (header_length, segment_length, section_length) = if wide { (64, 56, 64) } else { (52, 32, 40) };
    let mut all = vec![section("", 0, b"")];
    all.extend_from_slice(sections);
    let mut names = Vec::new();
    let mut name_offsets = Vec::new();
    for name in all.iter().map(|section| section.name).chain([".shstrtab"]) {
        name_offsets.push(names.len() as u32);
        names.extend(name.as_bytes());
        names.push(0);
    }
    all.push(section(".shstrtab", STRTAB, &names));

    let count = 1 + more_segments.len();
    let mut bytes = vec![0; header_length + segment_length * count];
    let mut contents = Vec::new();
    let mut loaded_end = bytes.len();
    for section in &all {
        bytes.resize(bytes.len().next_multiple_of(section.alignment as usize), 0);
        contents.push(bytes.len());
        if section.kind != NOBITS {
            bytes.extend(&section.content);
        }
        if section.flags & LOADED != 0 {
            loaded_end = bytes.len();
        }
    }
    bytes.resize(bytes.len().next_multiple_of(8), 0);
    let table = bytes.len();
    let mut headers = Vec::new();
    for (number, section) in all.iter().enumerate() {
        headers.push(bytes.len());
        let empty = number == 0;
        let address = if section.flags & LOADED != 0 { contents[number] as u64 } else { 0 };
        bytes.extend(name_offsets[number].to_le_bytes());
        bytes.extend(section.kind.to_le_bytes());
        bytes.extend(word(section.flags));
        bytes.extend(word(address));
        bytes.extend(word(if empty { 0 } else { contents[number] as u64 }));
        bytes.extend(word(section.content.len() as u64));
        bytes.extend(section.link.to_le_bytes());
        bytes.extend(section.info.to_le_bytes());
        bytes.extend(word(if empty { 0 } else { section.alignment }));
        bytes.extend(word(0));
    }

    let mut header = b"\x7FELF".to_vec();
    header.extend([if wide { 2 } else { 1 }, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    header.extend(3_u16.to_le_bytes());
    header.extend(if wide { 183_u16 } else { 40 }.to_le_bytes());
    header.extend(1_u32.to_le_bytes());
    header.extend(word(0));
    header.extend(word(header_length as u64));
    header.extend(word(table as u64));
    header.extend(0_u32.to_le_bytes());
    for value in [header_length, segment_length, count, section_length, all.len(), all.len() - 1] {
        header.extend((value as u16).to_le_bytes());
    }
    let mut segments = Vec::new();
    for (kind, offset, length) in [(LOAD, 0, loaded_end as u64)].iter().chain(more_segments) {
        segments.push(header.len());
        header.extend(kind.to_le_bytes());
        if wide {
            header.extend(5_u32.to_le_bytes());
        }
        for value in [*offset, *offset, *offset, *length, *length] {
            header.extend(word(value));
        }
        if !wide {
            header.extend(5_u32.to_le_bytes());
        }
        header.extend(word(0x4000));
    }
    bytes[..header.len()].copy_from_slice(&header);
    assert_eq!(header.len(), header_length + segment_length * count);
    Built { bytes, wide, segments, headers, contents }
}

impl Built {
    /// Overwrites the bytes at `offset`.
    pub(crate) fn patch(mut self, offset: usize, bytes: &[u8]) -> Self {
        self.bytes[offset..offset + bytes.len()].copy_from_slice(bytes);
        self
    }

    /// Overwrites a word of a section header: `field` counts the words from the flags on, in the order of the 32-bit header.
    pub(crate) fn patch_section(self, number: usize, field: Field, value: u64) -> Self {
        let offset = match (field, self.wide) {
            (Field::Offset, false) => 16,
            (Field::Offset, true) => 24,
            (Field::Size, false) => 20,
            (Field::Size, true) => 32,
            (Field::Link, false) => 24,
            (Field::Link, true) => 40,
        };
        let short = !self.wide || matches!(field, Field::Link);
        let at = self.headers[number] + offset;
        if short { self.patch(at, &(value as u32).to_le_bytes()) } else { self.patch(at, &value.to_le_bytes()) }
    }
}

#[derive(Clone, Copy)]
pub(crate) enum Field {
    Offset,
    Size,
    Link,
}

/// What an Android linker writes, in little: loaded sections, a comment, debug information, symbols.
pub(crate) fn library(wide: bool) -> Built {
    build(wide, &sections())
}

pub(crate) fn sections() -> Vec<Section> {
    let debug = section(".debug_info", PROGBITS, &[0xDB; 100]);
    vec![
        Section { link: 2, info: 1, ..loaded(".dynsym", DYNSYM, &[1; 48]) },
        loaded(".dynstr", STRTAB, b"\0JNI_OnLoad\0"),
        loaded(".text", PROGBITS, &[0x90; 77]),
        Section { kind: NOBITS, ..loaded(".bss", NOBITS, &[0; 500]) },
        section(".comment", PROGBITS, b"a linker\0"),
        Section { alignment: 4, ..section(".note.gnu.gold-version", NOTE, b"gold") },
        debug.clone(),
        Section { link: 10, info: 7, ..section(".rela.debug_info", RELA, &[4; 24]) },
        Section { name: ".zdebug_line", content: vec![0xDE; 31], ..debug },
        Section { link: 11, info: 2, alignment: 8, ..section(".symtab", SYMTAB, &[2; 72]) },
        section(".strtab", STRTAB, b"\0secret_function\0other\0"),
    ]
}

/// The bytes of a stripped library.
pub(crate) fn apply(source: &dyn Source, stripped: &Stripped) -> Vec<u8> {
    let mut bytes = Vec::new();
    copy_pieces(source, &stripped.pieces, &mut bytes).unwrap();
    assert_eq!(bytes.len() as u64, stripped.len);
    bytes
}

/// Strips, checks that the rest is the same library, and that there is nothing left to strip.
pub(crate) fn strip_and_compare(before: &[u8]) -> Result<Option<Vec<u8>>, Error> {
    let limits = Limits::default();
    let Some(stripped) = strip(&before, &limits)? else { return Ok(None) };
    let after = apply(&before, &stripped);
    same_image(&before, &after, &limits).expect("the same library");
    assert_eq!(strip(&after, &limits).expect("our own output is accepted"), None);
    Ok(Some(after))
}
