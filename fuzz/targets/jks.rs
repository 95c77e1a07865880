//! Keystores in Java's own form, under a digest that is right: what a customer uploads as a signing key.
#![no_main]

use libfuzzer_sys::fuzz_target;
use signing::Signer;
use signing::apk::DigestKind;

fuzz_target!(|content: &[u8]| {
    let password: Vec<u8> = "secret".encode_utf16().flat_map(u16::to_be_bytes).collect();
    let mut hasher = DigestKind::Sha1.hasher();
    [password.as_slice(), b"Mighty Aphrodite", content].into_iter().for_each(|part| hasher.update(part));
    let keystore = [content, &hasher.finish()].concat();
    let _ = Signer::from_keystore(&keystore, "secret", None, None);
});
