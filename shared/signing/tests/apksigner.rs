//! apksigner as the judge: it accepts what is signed here, and what it signs is accepted here.

#![expect(clippy::expect_used, reason = "a failed step is a failed test")]

mod support;

use std::fs;
use std::path::Path;

use signing::Signer;
use signing::apk::{ContentDigester, Scheme, Schemes, claimed_certificates, sign_block};
use signing::generate::NewKey;
use support::{PASSWORD, TinyZip, apksigner_verify, bytes_of, installed, keystore, layout, must_run, verify, write};

const BOTH: Schemes = Schemes { v1: false, v2: true, v3: true };

#[test]
fn accepts_what_is_signed_here() {
    if !installed(&["apksigner"]) {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    for kind in [NewKey::Rsa2048, NewKey::Rsa3072, NewKey::Rsa4096, NewKey::P256, NewKey::P384] {
        let signer = support::signer(kind);
        let package = TinyZip::sample().signed(&signer, BOTH);
        let (accepted, text) = apksigner_verify(&write(folder.path(), "app.apk", &package));
        assert!(accepted, "{kind:?}: {text}");
        assert!(text.contains("Verified using v2 scheme (APK Signature Scheme v2): true"), "{text}");
        assert!(text.contains("Verified using v3 scheme (APK Signature Scheme v3): true"), "{text}");
        assert!(text.contains(&signer.certificate_sha256()), "{text}");
        assert!(!text.contains("WARNING: APK"), "{text}");
    }
}

#[test]
fn accepts_each_scheme_alone() {
    if !installed(&["apksigner"]) {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let signer = support::signer(NewKey::P256);
    for (schemes, sdk) in
        [(Schemes { v1: false, v2: true, v3: false }, "24"), (Schemes { v1: false, v2: false, v3: true }, "28")]
    {
        let package = TinyZip::sample().signed(&signer, schemes);
        write(folder.path(), "app.apk", &package);
        must_run(folder.path(), &format!("apksigner verify --min-sdk-version {sdk} @/app.apk"));
    }
}

#[test]
fn what_it_signs_is_accepted_and_rsa_blocks_are_the_same_to_the_byte() {
    if !installed(&["apksigner"]) {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    for kind in [NewKey::Rsa2048, NewKey::Rsa4096, NewKey::P256, NewKey::P384] {
        let stored = keystore(kind);
        let signer = Signer::from_pkcs12(&stored, PASSWORD, None).expect("opens");
        write(folder.path(), "key.p12", &stored);
        for schemes in [Schemes { v1: false, v2: true, v3: false }, Schemes { v1: false, v2: false, v3: true }, BOTH] {
            let package = apksigner_sign(folder.path(), schemes);
            let signatures = verify(&package).expect("apksigner's own signature");
            assert_eq!(signatures.certificates_sha256(), [signer.certificate_sha256()]);
            let expected = [(schemes.v2, Scheme::V2), (schemes.v3, Scheme::V3)];
            let expected: Vec<_> = expected.into_iter().filter(|(on, _)| *on).map(|(_, scheme)| scheme).collect();
            assert_eq!(signatures.schemes(), expected);
            let layout = layout(&package).expect("a layout");
            let claimed = claimed_certificates(package.as_slice(), layout.central_directory).expect("certificates");
            assert_eq!(claimed.first(), Some(signer.certificate()));
            if matches!(kind, NewKey::Rsa2048 | NewKey::Rsa4096) {
                let block = bytes_of(&package, layout.signing_block.clone());
                assert!(block == sign_again(&package, &signer, schemes), "{kind:?} {schemes:?}");
            }
        }
    }
}

#[test]
fn refuses_the_same_damage() {
    if !installed(&["apksigner"]) {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let package = TinyZip::small().signed(&support::signer(NewKey::P256), BOTH);
    let layout = layout(&package).expect("a layout");
    let block = layout.signing_block.start as usize;
    let regions = [
        ("entry", 40),
        ("block size", block),
        ("v2 digest", block + 8 + 12 + 24 + 12),
        ("v2 certificate", block + 8 + 12 + 120),
        ("size at the end", layout.central_directory as usize - 24),
        ("magic", layout.central_directory as usize - 1),
        ("central directory", layout.central_directory as usize + 12),
        ("end record", layout.end_record as usize + 8),
    ];
    for (region, position) in regions {
        let mut damaged = package.clone();
        damaged[position] ^= 1;
        assert!(verify(&damaged).is_err(), "{region}: accepted here");
        let (accepted, text) = apksigner_verify(&write(folder.path(), "damaged.apk", &damaged));
        assert!(!accepted, "{region}: {text}");
    }
}

fn apksigner_sign(folder: &Path, schemes: Schemes) -> Vec<u8> {
    write(folder, "in.apk", &TinyZip::sample().unsigned());
    write(folder, "password", PASSWORD.as_bytes());
    let Schemes { v2, v3, .. } = schemes;
    must_run(
        folder,
        &format!(
            "apksigner sign --ks @/key.p12 --ks-pass file:@/password --min-sdk-version 24 --v1-signing-enabled false \
             --v2-signing-enabled {v2} --v3-signing-enabled {v3} --v4-signing-enabled false --out @/out.apk @/in.apk"
        ),
    );
    fs::read(folder.join("out.apk")).expect("a signed package")
}

/// The signing block that this crate makes for the contents of a package that is signed already.
fn sign_again(package: &[u8], signer: &Signer, schemes: Schemes) -> Vec<u8> {
    let layout = layout(package).expect("a layout");
    let mut digester = ContentDigester::for_signer(signer);
    digester.update(&bytes_of(package, 0..layout.signing_block.start));
    let directory = bytes_of(package, layout.central_directory..layout.end_record);
    let end = bytes_of(package, layout.end_record..package.len() as u64);
    let digests = digester.finish(&directory, &end).expect("digests");
    sign_block(&digests, signer, schemes, 28, None).expect("a block")
}
