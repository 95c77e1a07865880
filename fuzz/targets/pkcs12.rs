//! Keystores: what a customer uploads as a signing key.
#![no_main]

use libfuzzer_sys::fuzz_target;
use signing::Signer;

fuzz_target!(|keystore: &[u8]| {
    let _ = Signer::from_pkcs12(keystore, "secret", None);
});
