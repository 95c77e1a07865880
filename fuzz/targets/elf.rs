//! Any bytes as a library: strip it. What comes out must be the same library, with nothing left to strip.
#![no_main]

use formats::elf::{dump, same_image, strip};
use formats::limits::Limits;
use formats::piece::copy_pieces;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits::default();
    let described = dump(&bytes, &limits);
    let Ok(Some(stripped)) = strip(&bytes, &limits) else { return };
    assert!(described.is_ok());
    let mut after = Vec::new();
    copy_pieces(&bytes, &stripped.pieces, &mut after).expect("memory");
    assert_eq!(after.len() as u64, stripped.len);
    same_image(&bytes, &after, &limits).expect("the same library");
    assert_eq!(strip(&after, &limits).expect("our own output is accepted"), None);
});
