//! Cut off, flipped, and any bytes at all: an answer each time, and never another library.

use formats::elf::{dump, same_image, strip};
use formats::limits::Limits;
use proptest::prelude::*;

use crate::builder::*;

/// Whatever `strip` accepts, what comes out is the same library.
fn check(bytes: &[u8]) {
    let limits = Limits::default();
    let _ = dump(&bytes, &limits);
    if let Ok(Some(stripped)) = strip(&bytes, &limits) {
        let after = apply(&bytes, &stripped);
        same_image(&bytes, &after, &limits).expect("the same library");
        assert_eq!(strip(&after, &limits).expect("our own output is accepted"), None);
    }
}

#[test]
fn truncated_at_every_length() {
    for wide in [false, true] {
        let bytes = library(wide).bytes;
        for length in 0..bytes.len() {
            assert!(strip(&&bytes[..length], &Limits::default()).is_err(), "{length}");
        }
    }
}

#[test]
fn every_byte_of_the_headers_flipped() {
    for wide in [false, true] {
        let built = library(wide);
        let contents = built.contents[1]..built.contents[12];
        for offset in (0..built.bytes.len()).filter(|offset| !contents.contains(offset)) {
            for mask in [0x01, 0x80, 0xFF] {
                let changed = built.bytes[offset] ^ mask;
                check(&built.clone().patch(offset, &[changed]).bytes);
            }
        }
    }
}

/// Sixty-five thousand sections, all over each other: work that grows with the square of their number would not end.
#[test]
fn as_many_sections_as_there_can_be() {
    let mut built = library(true);
    let count = 0xFEFF_u16;
    let symbols = built.bytes[built.headers[10]..][..64].to_vec();
    let comment = built.bytes[built.headers[5]..][..64].to_vec();
    for number in built.headers.len()..usize::from(count) {
        built.bytes.extend(if number % 2 == 0 { &symbols } else { &comment });
    }
    let built = built.patch(60, &count.to_le_bytes());
    check(&built.bytes);
    same_image(&built.bytes, &built.bytes, &Limits::default()).unwrap();
}

proptest! {
    #[test]
    fn any_bytes_end_in_an_answer(bytes in prop::collection::vec(any::<u8>(), 0..600), wide in any::<bool>()) {
        check(&bytes);
        let mut with_magic = library(wide).bytes[..16].to_vec();
        with_magic.extend(bytes);
        check(&with_magic);
    }

    #[test]
    fn any_section_headers_end_in_an_answer(
        wide in any::<bool>(),
        changes in prop::collection::vec((0_usize..14, 0_usize..16, prop_oneof![0_u32..2000, any::<u32>()]), 1..12),
    ) {
        let mut built = library(wide);
        for (section, field, value) in changes {
            let at = built.headers[section.min(built.headers.len() - 1)] + field * 4;
            if at + 4 <= built.bytes.len() {
                built = built.patch(at, &value.to_le_bytes());
            }
        }
        check(&built.bytes);
    }
}
