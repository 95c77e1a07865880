//! One archive for each defect, and the error that names it.

use formats::limits::Limits;
use formats::zip::{Archive, Error};

use crate::builder::{Built, Item, build, build_with, deflated, end_record, stored};

fn sound() -> Built {
    build(&[stored("a.txt", b"hello"), deflated("b/c.txt", &[7; 500])])
}

fn refused(built: &Built) -> String {
    refused_with(built, &Limits::default())
}

fn refused_with(built: &Built, limits: &Limits) -> String {
    Archive::read(&built.bytes, limits).expect_err("the archive should be refused").to_string()
}

fn broken_content(built: &Built) -> String {
    let archive = Archive::read(&built.bytes, &Limits::default()).expect("only the content is broken");
    archive.check_contents(2, &|_| true).expect_err("the content should be refused").to_string()
}

fn named(name: &[u8]) -> String {
    refused(&build(&[Item { name: name.to_vec(), ..stored("", b"x") }]))
}

#[test]
fn the_sound_archive_is_accepted() {
    let built = sound();
    let archive = Archive::read(&built.bytes, &Limits::default()).unwrap();
    archive.check_contents(2, &|_| true).unwrap();
    assert_eq!(archive.read_entry("b/c.txt", 500).unwrap(), [7; 500]);
    assert_eq!(archive.unpacked_size(), 505);
}

#[test]
fn truncated_anywhere() {
    let built = build_with(b"", &[stored("AndroidManifest.xml", b"x"), deflated("b", &[7; 50])], b"", b"comment");
    for length in 0..built.bytes.len() {
        let error = Archive::read(&&built.bytes[..length], &Limits::default()).expect_err("cut off");
        assert!(matches!(error, Error::NoEnd { .. }), "{length}: {error}");
    }
}

#[test]
fn any_single_damaged_byte_ends_in_an_answer() {
    let built = build_with(b"", &[deflated("b", &[7; 50]), stored("lib/x.so", b"12")], b"gap", b"c");
    for position in 0..built.bytes.len() {
        for flip in [1, 0x80, 0xFF] {
            let mut bytes = built.bytes.clone();
            bytes[position] ^= flip;
            if let Ok(archive) = Archive::read(&bytes, &Limits::default()) {
                // Only an answer is wanted here: some fields (times, versions) are free.
                let _ = archive.check_contents(1, &|_| true);
            }
        }
    }
}

#[test]
fn not_an_archive() {
    let error = Archive::read(&[0; 100].as_slice(), &Limits::default()).unwrap_err().to_string();
    assert_eq!(error, "not a ZIP archive: no end of central directory record in the last 100 of 100 bytes");
}

#[test]
fn bytes_after_the_end_record() {
    let mut built = sound();
    built.bytes.push(0);
    assert!(refused(&built).starts_with("not a ZIP archive"));
}

#[test]
fn a_second_end_record_in_the_comment() {
    let inner = end_record(0, 0, 0, b"");
    let built = build_with(b"", &[stored("a", b"x")], b"", &inner);
    assert_eq!(
        refused(&built),
        format!(
            "ambiguous archive: a second end of central directory record at offset {} beside the one at {}",
            built.end + 22,
            built.end
        )
    );
}

#[test]
fn an_end_signature_in_the_comment() {
    let built = build_with(b"", &[stored("a", b"x")], b"", b"..PK\x05\x06..");
    assert!(refused(&built).starts_with("ambiguous archive"), "{}", refused(&built));
}

#[test]
fn zip64_locator() {
    let mut built = sound();
    let mut locator = b"PK\x06\x07".to_vec();
    locator.extend([0; 16]);
    built.bytes.splice(built.end..built.end, locator);
    assert_eq!(
        refused(&built),
        format!("ZIP64 archives are not supported (end of central directory locator at offset {})", built.end)
    );
}

