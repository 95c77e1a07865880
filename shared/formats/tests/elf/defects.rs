//! One library per reason for which it stays unedited.

use formats::elf::strip;
use formats::limits::Limits;

use crate::builder::*;

fn refused(built: &Built) -> String {
    refused_bytes(&built.bytes)
}

fn refused_bytes(bytes: &[u8]) -> String {
    strip(&bytes, &Limits::default()).expect_err("it must be refused").to_string()
}

#[test]
fn something_else() {
    for bytes in [&b""[..], b"\x7FEL", b"#!/system/bin/sh\nexec \"$@\"\n", b"PK\x03\x04 an archive named .so"] {
        assert_eq!(refused_bytes(bytes), "not an ELF file");
    }
}

#[test]
fn an_unknown_class() {
    assert_eq!(refused(&library(true).patch(4, &[3])), "ELF: EI_CLASS at offset 4 is 0x3: 1 for 32 bits or 2 for 64");
}

#[test]
fn big_endian() {
    assert_eq!(refused(&library(false).patch(5, &[2])), "ELF: big-endian files are not supported");
    assert_eq!(refused(&library(false).patch(5, &[0])), "ELF: EI_DATA at offset 5 is 0x0: 1 for little-endian");
}

#[test]
fn an_unknown_version() {
    assert_eq!(refused(&library(true).patch(6, &[9])), "ELF: EI_VERSION at offset 6 is 0x9: the only version is 1");
}

#[test]
fn neither_library_nor_executable() {
    for kind in [0, 1, 4] {
        let message = refused(&library(true).patch(16, &[kind]));
        assert!(message.starts_with(&format!("ELF: e_type at offset 16 is {kind}: only")), "{message}");
    }
    assert!(strip(&library(true).patch(16, &[2]).bytes, &Limits::default()).unwrap().is_some());
}

#[test]
fn headers_of_another_length() {
    for (offset, field) in [(52, "e_ehsize"), (54, "e_phentsize"), (58, "e_shentsize")] {
        let message = refused(&library(true).patch(offset, &[41]));
        assert_eq!(
            message,
            format!("ELF: {field} at offset {offset} is 0x29: the length does not belong to the class")
        );
    }
}

#[test]
fn extended_numbering() {
    let named = |field, offset| format!("ELF: extended numbering is not supported ({field} at offset {offset})");
    assert_eq!(refused(&library(true).patch(56, &[0xFF; 2])), named("e_phnum", 56));
    assert_eq!(refused(&library(true).patch(60, &[0, 0xFF])), named("e_shnum", 60));
    assert_eq!(refused(&library(true).patch(62, &[0xFF; 2])), named("e_shstrndx", 62));
    let built = library(true);
    let first = built.headers[0];
    let counted = built.patch(60, &[0; 2]).patch_section(0, Field::Size, 14);
    assert_eq!(refused(&counted), named("sh_size of the first section", first));
}

#[test]
fn tables_outside() {
    let built = library(true);
    let length = built.bytes.len();
    let message = refused(&built.clone().patch(32, &(length as u64 - 8).to_le_bytes()));
    assert_eq!(
        message,
        format!("ELF: the program header table takes 56 bytes from offset {}, the file has {length}", length - 8)
    );
    let message = refused(&built.clone().patch(40, &u64::MAX.to_le_bytes()));
    assert_eq!(
        message,
        format!("ELF: the section header table takes 832 bytes from offset {}, the file has {length}", u64::MAX)
    );
    let message = refused(&built.patch(60, &[0, 0xFE]));
    assert!(message.starts_with("ELF: the section header table takes 4161536 bytes"), "{message}");
}

#[test]
fn program_headers_over_the_file_header() {
    let message = refused(&library(true).patch(32, &[8]));
    assert_eq!(message, "ELF: e_phoff at offset 32 is 0x8: program headers stand behind the file header");
}

#[test]
fn a_segment_outside() {
    let built = library(true);
    let message = refused(&built.clone().patch(built.segments[0] + 32, &u64::MAX.to_le_bytes()));
    assert!(message.starts_with("ELF: segment 0 takes 18446744073709551615 bytes from offset 0,"), "{message}");
    let message = refused(&built.clone().patch(built.segments[0] + 8, &u64::MAX.to_le_bytes()));
    assert!(message.contains("from offset 18446744073709551615,"), "{message}");
}

