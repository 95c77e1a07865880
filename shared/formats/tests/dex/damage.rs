//! Cut and damaged files: refused, or read as something that can be edited like any other.

use formats::dex::{Dex, Header, dump, same_code};
use formats::limits::Limits;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::builder::seal;
use crate::sample::{LARGE, SMALL};

/// Whatever is accepted can be written anew, stripped and compared.
fn survives(bytes: &[u8]) -> bool {
    let limits = Limits::default();
    let _ = Header::check(bytes);
    let Ok(dex) = Dex::parse(bytes, &limits) else { return false };
    dump(&dex).unwrap();
    let _ = (dex.code_strings().count(), dex.class_descriptors().count());
    let compare =
        |out: &[u8]| same_code(bytes, out, &limits).map(drop).unwrap_or_else(|difference| panic!("{difference}"));
    if let Ok(out) = dex.to_bytes() {
        compare(&out);
        assert_eq!(Dex::parse(&out, &limits).unwrap().to_bytes().unwrap(), out);
    }
    if let Some((out, _)) = dex.strip_debug_info().unwrap() {
        compare(&out);
        assert!(Dex::parse(&out, &limits).unwrap().strip_debug_info().unwrap().is_none());
    }
    true
}

#[test]
fn every_truncation_is_refused() {
    let bytes = SMALL.build().bytes;
    for length in 0..bytes.len() {
        assert!(!survives(&bytes[..length]), "cut at {length}");
    }
}

#[test]
fn every_truncation_with_an_adjusted_header_is_refused() {
    let bytes = SMALL.build().bytes;
    for length in 0x70..bytes.len() {
        let mut cut = bytes[..length].to_vec();
        seal(&mut cut);
        assert!(!survives(&cut), "cut at {length}");
    }
}

#[test]
fn every_byte_damaged() {
    let bytes = SMALL.build().bytes;
    let mut accepted = 0;
    for place in 0..bytes.len() {
        for change in [|byte: u8| byte ^ 1, |byte: u8| byte ^ 0x80, |_| 0xff, |_| 0, |byte: u8| byte.wrapping_add(3)] {
            let mut damaged = bytes.clone();
            damaged[place] = change(damaged[place]);
            seal(&mut damaged);
            accepted += usize::from(survives(&damaged));
        }
    }
    assert!(accepted > 1000, "most bytes of strings and code may have any value: {accepted}");
}

#[test]
fn huge_counts_are_refused_at_once() {
    let bytes = SMALL.build().bytes;
    for place in (0..bytes.len() - 4).step_by(2) {
        for count in [u32::MAX, 0x7fff_ffff, 0x4000_0000, 0x00ff_ffff] {
            let mut damaged = bytes.clone();
            damaged[place..place + 4].copy_from_slice(&count.to_le_bytes());
            seal(&mut damaged);
            survives(&damaged);
        }
    }
}

proptest! {
    #[test]
    fn several_bytes_damaged(damage in vec((any::<prop::sample::Index>(), any::<u8>()), 1..8), large in any::<bool>()) {
        let mut bytes = if large { LARGE.build().bytes } else { SMALL.build().bytes };
        for (at, byte) in damage {
            *at.get_mut(&mut bytes) = byte;
        }
        seal(&mut bytes);
        survives(&bytes);
    }

    #[test]
    fn any_bytes(bytes in vec(any::<u8>(), 0..600)) {
        survives(&bytes);
        let mut file = SMALL.build().bytes;
        file.truncate(0x70);
        file.extend(bytes);
        seal(&mut file);
        survives(&file);
    }
}