#[test]
fn zip64_values() {
    let built = sound();
    let end = built.clone().patch(built.end + 8, &[0xFF; 4]);
    assert!(refused(&end).contains("ZIP64"), "{}", refused(&end));
    let size = built.clone().patch(built.records[0] + 24, &[0xFF; 4]);
    assert!(refused(&size).contains("ZIP64"), "{}", refused(&size));
}

#[test]
fn several_disks() {
    let built = sound();
    let message = refused(&built.clone().patch(built.end + 4, &[1, 0]));
    assert_eq!(message, format!("end record disk number at offset {} is 1, expected 0", built.end + 4));
    let message = refused(&built.clone().patch(built.records[0] + 34, &[1, 0]));
    assert!(message.contains("entry \"a.txt\": disk number"), "{message}");
}

#[test]
fn entry_counts_that_disagree() {
    let built = sound();
    let message = refused(&built.clone().patch(built.end + 8, &[1, 0]));
    assert_eq!(message, format!("end record total entries at offset {} is 2, expected 1", built.end + 10));
    let message = refused(&built.clone().patch(built.end + 8, &[1, 0, 1, 0]));
    assert!(message.starts_with("central directory size at offset"), "{message}");
    let message = refused(&built.clone().patch(built.end + 8, &[3, 0, 3, 0]));
    assert!(message.starts_with("central directory signature at offset"), "{message}");
}

#[test]
fn a_directory_that_does_not_end_at_the_end_record() {
    let built = sound();
    let message = refused(&built.clone().patch(built.end + 12, &[9]));
    assert!(message.starts_with("end record directory size at offset"), "{message}");
}

#[test]
fn a_wrong_directory_signature() {
    let built = sound();
    let message = refused(&built.clone().patch(built.records[1], b"XX"));
    assert!(message.starts_with("central directory signature at offset"), "{message}");
}

#[test]
fn too_many_entries() {
    let limits = Limits { entries: 1, ..Limits::default() };
    assert_eq!(refused_with(&sound(), &limits), "too large: number of entries is 2, at most 1 is accepted");
}

#[test]
fn too_large_a_directory() {
    let limits = Limits { directory_bytes: 10, ..Limits::default() };
    assert!(refused_with(&sound(), &limits).starts_with("too large: central directory in bytes is"));
}

#[test]
fn too_large_a_package() {
    let limits = Limits { package_bytes: 10, ..Limits::default() };
    assert!(refused_with(&sound(), &limits).starts_with("too large: package length in bytes is"));
}

#[test]
fn too_long_a_name() {
    let limits = Limits { name_bytes: 6, ..Limits::default() };
    assert!(refused_with(&sound(), &limits).starts_with("too large: length of an entry's name in bytes is 7"));
}

#[test]
fn unpacked_too_large() {
    let limits = Limits { unpacked_bytes: 504, ..Limits::default() };
    let message = refused_with(&sound(), &limits);
    assert_eq!(message, "too large: unpacked length in bytes is 505, at most 504 is accepted");
}

#[test]
fn a_bomb_by_ratio() {
    let built = build(&[deflated("zeros", &[0; 1 << 20])]);
    let limits = Limits { ratio_counts_from: 1 << 10, unpacked_ratio: 100, ..Limits::default() };
    let message = refused_with(&built, &limits);
    assert!(
        message.starts_with("too large: unpacked length in bytes for an archive this small is 1048576"),
        "{message}"
    );
}

#[test]
fn a_bomb_that_declares_less() {
    let built = build(&[deflated("zeros", &[0; 1 << 20])]);
    let declared = 1000_u32.to_le_bytes();
    let built = built.clone().patch(built.locals[0] + 22, &declared).patch(built.records[0] + 24, &declared);
    let message = broken_content(&built);
    assert!(message.ends_with("broken compressed data: it unpacks to more bytes than declared"), "{message}");
}

#[test]
fn duplicate_names() {
    let built = build(&[stored("a", b"1"), stored("b", b"2"), stored("a", b"3")]);
    let message = refused(&built);
    assert!(
        message.starts_with("entry \"a\": name at offset") && message.ends_with("the name occurs twice"),
        "{message}"
    );
}

