//! Any bytes as a Mach-O binary: make room for a signature, with and without symbols. What comes out must be the same image, with
//! nothing left to strip.
#![no_main]

use formats::limits::Limits;
use formats::macho::{Binary, Remake, is_macho, remake, same_image};
use formats::piece::copy_pieces;
use libfuzzer_sys::fuzz_target;

/// The bytes with signatures of zeros, and whether something was removed; `None` where they are refused.
fn rewrite(bytes: &[u8], strip: bool) -> Option<(Vec<u8>, bool)> {
    let limits = Limits::default();
    let binary = Binary::read(&bytes).ok()?;
    assert!(is_macho(bytes));
    let remade = remake(&bytes, &binary, Remake { strip }, &limits).ok()?;
    let layout = remade.layout(&vec![64; remade.slices.len()]).ok()?;
    let mut after = Vec::new();
    for placed in &layout.slices {
        copy_pieces(&bytes, &placed.lead, &mut after).expect("memory");
        copy_pieces(&bytes, &placed.code, &mut after).expect("memory");
        assert_eq!(after.len() as u64, placed.signature.start);
        after.resize(placed.signature.end as usize, 0);
    }
    assert_eq!(after.len() as u64, layout.len);
    same_image(&bytes, &after, &limits).expect("the same image");
    Some((after, !remade.removed.is_empty()))
}

fuzz_target!(|bytes: &[u8]| {
    for strip in [false, true] {
        let Some((after, _)) = rewrite(bytes, strip) else { continue };
        assert_eq!(rewrite(&after, strip).expect("our own output is accepted"), (after, false));
    }
});