/// As packers leave them behind: headers of what was before.
#[test]
fn a_section_outside() {
    let message = refused(&library(false).patch_section(3, Field::Offset, 0x00F0_0000));
    assert!(message.starts_with("ELF: section 3 (.text) takes 77 bytes from offset 15728640,"), "{message}");
    let message = refused(&library(true).patch_section(5, Field::Size, u64::MAX));
    assert!(message.contains("section 5 (.comment)"), "{message}");
    let message = refused(&library(true).patch_section(5, Field::Offset, u64::MAX));
    assert!(message.contains("section 5 (.comment)"), "{message}");
}

#[test]
fn names_that_are_no_string_table() {
    let message = refused(&library(true).patch(62, &[3, 0]));
    assert_eq!(message, "ELF: e_shstrndx at offset 62 is 0x3: there is no string table of that number");
    let message = refused(&library(true).patch(62, &[99, 0]));
    assert_eq!(message, "ELF: e_shstrndx at offset 62 is 0x63: there is no string table of that number");
}

#[test]
fn names_longer_than_allowed() {
    let limits = Limits { document_bytes: 20, ..Limits::default() };
    let message = strip(&library(true).bytes, &limits).unwrap_err().to_string();
    assert_eq!(message, "ELF: length of the names of sections in bytes is 128, at most 20 is accepted");
}

#[test]
fn debug_information_inside_a_segment() {
    let built = library(true);
    let text = built.contents[3] as u64;
    let message = refused(&built.patch_section(7, Field::Offset, text));
    assert_eq!(message, format!("ELF: a header or segment overlaps section 7 (.debug_info) at offset {text}"));
}

#[test]
fn debug_information_that_shares_bytes_with_something_that_stays() {
    let built = library(true);
    let comment = built.contents[5] as u64;
    let message = refused(&built.patch_section(7, Field::Offset, comment - 20));
    assert!(message.contains("section 7 (.debug_info)"), "{message}");
    let built = library(true);
    let message = refused(&built.clone().patch_section(7, Field::Offset, built.contents[5] as u64 + 2));
    assert_eq!(
        message,
        format!("ELF: section 5 (.comment) overlaps section 7 (.debug_info) at offset {}", built.contents[5] + 2)
    );
}

#[test]
fn sections_that_stay_and_share_bytes() {
    let built = library(true);
    let comment = built.contents[5] as u64;
    let message = refused(&built.patch_section(6, Field::Offset, comment + 3));
    assert_eq!(
        message,
        format!("ELF: section 5 (.comment) overlaps section 6 (.note.gnu.gold-version) at offset {}", comment + 3)
    );
}

#[test]
fn data_behind_everything() {
    let mut built = library(true);
    let length = built.bytes.len();
    built.bytes.extend(b"appended by somebody");
    let expected = format!("ELF: 20 bytes at offset {length} belong to no section and no segment");
    assert_eq!(refused(&built), expected);
    built.bytes.resize(length, 0);
    built.bytes.resize(length + 65_537, 0);
    assert!(refused(&built).starts_with("ELF: 65537 bytes at offset"));
}

#[test]
fn data_between_sections() {
    let mut sections = sections();
    sections[5] = Section { alignment: 64, ..section(".note", NOTE, b"note") };
    let built = build(true, &sections);
    let comment_end = built.contents[5] + 9;
    let hidden = built.patch_section(6, Field::Size, 0).patch(comment_end + 3, b"hidden");
    let message = refused(&hidden);
    assert!(message.contains("belong to no section and no segment"), "{message}");
}

#[test]
fn something_that_needs_the_symbols() {
    let mut sections = sections();
    sections.push(Section { link: 10, ..section(".llvm_addrsig", 0x6FFF_4C03, b"\x01") });
    let message = refused(&build(true, &sections));
    assert_eq!(message, "ELF: .llvm_addrsig refers to section 10 (.symtab), which would be removed");
}

#[test]
fn one_table_for_all_names() {
    let message = refused(&library(true).patch_section(10, Field::Link, 12));
    assert_eq!(message, "ELF: section 12 (.shstrtab) holds the names of sections, and would be removed");
}

#[test]
fn a_source_that_fails_says_nothing_about_the_library() {
    struct Failing(u64);
    impl formats::source::Source for Failing {
        fn len(&self) -> u64 {
            self.0
        }
        fn read_at(&self, _: u64, _: &mut [u8]) -> std::io::Result<()> {
            Err(std::io::Error::other("no disk"))
        }
    }
    let error = strip(&Failing(1000), &Limits::default()).unwrap_err();
    assert!(matches!(error, formats::elf::Error::Io(_)));
    assert_eq!(error.to_string(), "reading the library failed: no disk");
}
