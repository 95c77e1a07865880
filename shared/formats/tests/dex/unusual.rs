//! Layouts that no common tool writes and that the platform accepts.

use formats::dex::{Dex, dump, same_code};
use formats::limits::Limits;

use crate::builder::{Item, Piece, bytes, kind, shorts, ulebs, words};
use crate::sample::{LARGE, SMALL};
use crate::strip::{parse, strip};

#[test]
fn sections_in_any_order() {
    for (moved, before) in [
        (kind::CLASS_DATA, kind::CODE),
        (kind::STRING_DATA, kind::STRING_ID),
        (kind::MAP, kind::CODE),
        (kind::HIDDEN_API, kind::TYPE_ID),
        (kind::CLASS_DEF, kind::DIRECTORY),
        (kind::DEBUG_INFO, kind::CODE),
        (kind::METHOD_HANDLE, kind::MAP),
    ] {
        for sample in [SMALL, LARGE] {
            let mut layout = sample.layout();
            layout.before(moved, before);
            let built = layout.build();
            let (out, stripped) = strip(&built.bytes);
            assert_eq!(stripped, strip(&sample.build().bytes).1);
            same_code(&sample.build().bytes, &out, &Limits::default()).unwrap();
        }
    }
}

#[test]
fn class_data_before_the_code_moves_behind_it() {
    let mut layout = SMALL.layout();
    layout.before(kind::CLASS_DATA, kind::CODE);
    let built = layout.build();
    let written = parse(&built.bytes).to_bytes().unwrap();
    assert_ne!(written, built.bytes);
    same_code(&built.bytes, &written, &Limits::default()).unwrap();
    assert_eq!(parse(&written).to_bytes().unwrap(), written);
}

#[test]
fn bytes_behind_the_last_item_stay() {
    let mut layout = SMALL.layout();
    layout.trailing = b"hidden payload".to_vec();
    let (out, _) = strip(&layout.build().bytes);
    assert!(out.ends_with(b"hidden payload"));
    let difference = same_code(&layout.build().bytes, &SMALL.build().bytes, &Limits::default()).unwrap_err();
    assert_eq!(difference.to_string(), "bytes behind the last item: 14 became 0");
}

#[test]
fn holes_of_zeros_between_sections_close() {
    let mut layout = SMALL.layout();
    // A hole can only be made from an item of zeros that the map then does not count.
    layout.section(kind::SET_LIST).push(vec![words(&[0; 20])]);
    let built = layout.build();
    let line = built.map_line(kind::SET_LIST) + 4;
    let built = built.patch(line, &1_u32.to_le_bytes());
    let written = parse(&built.bytes).to_bytes().unwrap();
    assert_eq!(written, SMALL.build().bytes);
}

#[test]
fn numbers_that_take_more_bytes_than_they_need() {
    let mut layout = SMALL.layout();
    let items: &mut Vec<Item> = layout.section(kind::ARRAY);
    let Some(Piece::Bytes(values)) = items[0].first_mut() else { panic!("bytes") };
    assert_eq!(values[0], 1);
    // The array's size in three bytes, the string's index in four.
    let index = u32::from(values[2]);
    *values = [&[0x81, 0x80, 0x00, 0x77][..], &index.to_le_bytes()].concat();
    let built = layout.build();
    let (out, _) = strip(&built.bytes);
    assert_eq!(out, strip(&SMALL.build().bytes).0);
}

#[test]
fn sections_that_the_map_counts_as_empty() {
    let mut layout = SMALL.layout();
    layout.sections.retain(|(kind, _)| !matches!(*kind, kind::HIDDEN_API));
    let plain = layout.build();
    layout.sections.insert(layout.sections.len() - 1, (kind::HIDDEN_API, vec![vec![words(&[0])]]));
    let built = layout.build();
    let line = built.map_line(kind::HIDDEN_API) + 4;
    let built = built.patch(line, &[0; 4]);
    assert_eq!(parse(&built.bytes).to_bytes().unwrap(), plain.bytes);
}

/// Instructions as a packer leaves them: no opcode, indices of nothing, half an instruction, tables without an end.
#[test]
fn code_that_cannot_be_decoded_keeps_its_indices() {
    for junk in [
        &[0x003e, 0, 0][..],
        &[0x0073, 0, 0],
        &[0x00f0, 0, 0],
        &[0x001c, 0xfffe, 0x000e],
        &[0x001a, 0xfffe, 0x000e],
        &[0x001b, 0xfffe, 0x7fff],
        &[0x000e, 0x000e, 0x001a],
        &[0x0100, 0xffff, 0x0000],
        &[0x0200, 0x0001, 0x0000],
        &[0x0300, 0xffff, 0xffff],
    ] {
        let mut layout = LARGE.layout();
        layout.section(kind::CODE)[2][2] = shorts(junk);
        let built = layout.build();
        let (out, stripped) = strip(&built.bytes);
        assert_eq!((stripped.strings, stripped.types, stripped.pools_kept), (0, 0, true), "{junk:x?}");
        let code = |bytes: &[u8]| {
            bytes.windows(6).any(|window| window == junk.iter().flat_map(|unit| unit.to_le_bytes()).collect::<Vec<_>>())
        };
        assert!(code(&out), "{junk:x?}");
        assert!(!dump(&parse(&out)).unwrap().contains("debug information"));
    }
}

