//! What is not edited stays as it was, and what is built from the parts is the same again.

use formats::axml::{Document, dump};
use formats::limits::Limits;

use crate::builder::*;

/// Adds a child with a name that the pool has and takes it away again: the document is then built from its parts.
fn rebuilt(document: &Document) -> Vec<u8> {
    let mut document = document.clone();
    let root = document.root().unwrap();
    let child = document.insert_child(root, &document.name(root)).unwrap();
    document.remove_element(child).unwrap();
    assert!(document.is_edited());
    document.to_bytes()
}

#[test]
fn golden_dump() {
    insta::assert_snapshot!(dump(&parse(&sample(Encoding::Utf16))), @r#"
    pool: UTF-16, 18 strings, 0 styles
    map:
      0x0101021b versionCode
      0x0101020c minSdkVersion
      0x01010001 label
      0x01010003 name
      0x01010280 allowBackup
    N: android=http://schemas.android.com/apk/res/android
      E: manifest (line 7)
        A: android:versionCode(0x0101021b)=12
        A: package="com.example.app"
        E: uses-sdk (line 7)
          A: android:minSdkVersion(0x0101020c)=26
        unknown chunk of 12 bytes
        E: application (line 7) (comment "the application") (id=3 class=0 style=0)
          A: android:label(0x01010001)=@0x7f010000
          A: android:name(0x01010003)=".App"
          A: android:allowBackup(0x01010280)=true
          A: package="value 😀"
          T: "text" (line 7)
          E: activity (line 7)
            A: android:name(0x01010003)=".App"
    "#);
}

#[test]
fn both_encodings_say_the_same() {
    let utf16 = dump(&parse(&sample(Encoding::Utf16)));
    assert_eq!(dump(&parse(&sample(Encoding::Utf8))), utf16.replacen("UTF-16", "UTF-8", 1));
}

#[test]
fn an_unedited_document_keeps_every_byte() {
    for encoding in [Encoding::Utf8, Encoding::Utf16] {
        let bytes = sample(encoding);
        let document = parse(&bytes);
        assert!(!document.is_edited());
        assert_eq!(document.to_bytes(), bytes);
        assert_eq!(rebuilt(&document), bytes);
    }
}

#[test]
fn bytes_beyond_the_known_fields_survive_a_rebuild() {
    let mut pool = pool(Encoding::Utf8, &["root", "name"]);
    let (header, body) = pool[8..].split_at(20);
    let mut header = header.to_vec();
    header[12] += 8; // the strings start behind the longer header
    header.extend([1; 8]);
    pool = chunk(0x0001, &header, body);
    let mut body = words(&[NONE, 0]);
    body.extend([24_u16, 28, 1, 0, 0, 0].iter().flat_map(|field| field.to_le_bytes()));
    body.extend([2; 4]);
    body.extend(words(&[NONE, 1, NONE, 8 | u32::from(INT) << 24, 5]));
    body.extend([3; 8]);
    body.extend([4; 12]);
    let start = chunk(0x0102, &[words(&[9, NONE]), vec![5; 4]].concat(), &body);
    let end = chunk(0x0103, &words(&[9, NONE]), &words(&[NONE, 0, 0xdead_beef]));
    let inner = [pool, chunk(0x0180, &[6; 4], &[]), start, end].concat();
    let bytes = [chunk(0x0003, &[7; 4], &inner), vec![8; 5]].concat();
    let document = parse(&bytes);
    assert_eq!(document.to_bytes(), bytes);
    assert_eq!(rebuilt(&document), bytes);
}

#[test]
fn styles_survive_a_rebuild() {
    let styles = [2, 0, 3, NONE, 3, 1, 1, NONE, NONE, NONE];
    let pool = styled_pool(Encoding::Utf16, &["bold text", "more", "b", "i", "root"], &[0, 16], &styles);
    let bytes = xml(&[pool, start(4, &[]), end(4)]);
    assert_eq!(rebuilt(&parse(&bytes)), bytes);
}

#[test]
fn strings_that_share_their_bytes_are_not_unshared() {
    let mut bytes = sample(Encoding::Utf16);
    let (pool_offsets, first) = (8 + 28, 0_u32);
    bytes[pool_offsets + 4 * 16..pool_offsets + 4 * 17].copy_from_slice(&first.to_le_bytes());
    let document = parse(&bytes);
    assert_eq!(document.to_bytes(), bytes);
    assert_eq!(rebuilt(&document), bytes);
}

#[test]
fn text_that_is_no_unicode_keeps_its_bytes() {
    let mut bytes = xml(&[pool(Encoding::Utf16, &["root", "x"]), start(0, &[(NONE, 0, 1, STRING, 1)]), end(0)]);
    let place = bytes.windows(6).position(|window| window == [1, 0, b'x', 0, 0, 0]).unwrap();
    bytes[place + 2..place + 4].copy_from_slice(&0xd800_u16.to_le_bytes());
    let document = parse(&bytes);
    assert!(dump(&document).contains('\u{fffd}'));
    assert_eq!(rebuilt(&document), bytes);
}

#[test]
fn every_truncation_is_refused() {
    for encoding in [Encoding::Utf8, Encoding::Utf16] {
        let bytes = sample(encoding);
        for length in 0..bytes.len() {
            assert!(Document::parse(&bytes[..length], &Limits::default()).is_err(), "cut at {length}");
        }
    }
}

#[test]
fn every_truncation_with_adjusted_sizes_is_refused() {
    let bytes = sample(Encoding::Utf16);
    for length in 8..bytes.len() {
        let mut cut = bytes[..length].to_vec();
        cut[4..8].copy_from_slice(&u32::try_from(length).unwrap().to_le_bytes());
        // The end of the namespace closes nothing that the platform would look at.
        let lacks_only_the_namespace_end = length == bytes.len() - 24;
        assert_eq!(Document::parse(&cut, &Limits::default()).is_ok(), lacks_only_the_namespace_end, "cut at {length}");
    }
}
