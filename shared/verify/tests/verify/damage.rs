//! One changed byte, wherever it stands, and every truncation.

use crate::package::{archive, check, items, protected, signer};

#[test]
fn the_engines_output_passes_every_check() {
    let input = archive(&items());
    let passed = check(&input, &protected(&input, Some(signer()))).unwrap();
    let names: Vec<&str> = passed.checks.iter().map(|passed| passed.check.name()).collect();
    assert_eq!(names, ["structure", "alignment", "signatures", "identity", "entries", "contents", "controls"]);
}

#[test]
fn a_changed_byte_anywhere_is_detected() {
    let input = archive(&items());
    let output = protected(&input, Some(signer()));
    for position in 0..output.len() {
        let mut changed = output.clone();
        changed[position] ^= 1 << (position % 8);
        assert!(check(&input, &changed).is_err(), "byte {position} of {}", output.len());
    }
}

#[test]
fn truncation_at_any_length_is_detected() {
    let input = archive(&items());
    let output = protected(&input, Some(signer()));
    for length in 0..output.len() {
        assert!(check(&input, &output[..length]).is_err(), "{length}");
    }
}
