//! Cut off, flipped, and any bytes at all: an answer each time.

use formats::limits::Limits;
use formats::plist::read;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::builder::*;

/// One object of each kind.
fn small() -> [Vec<u8>; 2] {
    let value = accepted(xml(
        "<dict><key>a</key><array><integer>1</integer><real>1.5</real><true/><date>2026-01-01T00:00:00Z</date></array>\
         <key>ä</key><dict><key>b</key><data>AAEC</data></dict><key>c</key><string>&lt;text&#x21;</string></dict>",
    ));
    let mut forms = [Vec::new(), Vec::new()];
    value.to_writer_xml(&mut forms[0]).unwrap();
    value.to_writer_binary(&mut forms[1]).unwrap();
    forms
}

#[test]
fn truncated_at_every_length() {
    for whole in small() {
        let end = whole.trim_ascii_end().len();
        for length in 0..end {
            assert!(read(&whole[..length], &Limits::default()).is_err(), "{length} of {}", whole.len());
        }
    }
}

#[test]
fn every_byte_flipped() {
    for whole in small() {
        for at in 0..whole.len() {
            for mask in [0x01, 0x10, 0x80, 0xff] {
                let mut damaged = whole.clone();
                damaged[at] ^= mask;
                let _ = read(&damaged, &Limits::default());
            }
        }
    }
}

proptest! {
    #[test]
    fn damaged_lists_end_in_an_answer(
        form in 0_usize..2,
        damage in vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut bytes = small()[form].clone();
        for (at, byte) in damage {
            *at.get_mut(&mut bytes) = byte;
        }
        let _ = read(&bytes, &Limits::default());
    }

    #[test]
    fn any_objects_end_in_an_answer(objects in vec(vec(any::<u8>(), 1..12), 1..12)) {
        let objects: Vec<&[u8]> = objects.iter().map(Vec::as_slice).collect();
        let _ = read(&binary(&objects), &Limits::default());
    }

    #[test]
    fn any_bytes_end_in_an_answer(bytes in vec(any::<u8>(), 0..200)) {
        let _ = read(&bytes, &Limits::default());
        let _ = read(&[b"bplist00", bytes.as_slice()].concat(), &Limits::default());
        let _ = read(xml(&String::from_utf8_lossy(&bytes)).as_bytes(), &Limits::default());
    }
}
