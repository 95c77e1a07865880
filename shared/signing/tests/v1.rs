//! Scheme v1: what is made here passes apksigner on every platform version, and the text is as the format wants it.

mod support;

use std::fs;

use signing::apk::{DigestKind, Scheme, Schemes, SigningError, v1};
use signing::generate::NewKey;
use signing::{KeyKind, Signer};
use support::{TinyZip, installed, must_run, signer, write};

#[test]
fn a_curve_longer_than_the_digest_signs_too() {
    if !installed(&["apksigner", "openssl"]) {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let request = "openssl req -x509 -nodes -newkey ec -pkeyopt ec_paramgen_curve:P-521 -keyout @/key.pem -out @/cert.pem -subj /CN=x";
    must_run(folder.path(), request);
    must_run(
        folder.path(),
        "openssl pkcs12 -export -inkey @/key.pem -in @/cert.pem -passout pass:secret -out @/key.p12",
    );
    let keystore = fs::read(folder.path().join("key.p12")).expect("a keystore");
    let signer = Signer::from_pkcs12(&keystore, "secret", None).expect("opens");
    let package = TinyZip::signed_v1(&FILES, &signer, 18, Schemes::for_min_sdk(18));
    write(folder.path(), "app.apk", &package);
    must_run(folder.path(), "apksigner verify --min-sdk-version 18 @/app.apk");
    support::verify_from(&package, 18).expect("accepted here too");
}

#[test]
fn keys_and_certificates_that_old_devices_do_not_take_are_refused_by_name() {
    if !installed(&["openssl"]) {
        return;
    }
    let refused = |signer: &Signer, min_sdk| v1::digest_kind(signer, min_sdk).expect_err("refused");
    let elliptic = signer(NewKey::P256);
    let error = refused(&elliptic, 17);
    assert_eq!(error, SigningError::KeyForOldDevices { key: KeyKind::P256, min_sdk: 17, needed: 18 });
    assert_eq!(v1::digest_kind(&elliptic, 18), Ok(DigestKind::Sha256));
    assert_eq!(v1::digest_kind(&signer(NewKey::Rsa2048), 17), Ok(DigestKind::Sha1));

    let folder = tempfile::tempdir().expect("a folder");
    for extension in ["keyUsage=keyCertSign", "1.2.3.4=critical,DER:0500"] {
        let request = format!(
            "openssl req -x509 -nodes -newkey rsa:2048 -keyout @/key.pem -out @/cert.pem -subj /CN=x -addext {extension}"
        );
        must_run(folder.path(), &request);
        must_run(
            folder.path(),
            "openssl pkcs12 -export -inkey @/key.pem -in @/cert.pem -passout pass:secret -out @/key.p12",
        );
        let keystore = fs::read(folder.path().join("key.p12")).expect("a keystore");
        let signer = Signer::from_pkcs12(&keystore, "secret", None).expect("opens");
        assert_eq!(refused(&signer, 1), SigningError::CertificateUse, "{extension}");
    }
}

#[test]
fn what_no_manifest_can_hold_is_refused_by_name() {
    let signer = signer(NewKey::P256);
    let sign = |entries: &[(&str, &[u8])]| {
        v1::sign(entries.iter().copied(), &signer, 18, Schemes::for_min_sdk(18)).map(|files| files.len())
    };
    let digest = [0; 32];
    assert_eq!(sign(&[("a", &digest), ("b", &digest)]), Ok(3));
    for name in ["a\rb", "a\nb", "a\0b"] {
        assert_eq!(sign(&[(name, &digest)]), Err(SigningError::EntryName(name.to_owned())));
    }
    assert_eq!(sign(&[("a", &digest), ("a", &digest)]), Err(SigningError::EntryName("a".to_owned())));
    assert_eq!(sign(&[("a", &digest[1..])]), Err(SigningError::MissingDigest));
}

#[test]
fn the_texts_do_not_depend_on_the_order_of_the_entries() {
    let signer = signer(NewKey::P256);
    let digest = [7; 32];
    let long = format!("assets/{}", "long/".repeat(20));
    let entries: [(&str, &[u8]); 6] = [
        ("res/", b""),
        ("classes.dex", &digest),
        ("META-INF/OLD.RSA", b""),
        ("META-INF/services/one", &digest),
        (long.trim_end_matches('/'), &digest),
        ("META-INF/sig-x", b""),
    ];
    let schemes = Schemes { v1: true, v2: true, v3: false };
    let files = v1::sign(entries, &signer, 18, schemes).expect("signed");
    let mut reversed = entries;
    reversed.reverse();
    assert!(files == v1::sign(reversed, &signer, 18, schemes).expect("signed"));
    let names: Vec<_> = files.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["META-INF/MANIFEST.MF", "META-INF/CERT.SF", "META-INF/CERT.EC"]);
    let text = |file: usize| String::from_utf8(files[file].1.clone()).expect("text");
    let manifest = "Manifest-Version: 1.0\r\nCreated-By: 1.0 (AppTego)\r\n\r\n\
        Name: META-INF/services/one\r\nSHA-256-Digest: BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\r\n\r\n\
        Name: assets/long/long/long/long/long/long/long/long/long/long/long/lo\r\n \
        ng/long/long/long/long/long/long/long/long\r\nSHA-256-Digest: BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\r\n\r\n\
        Name: classes.dex\r\nSHA-256-Digest: BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\r\n\r\n";
    assert_eq!(text(0), manifest);
    let main = text(1).split("\r\n\r\n").next().expect("a main section").to_owned();
    assert!(
        main.starts_with("Signature-Version: 1.0\r\nCreated-By: 1.0 (AppTego)\r\nSHA-256-Digest-Manifest: "),
        "{main}"
    );
    assert!(main.ends_with("\r\nX-Android-APK-Signed: 2"), "{main}");
}

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
