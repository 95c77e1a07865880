//! Each defect is refused, and said where it is. Offsets count from the beginning of the slice.

use formats::macho::{Binary, is_macho};

use crate::builder::*;
use crate::support::rewrite;

fn reading(bytes: &[u8]) -> String {
    Binary::read(&bytes).unwrap_err().to_string()
}

fn rewriting(bytes: &[u8]) -> String {
    Binary::read(&bytes).expect("it can be read");
    rewrite(&bytes, false).unwrap_err().to_string()
}

fn stripping(bytes: &[u8]) -> String {
    rewrite(&bytes, false).expect("it can be signed");
    rewrite(&bytes, true).unwrap_err().to_string()
}

fn library() -> Built {
    plan(true).build()
}

#[test]
fn what_begins_otherwise() {
    assert_eq!(reading(b""), "not a Mach-O file");
    assert_eq!(reading(b"PK\x03\x04 and so on, and on, and on"), "not a Mach-O file");
    assert_eq!(reading(&library().bytes[..30]), "Mach-O: reserved at offset 28 is cut off: 4 bytes wanted, 2 there");
    assert_eq!(reading(b"!<arch>\n#1/20           "), "a static library, not a Mach-O file");
    let big = [0xFE, 0xED, 0xFA, 0xCF, 1, 0, 0, 0x0C];
    assert_eq!(reading(&big), "Mach-O: big-endian files are not supported");
    assert!(is_macho(&big) && is_macho(&library().bytes) && !is_macho(b"PK\x03\x04\0\0\0\0") && !is_macho(b""));
}

#[test]
fn java_classes_are_no_fat_files() {
    assert!(!is_macho(&[0xCA, 0xFE, 0xBA, 0xBE, 0, 0, 0, 52]));
    assert!(!is_macho(&[0xCA, 0xFE, 0xBA, 0xBE, 0, 0, 0, 0]));
    assert!(!is_macho(&[0xCA, 0xFE, 0xBA, 0xBE]));
    assert!(is_macho(&[0xCA, 0xFE, 0xBA, 0xBE, 0, 0, 0, 2]));
    assert!(is_macho(&[0xCA, 0xFE, 0xBA, 0xBF, 0, 0, 0, 2]));
}

#[test]
fn tables_of_slices() {
    let (first, second) = (plan(false).build().bytes, library().bytes);
    let whole = fat(&[&first, &second], 12, false);
    Binary::read(&whole).unwrap();
    let patched = |offset: usize, value: u32| {
        let mut bytes = whole.clone();
        bytes[offset..offset + 4].copy_from_slice(&value.to_be_bytes());
        reading(&bytes)
    };
    assert_eq!(patched(4, 0), "Mach-O: there is no slice");
    assert_eq!(patched(4, 17), "Mach-O: number of slices is 17, at most 16 is accepted");
    assert_eq!(patched(24, 40), "Mach-O: align at offset 8 is 0x28: slices are aligned to at most 32 KiB");
    assert_eq!(patched(16, 4097), "Mach-O: offset at offset 8 is 0x1001: the slice is not aligned as the table says");
    assert_eq!(patched(16, 0), "Mach-O: slice 0 overlaps the table of slices at offset 0");
    assert_eq!(patched(36, 4096), "Mach-O: slice 1 overlaps the slice in front of it at offset 4096");
    assert_eq!(patched(40, 100_000), "Mach-O: slice 1 takes 100000 bytes from offset 12288, the file ends at 16784");
    assert_eq!(
        patched(8, 7),
        "slice 0 at offset 4096: Mach-O: cputype at offset 4 is 0xc: the table of slices names another processor"
    );
    let twice = fat(&[&second, &second], 12, true);
    assert_eq!(
        reading(&twice),
        "Mach-O: cputype at offset 12288 is 0x100000c: there is a slice for that processor already"
    );
    assert_eq!(reading(&whole[..20]), "Mach-O: the table of slices takes 40 bytes from offset 8, the file ends at 20");
    let mut archive = whole.clone();
    archive[12_288..][..8].copy_from_slice(b"!<arch>\n");
    assert_eq!(reading(&archive), "slice 1 at offset 12288: a static library, not a Mach-O file");
}

