//! JAR signatures: the input is the CMS signature under right texts, and cut in two the texts before any signature.
#![no_main]

use std::sync::LazyLock;

use formats::limits::Limits;
use formats::zip::{Archive, Attributes, Method, Writer};
use libfuzzer_sys::fuzz_target;
use signing::Signer;
use signing::apk::{DigestKind, Platforms, Schemes, v1, verify_apk};
use signing::generate::{NewKey, self_signed_pkcs12};

const ENTRY: (&str, &[u8]) = ("classes.dex", b"dex");

/// Manifest, signature file and signature of the one entry.
static RIGHT: LazyLock<[Vec<u8>; 3]> = LazyLock::new(|| {
    let keystore = self_signed_pkcs12("Fuzz", "secret", "key", NewKey::P256, 1_700_000_000, 30).expect("a keystore");
    let signer = Signer::from_pkcs12(&keystore, "secret", None).expect("a key");
    let mut hasher = DigestKind::Sha256.hasher();
    hasher.update(ENTRY.1);
    let digest = hasher.finish();
    let schemes = Schemes { v1: true, v2: false, v3: false };
    let files = v1::sign([(ENTRY.0, digest.as_slice())], &signer, 18, schemes).expect("a signature");
    let contents: Vec<_> = files.into_iter().map(|(_, content)| content).collect();
    contents.try_into().expect("three files")
});

fuzz_target!(|input: &[u8]| {
    let [manifest, signature_file, signature] = &*RIGHT;
    verify([manifest, signature_file, input]);
    // Texts have no bytes of zero.
    let cut = input.iter().position(|byte| *byte == 0).unwrap_or(input.len());
    let (one, other) = input.split_at(cut);
    verify([one, other.get(1..).unwrap_or_default(), signature]);
    verify([manifest, input, signature]);
});

fn verify(contents: [&[u8]; 3]) {
    let mut writer = Writer::new(Vec::new());
    let names = ["META-INF/MANIFEST.MF", "META-INF/CERT.SF", "META-INF/CERT.EC"];
    for (name, content) in [ENTRY].into_iter().chain(names.into_iter().zip(contents)) {
        writer.add(name, Method::Stored, Attributes::default(), content).expect("an entry");
    }
    let (mut package, tail) = writer.finish(b"").expect("an archive");
    tail.write(&mut package).expect("an archive");
    let archive = Archive::read(&package, &Limits::default()).expect("an archive");
    for min_sdk in [1, 18, 24] {
        let _ = verify_apk(&archive, Platforms { min_sdk, target_sdk: 26 }, &|_| true);
    }
}
