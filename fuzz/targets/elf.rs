//! Any bytes as a library: strip it. What comes out must be the same library, with nothing left to strip.
#![no_main]

use formats::elf::{Piece, dump, same_image, strip};
use formats::limits::Limits;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits::default();
    let described = dump(&bytes, &limits);
    let Ok(Some(stripped)) = strip(&bytes, &limits) else { return };
    assert!(described.is_ok());
    let mut after = Vec::new();
    for piece in &stripped.pieces {
        match piece {
            Piece::Copy(range) => after.extend(&bytes[range.start as usize..range.end as usize]),
            Piece::Bytes(more) => after.extend(more),
            Piece::Zeros(count) => after.resize(after.len() + *count as usize, 0),
        }
    }
    assert_eq!(after.len() as u64, stripped.len);
    same_image(&bytes, &after, &limits).expect("the same library");
    assert_eq!(strip(&after, &limits).expect("our own output is accepted"), None);
});