#[test]
fn load_commands() {
    let header = |offset: usize, value: u32| reading(&library().patch(offset, &value.to_le_bytes()).bytes);
    assert_eq!(header(16, 9000), "Mach-O: number of load commands is 9000, at most 8192 is accepted");
    assert_eq!(
        header(20, 2 << 20),
        "Mach-O: length of the load commands in bytes is 2097152, at most 1048576 is accepted"
    );
    assert_eq!(header(20, 8192), "Mach-O: the load commands takes 8192 bytes from offset 32, the slice ends at 4496");
    assert_eq!(header(16, 14), "Mach-O: sizeofcmds at offset 20 is 0x2b8: the load commands fill that space");
    assert_eq!(header(16, 16), "Mach-O: cmd at offset 728 is cut off: 4 bytes wanted, 0 there");
    let set = |name: &str, field, value| reading(&library().set(name, field, value).bytes);
    let uuid = library().at("uuid");
    assert_eq!(
        set("uuid", 4, 4),
        format!("Mach-O: cmdsize at offset {uuid} is 0x4: it is a multiple of 4, at least 8")
    );
    assert_eq!(
        set("uuid", 4, 26),
        format!("Mach-O: cmdsize at offset {uuid} is 0x1a: it is a multiple of 4, at least 8")
    );
    assert!(set("signature", 4, 400).contains("is cut off: 400 bytes wanted, 16 there"));
    let mut short = plan(true);
    short.more_commands.push(command(0x8000_0033, &[]));
    let short = short.build();
    let offset = short.at("more") + 8;
    assert_eq!(
        reading(&short.bytes),
        format!("Mach-O: dataoff at offset {offset} is cut off: 4 bytes wanted, 0 there")
    );
    let second = library().at("rpath");
    assert!(set("rpath", 0, 0xD).contains(&format!("there is a second LC_ID_DYLIB at offset {second}")));
    assert!(set("text", 0, 1).contains("64-bit slices have LC_SEGMENT_64"));
    let narrow = plan(false).build().set("text", 0, 0x19);
    assert!(reading(&narrow.bytes).contains("32-bit slices have LC_SEGMENT"));
    assert!(set("id", 8, 200).contains("the text stands in the load command"));
    assert!(set("id", 8, 4).contains("the text stands in the load command"));
    let text = library().at("id") + 24;
    assert!(reading(&library().patch(text, &[0xFF]).bytes).contains("the text is UTF-8"));
}

#[test]
fn segments() {
    let set = |name: &str, field, value| reading(&library().set(name, field, value).bytes);
    assert_eq!(
        set("linkedit", 48, 4096),
        "Mach-O: segment __LINKEDIT takes 4096 bytes from offset 4096, the slice ends at 4496"
    );
    assert!(set("linkedit", 40, 0x800).contains("__TEXT overlaps __LINKEDIT at offset 2048"));
    let moved = library().set("text", 40, 16).set("text", 48, 4000);
    assert!(reading(&moved.bytes).contains("the first segment holds the header and the load commands"));
    assert!(set("text", 48, 64).contains("section __text of segment __TEXT takes"));
    assert!(set("text", 64, 300).contains("number of sections in a segment is 300"));
    assert!(set("text", 64, 0).contains("the sections fill the segment command"));
    let section = 72 + 48;
    assert!(set("text", section, 100).contains("the load commands overlaps a section at offset 100"));
    assert!(set("text", section, 4000).contains("section __text of segment __TEXT takes 291 bytes from offset 4000"));
    let mut huge = library();
    let size = huge.at("text") + 48;
    huge = huge.patch(size, &u64::MAX.to_le_bytes());
    assert!(reading(&huge.bytes).contains("segment __TEXT takes 18446744073709551615 bytes"));
    let renamed = library().at("linkedit") + 8;
    let two = library().patch(renamed, b"__TEXT\0\0\0\0\0\0\0\0\0\0");
    assert!(reading(&two.bytes).contains("there is a second segment __TEXT"));
}

#[test]
fn tables() {
    let set = |name: &str, field, value| reading(&library().set(name, field, value).bytes);
    assert!(set("starts", 8, 100).contains("the table at dataoff takes 9 bytes from offset 100"));
    assert!(set("starts", 12, 10_000).contains("the segment __LINKEDIT ends at 4496"));
    assert!(set("symtab", 12, u32::MAX).contains("the table at symoff takes 68719476720 bytes"));
    assert!(set("dysymtab", 56, 4096).contains("overlaps the table at"));
    assert!(set("dyld", 16, 4433).contains("the table at bind_off takes 0 bytes from offset 4433"));
    assert!(set("encryption", 12, 5000).contains("encrypted code takes 5000 bytes"));
}

