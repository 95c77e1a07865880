//! Copying, replacing and aligning entries.

use formats::limits::Limits;
use formats::zip::{Archive, Attributes, Method, Writer};
use proptest::prelude::*;

use crate::builder::{Item, build, build_with, deflated, stored};

/// Copies every entry.
fn rewrite(bytes: &[u8]) -> Vec<u8> {
    let archive = Archive::read(&bytes, &Limits::default()).unwrap();
    let mut writer = Writer::new(Vec::new());
    for entry in archive.entries() {
        writer.copy(&archive, entry).unwrap();
    }
    let (mut out, tail) = writer.finish(archive.comment()).unwrap();
    tail.write(&mut out).unwrap();
    out
}

fn sample() -> Vec<u8> {
    let descriptor = Item { descriptor: Some(true), ..deflated("classes.dex", &[5; 3000]) };
    let odd = Item { extra: vec![0; 3], ..stored("assets/odd", b"123") };
    let items =
        [stored("a", b"1"), descriptor, odd, stored("lib/arm64-v8a/libx.so", &[9; 100]), deflated("ü/ö", &[0xE4])];
    build_with(b"", &items, b"undeclared bytes", b"a comment").bytes
}

#[test]
fn a_written_archive_is_rewritten_byte_for_byte() {
    let once = rewrite(&sample());
    assert_eq!(rewrite(&once), once);
    assert_eq!(rewrite(&sample()), once);
}

#[test]
fn contents_order_comment_and_attributes_stay() {
    let (before, after) = (sample(), rewrite(&sample()));
    let before = Archive::read(&before, &Limits::default()).unwrap();
    let after = Archive::read(&after, &Limits::default()).unwrap();
    assert_eq!(before.comment(), after.comment());
    assert_eq!(before.entries().len(), after.entries().len());
    for (old, new) in before.entries().iter().zip(after.entries()) {
        assert_eq!((&old.name, old.method, old.attributes), (&new.name, new.method, new.attributes));
        assert_eq!(before.read_entry(&old.name, 1 << 20).unwrap(), after.read_entry(&new.name, 1 << 20).unwrap());
    }
}

#[test]
fn nothing_undeclared_stands_between_entries() {
    let after = rewrite(&sample());
    let archive = Archive::read(&after, &Limits::default()).unwrap();
    assert!(archive.gaps().is_empty());
    assert!(archive.entries().iter().all(|entry| entry.flags & (1 << 3) == 0));
}

#[test]
fn stored_entries_are_aligned() {
    let after = rewrite(&sample());
    let archive = Archive::read(&after, &Limits::default()).unwrap();
    for entry in archive.entries().iter().filter(|entry| entry.method == Method::Stored) {
        let alignment = if entry.name.ends_with(".so") { 16_384 } else { 4 };
        assert_eq!(entry.data_offset % alignment, 0, "{}", entry.name);
    }
}

#[test]
fn an_entry_can_be_stored_or_replaced() {
    let bytes = build(&[deflated("resources.arsc", &[1; 700]), stored("m", b"old")]).bytes;
    let archive = Archive::read(&bytes, &Limits::default()).unwrap();
    let mut writer = Writer::new(Vec::new());
    writer.copy_stored(&archive, archive.entry("resources.arsc").unwrap(), "resources.arsc").unwrap();
    writer.add("m", Method::Deflated, archive.entry("m").unwrap().attributes, &[2; 800]).unwrap();
    writer.add("neu/ß", Method::Stored, Attributes::default(), b"").unwrap();
    let (mut out, tail) = writer.finish(b"").unwrap();
    tail.write(&mut out).unwrap();

    let after = Archive::read(&out, &Limits::default()).unwrap();
    let stored = after.entry("resources.arsc").unwrap();
    assert_eq!((stored.method, stored.data_offset % 4), (Method::Stored, 0));
    assert_eq!(after.read_entry("resources.arsc", 700).unwrap(), [1; 700]);
    assert_eq!(after.read_entry("m", 800).unwrap(), [2; 800]);
    after.check_contents(2, &|_| true).unwrap();
}

#[test]
fn the_directory_can_stand_behind_a_block() {
    let bytes = sample();
    let archive = Archive::read(&bytes, &Limits::default()).unwrap();
    let mut writer = Writer::new(Vec::new());
    writer.copy(&archive, archive.entry("a").unwrap()).unwrap();
    let (mut out, tail) = writer.finish(b"").unwrap();
    let start = tail.entries_end;
    out.extend([0xAB; 100]);
    out.extend(tail.directory());
    out.extend(tail.end(start + 100).unwrap());
    let after = Archive::read(&out, &Limits::default()).unwrap();
    assert_eq!(after.before_directory(), start..start + 100);
}

fn items() -> impl Strategy<Value = Vec<Item>> {
    let item = ("[a-zäß/]{0,6}", prop::collection::vec(any::<u8>(), 0..300), any::<bool>(), any::<Option<bool>>());
    prop::collection::vec((item, prop::collection::vec(any::<u8>(), 0..9)), 0..12).prop_map(|items| {
        let numbered = items.into_iter().enumerate();
        numbered
            .map(|(number, ((name, content, deflated, descriptor), extra))| {
                let name = format!("{number}{name}").into_bytes();
                Item { name, content, deflated, descriptor, extra }
            })
            .collect()
    })
}

proptest! {
    #[test]
    fn any_sound_archive_survives_a_rewrite(items in items(), comment in "[a-z]{0,20}") {
        let built = build_with(b"", &items, b"", comment.as_bytes());
        let once = rewrite(&built.bytes);
        let after = Archive::read(&once, &Limits::default()).unwrap();
        after.check_contents(2, &|_| true).unwrap();
        prop_assert_eq!(after.entries().len(), items.len());
        for (entry, item) in after.entries().iter().zip(&items) {
            prop_assert_eq!(entry.name.as_bytes(), &item.name[..]);
            prop_assert_eq!(&after.read_entry(&entry.name, 1 << 20).unwrap(), &item.content);
        }
        prop_assert_eq!(rewrite(&once), once);
    }

    #[test]
    fn any_bytes_end_in_an_answer(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = Archive::read(&bytes, &Limits::default());
    }
}