#[test]
fn names_that_are_no_paths_inside() {
    for (name, reason) in [
        (b"../x".as_slice(), "it contains a relative path component"),
        (b"a/../../x", "it contains a relative path component"),
        (b"a/./x", "it contains a relative path component"),
        (b"/etc/passwd", "it is an absolute path"),
        (b"C:/x", "it starts with a drive letter"),
        (b"a\\..\\x", "it contains a backslash"),
        (b"a\0.txt", "it contains a NUL character"),
        (b"", "it is empty"),
    ] {
        let message = named(name);
        assert!(message.ends_with(&format!("the name is unsafe: {reason}")), "{message}");
    }
    assert!(named(b"a\xFF").ends_with("the name is not valid UTF-8 text"));
}

#[test]
fn encrypted_entries() {
    let built = sound();
    let built = built.clone().patch(built.records[0] + 8, &[1, 0]).patch(built.locals[0] + 6, &[1, 0]);
    assert!(refused(&built).ends_with("encrypted entries are not supported"));
}

#[test]
fn encryption_only_in_the_local_header() {
    let built = sound();
    let message = refused(&built.clone().patch(built.locals[0] + 6, &[1, 0]));
    assert_eq!(message, "entry \"a.txt\": local flags at offset 0: is 1, the central directory says 0");
}

#[test]
fn an_unsupported_method() {
    let built = sound();
    let built = built.clone().patch(built.records[1] + 10, &[14, 0]).patch(built.locals[1] + 8, &[14, 0]);
    assert!(refused(&built).ends_with("compression method 14 is not supported"));
}

#[test]
fn local_headers_that_contradict_the_directory() {
    let built = sound();
    for (offset, field) in [
        (8, "local compression method"),
        (14, "local crc-32"),
        (18, "local compressed size"),
        (22, "local uncompressed size"),
        (26, "local name length"),
    ] {
        let position = built.locals[0] + offset;
        let message = refused(&built.clone().patch(position, &[built.bytes[position] ^ 2]));
        assert!(message.starts_with(&format!("entry \"a.txt\": {field} at offset 0: is ")), "{message}");
    }
    let message = refused(&built.clone().patch(built.locals[0] + 30, b"z"));
    assert!(message.ends_with("differs from the name in the central directory"), "{message}");
    let message = refused(&built.clone().patch(built.locals[0], b"z"));
    assert!(message.ends_with("no local header there"), "{message}");
}

#[test]
fn stored_with_two_sizes() {
    let built = sound();
    let message = refused(&built.clone().patch(built.records[0] + 24, &[6]));
    assert!(message.ends_with("a stored entry of 5 bytes claims an unpacked size of 6"), "{message}");
}

#[test]
fn data_outside_the_entries() {
    let built = sound();
    let size = [0, 0, 1, 0];
    let longer = built.clone().patch(built.records[1] + 20, &size).patch(built.locals[1] + 18, &size);
    let message = refused(&longer);
    assert!(message.contains("content at offset") && message.contains("entries end at"), "{message}");
    let message = refused(&built.clone().patch(built.records[1] + 42, &(built.end as u32).to_le_bytes()));
    assert!(message.contains("local header offset at offset"), "{message}");
}

#[test]
fn overlapping_entries() {
    let inner = build(&[stored("inner", b"x")]);
    let local = &inner.bytes[..inner.directory];
    let built = build(&[stored("outer", local), stored("inner", b"x")]);
    let inside = (built.locals[0] + 30 + 5) as u32;
    let message = refused(&built.clone().patch(built.records[1] + 42, &inside.to_le_bytes()));
    assert_eq!(
        message,
        format!("entry \"inner\": local header offset at offset {inside}: overlaps what starts at offset {inside}")
    );
}

#[test]
fn bytes_before_the_first_entry() {
    let message = refused(&build_with(b"dex\n035\0", &[stored("a", b"x")], b"", b""));
    assert_eq!(message, "8 undeclared bytes before the first entry");
}

