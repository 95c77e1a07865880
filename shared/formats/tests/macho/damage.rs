//! Cut off, flipped, and any bytes at all: an answer each time, and never another binary.

use formats::limits::Limits;
use formats::macho::{Binary, is_macho, same_image};
use proptest::prelude::*;

use crate::builder::{Built, fat, plan};
use crate::support::rewrite;

/// Whatever is accepted, what comes out is the same binary, and our own output is accepted and left as it is.
fn check(bytes: &[u8]) {
    for strip in [false, true] {
        let Ok((after, _)) = rewrite(&bytes, strip) else { continue };
        let (again, remade) = rewrite(&after, strip).expect("our own output is accepted");
        assert_eq!((again == after, remade.removed.len()), (true, 0));
    }
}

fn samples() -> [Built; 3] {
    let mut debug = plan(true);
    debug.debug = true;
    debug.signature = None;
    [plan(false).build(), plan(true).build(), debug.build()]
}

#[test]
fn truncated_at_every_length() {
    for built in samples() {
        for length in 0..built.bytes.len() {
            assert!(rewrite(&&built.bytes[..length], true).is_err(), "{length}");
        }
    }
}

#[test]
fn every_byte_of_the_load_commands_flipped() {
    for built in samples() {
        for offset in 0..built.commands_end {
            for mask in [0x01, 0x80, 0xFF] {
                let changed = built.bytes[offset] ^ mask;
                check(&built.clone().patch(offset, &[changed]).bytes);
            }
        }
    }
}

#[test]
fn every_byte_of_the_tables_flipped() {
    for built in samples() {
        for offset in crate::builder::LINKEDIT..built.bytes.len() {
            let changed = built.bytes[offset] ^ 0xFF;
            check(&built.clone().patch(offset, &[changed]).bytes);
        }
    }
}

#[test]
fn every_byte_of_the_table_of_slices_flipped() {
    let [first, second, _] = samples();
    for wide in [false, true] {
        let whole = fat(&[&first.bytes, &second.bytes], 5, wide);
        for offset in 0..72 {
            for mask in [0x01, 0x80, 0xFF] {
                let mut bytes = whole.clone();
                bytes[offset] ^= mask;
                check(&bytes);
            }
        }
    }
}

/// The comparison must not take longer than reading, whatever the names are.
#[test]
fn a_million_names_in_one() {
    let mut many = plan(true);
    many.symbols = vec![crate::builder::symbol("_secret_local", 0x0E, 0); 200_000];
    many.indirect = vec![];
    let built = many.build();
    let table = built.field("symtab", 8) as usize;
    let (strings, length) = (built.field("symtab", 16) as usize, built.field("symtab", 20) as usize);
    let mut bytes = built.bytes.clone();
    bytes[strings + 1..strings + length - 1].fill(b'a');
    for number in 0..200_000 {
        bytes[table + number * 16..][..4].copy_from_slice(&(number as u32 + 1).to_le_bytes());
    }
    let _ = rewrite(&bytes, false);
    let mut other = bytes.clone();
    other[strings + length - 2] = b'b';
    assert!(same_image(&bytes, &other, &Limits::default()).is_err());
}

proptest! {
    #[test]
    fn any_bytes_end_in_an_answer(bytes in prop::collection::vec(any::<u8>(), 0..600), wide in any::<bool>()) {
        let _ = is_macho(&bytes);
        let _ = Binary::read(&bytes);
        let mut with_magic = plan(wide).build().bytes[..32].to_vec();
        with_magic.extend(bytes);
        check(&with_magic);
    }

    #[test]
    fn any_load_commands_end_in_an_answer(
        number in 0_usize..3,
        changes in prop::collection::vec((0_usize..200, prop_oneof![0_u32..0x1800, any::<u32>()]), 1..8),
    ) {
        let mut built = samples()[number].clone();
        for (field, value) in changes {
            let at = 28 + field * 4;
            if at + 4 <= built.commands_end {
                built = built.patch(at, &value.to_le_bytes());
            }
        }
        check(&built.bytes);
    }
}