#[test]
fn a_file_without_classes() {
    let mut layout = SMALL.layout();
    layout.sections.retain(|(kind, _)| matches!(*kind, kind::STRING_ID | kind::STRING_DATA | kind::MAP));
    let built = layout.build();
    assert_eq!(parse(&built.bytes).strip_debug_info().unwrap(), None);
    assert_eq!(parse(&built.bytes).class_descriptors().count(), 0);
    layout.sections.retain(|(kind, _)| *kind == kind::MAP);
    let built = layout.build();
    assert_eq!(parse(&built.bytes).strip_debug_info().unwrap(), None);
    assert_eq!(parse(&built.bytes).to_bytes().unwrap(), built.bytes);
}

/// Whatever is left of the tables is still counted right if debug information was all there was.
#[test]
fn nothing_but_debug_information() {
    let mut layout = SMALL.layout();
    layout.sections.retain(|(kind, _)| {
        matches!(*kind, kind::STRING_ID | kind::TYPE_ID | kind::STRING_DATA | kind::DEBUG_INFO | kind::MAP)
    });
    let all = ulebs(&[1, 0]);
    let types = layout.section(kind::TYPE_ID).len() as u32;
    let strings = layout.section(kind::STRING_ID).len() as u32;
    let locals: Vec<u32> = (0..strings).flat_map(|string| [3, 1, string + 1, string % types + 1]).collect();
    *layout.section(kind::DEBUG_INFO) = vec![vec![all, ulebs(&locals), bytes([0])]];
    let (out, stripped) = strip(&layout.build().bytes);
    assert_eq!((stripped.strings, stripped.types), (strings, types));
    assert_eq!(dump(&parse(&out)).unwrap(), "DEX 039, 140 bytes\n  0x0000 1 × header_item\n  0x0070 1 × map_list\n");
}

#[test]
fn annotations_that_are_nowhere() {
    let built = SMALL.build();
    for (kind, number, at) in
        [(kind::SET, 0, 4), (kind::SET_LIST, 0, 4), (kind::DIRECTORY, 0, 0), (kind::DIRECTORY, 0, 36)]
    {
        let place = built.place(kind, number) + at;
        let (out, _) = strip(&built.clone().patch(place, &[0; 4]).bytes);
        assert_ne!(dump(&parse(&out)).unwrap(), dump(&parse(&strip(&built.bytes).0)).unwrap());
    }
}

#[test]
fn every_version_is_read() {
    for version in [b"035", b"037", b"038", b"039", b"040"] {
        let mut layout = SMALL.layout();
        layout.version = version;
        let built = layout.build();
        let (out, _) = strip(&built.bytes);
        assert_eq!(&out[4..7], version);
        let number: u8 = std::str::from_utf8(version).unwrap().parse().unwrap();
        assert_eq!(Dex::parse(&out, &Limits::default()).unwrap().version(), number);
    }
}

#[test]
fn a_wrong_signature_is_told_and_made_right() {
    use formats::dex::Header;
    let built = SMALL.build();
    assert!(Header::check(&built.bytes).unwrap().signature_matches);
    let mut bytes = built.bytes.clone();
    bytes[12..32].fill(7);
    let sum = adler32(&bytes[12..]);
    bytes[8..12].copy_from_slice(&sum.to_le_bytes());
    assert!(!Header::check(&bytes).unwrap().signature_matches);
    assert_eq!(parse(&bytes).to_bytes().unwrap(), built.bytes);
    same_code(&bytes, &built.bytes, &Limits::default()).unwrap();
    let difference = same_code(&built.bytes, &bytes, &Limits::default()).unwrap_err();
    assert_eq!(difference.to_string(), "signature: right became wrong");
}

pub(crate) fn adler32(bytes: &[u8]) -> u32 {
    let (low, high) = bytes.iter().fold((1_u32, 0_u32), |(low, high), byte| {
        let low = (low + u32::from(*byte)) % 65_521;
        (low, (high + low) % 65_521)
    });
    (high << 16) | low
}