#[test]
fn fillers_of_the_build_tools_are_no_prefix() {
    let mut filler = b"PK\x03\x04\0\0\0\0\0\0\x21\x08\x21\x02".to_vec();
    filler.extend([0; 14]);
    filler.extend(3_u16.to_le_bytes());
    filler.splice(26..28, [0, 0]);
    filler.truncate(30);
    filler[28] = 3;
    filler.extend([0; 3]);
    let built = build_with(&filler, &[stored("a", b"x")], b"", b"");
    let archive = Archive::read(&built.bytes, &Limits::default()).unwrap();
    assert!(archive.gaps().iter().eq([&(0..33)]));
    assert!(refused(&built.clone().patch(28, &[4])).ends_with("undeclared bytes before the first entry"));
}

#[test]
fn a_gap_before_the_directory_is_reported() {
    let built = build_with(b"", &[stored("a", b"x")], b"block", b"");
    let archive = Archive::read(&built.bytes, &Limits::default()).unwrap();
    let start = built.directory as u64 - 5;
    assert_eq!(archive.before_directory(), start..start + 5);
}

#[test]
fn data_descriptors_with_and_without_signature() {
    for signature in [true, false] {
        let item = Item { descriptor: Some(signature), ..deflated("a", &[1; 90]) };
        let built = build(&[item, stored("b", b"x")]);
        let archive = Archive::read(&built.bytes, &Limits::default()).unwrap();
        assert!(archive.gaps().is_empty());
        archive.check_contents(1, &|_| true).unwrap();
        let descriptor = built.locals[1] - 8;
        let message = refused(&built.clone().patch(descriptor, &[0xEE]));
        assert!(message.contains("data descriptor compressed size"), "{message}");
    }
}

#[test]
fn a_wrong_checksum() {
    let built = sound();
    let message = broken_content(&built.clone().patch(built.locals[0] + 35, b"J"));
    assert!(message.starts_with("entry \"a.txt\": content at offset 35: the content's CRC-32 is"), "{message}");
}

#[test]
fn broken_deflate_data() {
    let built = sound();
    let message = broken_content(&built.clone().patch(built.locals[1] + 37, &[0xFF; 4]));
    assert!(message.contains("broken compressed data"), "{message}");
}

#[test]
fn a_stream_shorter_or_longer_than_declared() {
    let built = build(&[deflated("a", &[7; 500])]);
    let declared = 501_u32.to_le_bytes();
    let fewer = built.clone().patch(built.locals[0] + 22, &declared).patch(built.records[0] + 24, &declared);
    assert!(broken_content(&fewer).ends_with("it unpacks to fewer bytes than declared"));

    let mut padded = deflated("a", &[7; 500]);
    padded.content = crate::builder::deflate(&padded.content);
    padded.content.push(0);
    padded.deflated = false;
    let built = build(&[padded]);
    let (size, crc) = (500_u32.to_le_bytes(), crc32fast::hash(&[7; 500]).to_le_bytes());
    let (local, record) = (built.locals[0], built.records[0]);
    let built = built.patch(local + 8, &[8]).patch(local + 14, &crc).patch(local + 22, &size);
    let built = built.patch(record + 10, &[8]).patch(record + 16, &crc).patch(record + 24, &size);
    assert!(broken_content(&built).ends_with("it ends before the declared compressed size"));
}

#[test]
fn too_long_to_be_held_in_memory() {
    let built = sound();
    let archive = Archive::read(&built.bytes, &Limits::default()).unwrap();
    let message = archive.read_entry("a.txt", 4).unwrap_err().to_string();
    assert!(message.ends_with("5 bytes unpacked, at most 4 are accepted here"), "{message}");
    assert_eq!(archive.read_entry("none", 4).unwrap_err().to_string(), "entry \"none\" is missing");
}

#[test]
fn a_caller_can_stop() {
    let built = sound();
    let archive = Archive::read(&built.bytes, &Limits::default()).unwrap();
    assert!(matches!(archive.check_contents(2, &|_| false), Err(Error::Stopped)));
}
