//! Packages with each combination of schemes, signed here and by apksigner.

use std::fs;
use std::path::Path;

use signing::Signer;
use signing::apk::Schemes;
use signing::generate::NewKey;

use crate::Package;
use crate::support::{self, PASSWORD, TinyZip, must_run, write};

const FILES: [(&str, &[u8]); 4] = [
    ("AndroidManifest.xml", b"<manifest/>"),
    ("META-INF/services/one", b"one"),
    ("assets/\u{e4}\u{f6}\u{fc}.txt", b"umlauts"),
    ("classes.dex", b"dex\n035\0"),
];

/// Schemes, and the lowest platform version that can do with them.
const COMBINATIONS: [(Schemes, u32); 6] = [
    (Schemes { v1: true, v2: false, v3: false }, 18),
    (Schemes { v1: false, v2: true, v3: false }, 24),
    (Schemes { v1: false, v2: false, v3: true }, 28),
    (Schemes { v1: false, v2: true, v3: true }, 24),
    (Schemes { v1: true, v2: true, v3: false }, 18),
    (Schemes { v1: true, v2: true, v3: true }, 18),
];

pub(crate) fn packages(folder: &Path) -> Vec<Package> {
    let mut packages = Vec::new();
    for kind in [NewKey::Rsa2048, NewKey::P256] {
        let keystore = support::keystore(kind);
        let signer = Signer::from_pkcs12(&keystore, PASSWORD, None).expect("opens");
        write(folder, "key.p12", &keystore);
        for (schemes, lowest) in COMBINATIONS {
            let here = if schemes.v1 {
                TinyZip::signed_v1(&FILES, &signer, lowest, schemes)
            } else {
                TinyZip::new(&FILES).signed(&signer, schemes)
            };
            for (maker, bytes) in [("signed here", here), ("signed by apksigner", apksigner(folder, schemes, lowest))] {
                let name = format!("{kind:?} {schemes:?} {maker}");
                let package = |min_sdks: &[u32], damages, sound| Package {
                    name: name.clone(),
                    bytes: bytes.clone(),
                    min_sdks: min_sdks.to_vec(),
                    target_sdk: 1,
                    damages,
                    sound,
                };
                let others: Vec<u32> = [24, 28].into_iter().filter(|sdk| *sdk > lowest).collect();
                packages.extend([
                    package(&[lowest], 60, true),
                    package(&others, 24, true),
                    package(&[1, 17, 23], 0, false),
                ]);
            }
        }
    }
    packages
}

fn apksigner(folder: &Path, schemes: Schemes, min_sdk: u32) -> Vec<u8> {
    write(folder, "in.apk", &TinyZip::new(&FILES).unsigned());
    write(folder, "password", PASSWORD.as_bytes());
    let Schemes { v1, v2, v3 } = schemes;
    must_run(
        folder,
        &format!(
            "apksigner sign --ks @/key.p12 --ks-pass file:@/password --min-sdk-version {min_sdk} --v1-signing-enabled {v1} \
             --v2-signing-enabled {v2} --v3-signing-enabled {v3} --v4-signing-enabled false --out @/out.apk @/in.apk"
        ),
    );
    fs::read(folder.join("out.apk")).expect("a signed package")
}
