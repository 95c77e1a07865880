//! What goes, what stays, and where.

use formats::elf::{dump, strip};
use formats::limits::Limits;
use formats::piece::Piece;

use crate::builder::*;

fn text(bytes: &[u8]) -> String {
    dump(&bytes, &Limits::default()).unwrap()
}

fn stripped(built: &Built) -> Vec<u8> {
    strip_and_compare(&built.bytes).unwrap().expect("something to remove")
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

#[test]
fn symbols_and_debug_sections_go_and_the_rest_closes_up() {
    let built = library(true);
    insta::assert_snapshot!(text(&built.bytes), @r#"
    ELF64 type 3 machine 183 entry 0x0 flags 0x0, 1496 bytes, section headers at 0x298
    segment 0x1 flags 0x5 offset 0x0 address 0x0 size 0x108 in memory 0x108 align 0x4000
    section 0 "" type 0x0 flags 0x0 address 0x0 offset 0x0 size 0x0 link 0 info 0 align 0
    section 1 ".dynsym" type 0xb flags 0x2 address 0x78 offset 0x78 size 0x30 link 2 info 1 align 8
    section 2 ".dynstr" type 0x3 flags 0x2 address 0xa8 offset 0xa8 size 0xc link 0 info 0 align 8
    section 3 ".text" type 0x1 flags 0x2 address 0xb8 offset 0xb8 size 0x4d link 0 info 0 align 8
    section 4 ".bss" type 0x8 flags 0x2 address 0x108 offset 0x108 size 0x1f4 link 0 info 0 align 8
    section 5 ".comment" type 0x1 flags 0x0 address 0x0 offset 0x108 size 0x9 link 0 info 0 align 1
    section 6 ".note.gnu.gold-version" type 0x7 flags 0x0 address 0x0 offset 0x114 size 0x4 link 0 info 0 align 4
    section 7 ".debug_info" type 0x1 flags 0x0 address 0x0 offset 0x118 size 0x64 link 0 info 0 align 1
    section 8 ".rela.debug_info" type 0x4 flags 0x0 address 0x0 offset 0x17c size 0x18 link 10 info 7 align 1
    section 9 ".zdebug_line" type 0x1 flags 0x0 address 0x0 offset 0x194 size 0x1f link 0 info 0 align 1
    section 10 ".symtab" type 0x2 flags 0x0 address 0x0 offset 0x1b8 size 0x48 link 11 info 2 align 8
    section 11 ".strtab" type 0x3 flags 0x0 address 0x0 offset 0x200 size 0x17 link 0 info 0 align 1
    section 12 ".shstrtab" type 0x3 flags 0x0 address 0x0 offset 0x217 size 0x80 link 0 info 0 align 1
    "#);
    let after = stripped(&built);
    insta::assert_snapshot!(text(&after), @r#"
    ELF64 type 3 machine 183 entry 0x0 flags 0x0, 1240 bytes, section headers at 0x198
    segment 0x1 flags 0x5 offset 0x0 address 0x0 size 0x108 in memory 0x108 align 0x4000
    section 0 "" type 0x0 flags 0x0 address 0x0 offset 0x0 size 0x0 link 0 info 0 align 0
    section 1 ".dynsym" type 0xb flags 0x2 address 0x78 offset 0x78 size 0x30 link 2 info 1 align 8
    section 2 ".dynstr" type 0x3 flags 0x2 address 0xa8 offset 0xa8 size 0xc link 0 info 0 align 8
    section 3 ".text" type 0x1 flags 0x2 address 0xb8 offset 0xb8 size 0x4d link 0 info 0 align 8
    section 4 ".bss" type 0x8 flags 0x2 address 0x108 offset 0x108 size 0x1f4 link 0 info 0 align 8
    section 5 ".comment" type 0x1 flags 0x0 address 0x0 offset 0x108 size 0x9 link 0 info 0 align 1
    section 6 ".note.gnu.gold-version" type 0x7 flags 0x0 address 0x0 offset 0x114 size 0x4 link 0 info 0 align 4
    section 7 "" type 0x0 flags 0x0 address 0x0 offset 0x0 size 0x0 link 0 info 0 align 0
    section 8 "" type 0x0 flags 0x0 address 0x0 offset 0x0 size 0x0 link 0 info 0 align 0
    section 9 "" type 0x0 flags 0x0 address 0x0 offset 0x0 size 0x0 link 0 info 0 align 0
    section 10 "" type 0x0 flags 0x0 address 0x0 offset 0x0 size 0x0 link 0 info 0 align 0
    section 11 "" type 0x0 flags 0x0 address 0x0 offset 0x0 size 0x0 link 0 info 0 align 0
    section 12 ".shstrtab" type 0x3 flags 0x0 address 0x0 offset 0x118 size 0x80 link 0 info 0 align 1
    "#);
    assert!(contains(&built.bytes, b"secret_function") && !contains(&after, b"secret_function"));
    assert!(!contains(&after, &[0xDB; 8]) && !contains(&after, &[0xDE; 8]));
}

#[test]
fn the_other_class() {
    insta::assert_snapshot!(text(&stripped(&library(false))), @r#"
    ELF32 type 3 machine 40 entry 0x0 flags 0x0, 896 bytes, section headers at 0x178
    segment 0x1 flags 0x5 offset 0x0 address 0x0 size 0xe8 in memory 0xe8 align 0x4000
    section 0 "" type 0x0 flags 0x0 address 0x0 offset 0x0 size 0x0 link 0 info 0 align 0
    section 1 ".dynsym" type 0xb flags 0x2 address 0x58 offset 0x58 size 0x30 link 2 info 1 align 8
    section 2 ".dynstr" type 0x3 flags 0x2 address 0x88 offset 0x88 size 0xc link 0 info 0 align 8
    section 3 ".text" type 0x1 flags 0x2 address 0x98 offset 0x98 size 0x4d link 0 info 0 align 8
    section 4 ".bss" type 0x8 flags 0x2 address 0xe8 offset 0xe8 size 0x1f4 link 0 info 0 align 8
    section 5 ".comment" type 0x1 flags 0x0 address 0x0 offset 0xe8 size 0x9 link 0 info 0 align 1
    section 6 ".note.gnu.gold-version" type 0x7 flags 0x0 address 0x0 offset 0xf4 size 0x4 link 0 info 0 align 4
    section 7 "" type 0x0 flags 0x0 address 0x0 offset 0x0 size 0x0 link 0 info 0 align 0
    section 8 "" type 0x0 flags 0x0 address 0x0 offset 0x0 size 0x0 link 0 info 0 align 0
    section 9 "" type 0x0 flags 0x0 address 0x0 offset 0x0 size 0x0 link 0 info 0 align 0
    section 10 "" type 0x0 flags 0x0 address 0x0 offset 0x0 size 0x0 link 0 info 0 align 0
    section 11 "" type 0x0 flags 0x0 address 0x0 offset 0x0 size 0x0 link 0 info 0 align 0
    section 12 ".shstrtab" type 0x3 flags 0x0 address 0x0 offset 0xf8 size 0x80 link 0 info 0 align 1
    "#);
}

#[test]
fn what_was_removed_is_named() {
    let removed = strip(&library(true).bytes, &Limits::default()).unwrap().unwrap().removed;
    let removed: Vec<String> = removed.iter().map(|removed| format!("{} {}", removed.name, removed.size)).collect();
    insta::assert_snapshot!(removed.join("\n"), @r"
    .debug_info 100
    .rela.debug_info 24
    .zdebug_line 31
    .symtab 72
    .strtab 23
    ");
}

#[test]
fn pieces_read_the_source_front_to_back() {
    let pieces = strip(&library(true).bytes, &Limits::default()).unwrap().unwrap().pieces;
    let ranges: Vec<_> =
        pieces.iter().filter_map(|piece| if let Piece::Copy(range) = piece { Some(range) } else { None }).collect();
    assert!(ranges.is_sorted_by(|left, right| left.end <= right.start), "{ranges:?}");
}

#[test]
fn a_library_without_either_is_left_alone() {
    let sections: Vec<Section> = sections().into_iter().take(6).collect();
    for wide in [false, true] {
        assert_eq!(strip(&build(wide, &sections).bytes, &Limits::default()).unwrap(), None);
    }
}

/// .NET's runtime finds the app's code in this section by a number and an offset that were compiled into it.
#[test]
fn a_section_of_unknown_meaning_keeps_number_and_offset() {
    let mut sections = sections();
    sections.push(Section { alignment: 16_384, ..section("payload", PROGBITS, &[0xA5; 5000]) });
    let built = build(true, &sections);
    let after = stripped(&built);
    let payload = built.contents[12];
    assert_eq!(payload % 16_384, 0);
    assert_eq!(built.bytes[payload..payload + 5000], after[payload..payload + 5000]);
    let line = |bytes: &[u8]| text(bytes).lines().find(|line| line.contains("payload")).unwrap().to_owned();
    assert!(line(&after).starts_with("section 12 \"payload\""));
    assert_eq!(line(&built.bytes), line(&after));
    assert!(!contains(&after, b"secret_function") && !contains(&after, &[0xDB; 8]));
}

/// patchelf and LIEF put new segments behind the debug sections.
#[test]
fn a_segment_behind_debug_sections_keeps_its_offset() {
    let mut sections = sections();
    sections.push(Section { alignment: 4096, ..loaded(".dynstr.new", STRTAB, &[0x55; 300]) });
    let built = build(true, &sections);
    let offset = built.contents[12] as u64;
    // The first segment covers what stands before the comment, a second one only the new section.
    let first = built.contents[5] as u64;
    let built = build_with(true, &sections, &[(LOAD, offset, 300)]);
    let built = built.clone().patch(built.segments[0] + 32, &first.to_le_bytes());
    let after = stripped(&built);
    assert_eq!(built.bytes[offset as usize..][..300], after[offset as usize..][..300]);
    assert!(!contains(&after, b"secret_function") && !contains(&after, &[0xDB; 8]));
}

/// lld counts the padding behind relocated data as if it stood in the file.
#[test]
fn the_length_of_a_relro_segment_covers_no_bytes() {
    let built = library(true);
    let length = built.bytes.len() as u64 + 4096;
    let built = build_with(true, &sections(), &[(RELRO, 64, length)]);
    assert!(!contains(&stripped(&built), b"secret_function"));
}

/// As `ld --emit-relocs` leaves them; without symbols they say nothing.
#[test]
fn relocations_that_need_the_symbols_go_as_well() {
    let mut sections = sections();
    sections.push(Section { link: 10, info: 3, ..section(".rela.text", RELA, &[6; 24]) });
    let after = stripped(&build(true, &sections));
    assert!(!text(&after).contains(".rela.text"));
}

/// GNU ld names the symbol table in a static executable's own relocations, which need none.
#[test]
fn loaded_relocations_stay_without_the_symbols() {
    let mut sections = sections();
    sections[1] = Section { link: 10, info: 3, ..loaded(".rela.plt", RELA, &[6; 24]) };
    sections[0].link = 0;
    let after = stripped(&build(true, &sections));
    let line = text(&after).lines().find(|line| line.contains(".rela.plt")).unwrap().to_owned();
    assert!(line.contains("link 0 info 3"), "{line}");
}

#[test]
fn a_string_table_that_something_else_uses_stays() {
    let mut sections = sections();
    sections.push(Section { link: 11, ..section(".vendor", 0x6000_0001, b"uses names") });
    let after = stripped(&build(true, &sections));
    assert!(text(&after).contains(".strtab") && !text(&after).contains(".symtab"));
}

#[test]
fn loaded_sections_stay_whatever_their_names() {
    let mut sections = sections();
    sections[2].name = ".debug_gdb_scripts";
    assert!(text(&stripped(&build(true, &sections))).contains(".debug_gdb_scripts"));
}

#[test]
fn padding_of_zeros_may_go() {
    let mut built = library(true);
    built.bytes.extend([0; 5000]);
    let after = stripped(&built);
    assert_eq!(after, stripped(&library(true)));
}

#[test]
fn a_library_without_section_headers_has_nothing_to_remove() {
    for wide in [false, true] {
        let built = library(wide);
        let (offset, count) = if wide { (40, 60) } else { (32, 48) };
        let none = built.clone().patch(offset, &[0; 4]).patch(count, &[0; 4]);
        assert_eq!(strip(&none.bytes, &Limits::default()).unwrap(), None);
        // As packers leave it: no count, and an offset that leads nowhere.
        let lost = built.clone().patch(offset, &[0xFF; 3]).patch(count, &[0; 4]);
        assert_eq!(strip(&lost.bytes, &Limits::default()).unwrap(), None);
    }
}

#[test]
fn names_of_removed_sections_are_fit_to_be_shown() {
    let name: &'static str = Box::leak(format!(".debug_\u{1B}[31m{}", "x".repeat(5000)).into_boxed_str());
    let mut sections = sections();
    sections[6].name = name;
    let removed = strip(&build(true, &sections).bytes, &Limits::default()).unwrap().unwrap().removed;
    assert!(removed[0].name.starts_with(".debug_\\u{1b}[31mxxx") && removed[0].name.len() < 200);
}