#[test]
fn signatures() {
    let signature = library().at("signature");
    let short = library().set("signature", 12, 48);
    assert_eq!(
        reading(&short.bytes),
        format!("Mach-O: dataoff at offset {} is 0x1150: the code signature ends where the slice ends", signature + 8)
    );
    let early = library().field("symtab", 16);
    let over = library().set("signature", 8, early).set("signature", 12, 4496 - early);
    assert!(reading(&over.bytes).contains("overlaps"));
}

#[test]
fn what_cannot_be_signed() {
    let more = |built: Built| {
        let mut bytes = built.bytes;
        bytes.extend([0; 8]);
        bytes
    };
    let mut unsigned = plan(true);
    unsigned.signature = None;
    assert!(rewriting(&more(unsigned.build())).contains("filesize of __LINKEDIT"));
    let mut object = plan(true);
    object.kind = 1;
    assert_eq!(rewriting(&object.build().bytes), "Mach-O: a file of type object cannot be signed");
    let renamed = library().at("linkedit") + 8;
    let without = library().patch(renamed, b"__LINKMISSING");
    assert_eq!(rewriting(&without.bytes), "Mach-O: there is no segment __LINKEDIT");
    let renamed = library().at("text") + 8;
    let without = library().patch(renamed, b"__TEXA");
    assert_eq!(rewriting(&without.bytes), "Mach-O: there is no segment __TEXT");
    let behind = library().set("text", 24, 0x9000);
    assert!(rewriting(&behind.bytes).contains("no segment is mapped behind __LINKEDIT"));
}

/// A load command more needs sixteen bytes that nothing uses.
#[test]
fn no_room_for_a_load_command() {
    let mut unsigned = plan(true);
    unsigned.signature = None;
    let built = unsigned.build();
    rewrite(&built.bytes, false).unwrap();
    let end = built.commands_end;
    for (offset, free) in [(15, 15), (0, 0)] {
        let used = built.clone().patch(end + offset, &[1]);
        assert_eq!(
            rewriting(&used.bytes),
            format!("Mach-O: a load command of 16 bytes does not fit at offset {end}: {free} bytes are free")
        );
    }
    let near = u32::try_from(end + 8).unwrap();
    let section = built.clone().set("text", 72 + 48, near);
    assert_eq!(
        rewriting(&section.bytes),
        format!("Mach-O: a load command of 16 bytes does not fit at offset {end}: 8 bytes are free")
    );
}

#[test]
fn what_cannot_be_stripped() {
    let mut unknown = plan(true);
    unknown.more_commands.push(command(0x31, &[0; 8]));
    let unknown = unknown.build();
    let offset = unknown.at("more");
    assert_eq!(stripping(&unknown.bytes), format!("Mach-O: the load command 0x31 at offset {offset} is not known"));
    let relocated = library().set("starts", 12, 0).set("dysymtab", 64, library().field("starts", 8));
    let relocated = relocated.set("dysymtab", 68, 1);
    let refused = stripping(&relocated.bytes);
    assert!(refused.contains("refers to symbols by number"), "{refused}");
    let relocated = library().set("text", 72 + 60, 1);
    assert!(stripping(&relocated.bytes).contains("sections of linked binaries have no relocations"));
    let symbols = library().field("symtab", 8) as usize;
    let disordered = library().patch(symbols + 4, &[0x0F]);
    assert!(stripping(&disordered.bytes).contains("local symbols come first, undefined ones last"));
    let nameless = library().patch(symbols + 4 * 16, &[0xFF, 0xFF]);
    assert!(stripping(&nameless.bytes).contains("the name ends inside the string table"));
    let indirect = library().field("dysymtab", 56) as usize;
    let missing = library().patch(indirect, &[9]);
    assert!(stripping(&missing.bytes).contains("an indirect symbol"));
    let gap = library().set("dysymtab", 60, 1);
    assert!(stripping(&gap.bytes).contains("belong to no table"));
}
