//! Scheme v1: what is made here passes apksigner on every platform version, and the text is as the format wants it.

mod support;

use signing::apk::{Scheme, Schemes};
use signing::generate::NewKey;
use support::{TinyZip, installed, must_run, signer, write};

/// Names whose lines must be cut, also within characters, and folders.
const LONG: &str = "assets/a-name-that-does-not-fit-on-one-line-of-seventy-two-bytes/and-goes-on-behind-it/end.bin";
const UMLAUTS: &str =
    "assets/äöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöü日本語日本語日本語日本語.txt";
const FILES: [(&str, &[u8]); 7] = [
    ("META-INF/services/one", b"one"),
    ("META-INF/", b""),
    ("classes.dex", b"dex\n035\0"),
    ("AndroidManifest.xml", b"<manifest/>"),
    (LONG, b"long"),
    (UMLAUTS, b"umlauts"),
    ("res/", b""),
];

#[test]
fn apksigner_accepts_it_on_every_platform_version() {
    if !installed(&["apksigner"]) {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    for kind in [NewKey::Rsa2048, NewKey::Rsa4096, NewKey::P256, NewKey::P384] {
        let signer = signer(kind);
        for min_sdk in [1, 17, 18, 23] {
            if matches!(kind, NewKey::P256 | NewKey::P384) && min_sdk < 18 {
                continue;
            }
            for schemes in [Schemes::for_min_sdk(min_sdk), Schemes { v1: true, v2: false, v3: false }] {
                let package = TinyZip::signed_v1(&FILES, &signer, min_sdk, schemes);
                write(folder.path(), "app.apk", &package);
                let text =
                    must_run(folder.path(), &format!("apksigner verify -v --min-sdk-version {min_sdk} @/app.apk"));
                assert!(text.contains("v1 scheme (JAR signing): true"), "{text}");
                assert!(text.contains(&format!("v2): {}", schemes.v2)), "{text}");
                let signatures = support::verify_from(&package, min_sdk).expect("accepted here too");
                assert_eq!(signatures.schemes().first(), Some(&Scheme::V1));
                assert_eq!(signatures.certificates_sha256(), [signer.certificate_sha256()]);
            }
        }
    }
}
