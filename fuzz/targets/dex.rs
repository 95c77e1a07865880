//! Any bytes as a DEX file, with a length and a checksum that are right: what is accepted can be written anew and stripped, and both
//! results mean the same.
#![no_main]

use formats::dex::{Dex, Header, dump, same_code};
use formats::limits::Limits;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut bytes = bytes.to_vec();
    if bytes.len() >= 36 {
        let length = bytes.len() as u32;
        bytes[32..36].copy_from_slice(&length.to_le_bytes());
        let sum = adler32(&bytes[12..]);
        bytes[8..12].copy_from_slice(&sum.to_le_bytes());
    }
    let limits = Limits::default();
    let _ = Header::check(&bytes);
    let Ok(dex) = Dex::parse(&bytes, &limits) else { return };
    // What many classes share is shown for each of them.
    if bytes.len() < 8192 {
        let _ = dump(&dex).expect("an accepted file can be shown");
    }
    let _ = (dex.code_strings().count(), dex.class_descriptors().count(), dex.references_method("LA;", "a"));
    let rewritten = dex.to_bytes().ok();
    let stripped = dex.strip_debug_info().expect("an accepted file can be stripped").map(|(out, _)| out);
    for out in rewritten.iter().chain(&stripped) {
        assert!(out.len() <= bytes.len());
        assert!(Header::check(out).expect("our own output is accepted").signature_matches);
        same_code(&bytes, out, &limits).expect("our own output means the same");
    }
    if let Some(out) = stripped {
        let again = Dex::parse(&out, &limits).expect("our own output is accepted");
        assert!(again.strip_debug_info().expect("our own output can be stripped").is_none());
    }
});

fn adler32(bytes: &[u8]) -> u32 {
    let (low, high) = bytes.iter().fold((1, 0), |(low, high), byte| {
        let low = (low + u32::from(*byte)) % 65_521;
        (low, (high + low) % 65_521)
    });
    (high << 16) | low
}
