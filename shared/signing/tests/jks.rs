//! Keystores in Java's own form, as keytool writes them.

#![expect(clippy::expect_used, reason = "a failed step is a failed test")]

mod support;

use std::fs;
use std::path::Path;

use signing::apk::{DigestKind, Schemes};
use signing::{KeyError, KeyKind, Signer};
use support::{TinyZip, installed, must_run, verify};

const STORE: &str = "keytool -storetype JKS -keystore @/store -storepass storepass";

#[test]
fn opens_what_keytool_writes() {
    if !installed(&["keytool"]) {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    for (alias, key, kind) in [
        ("Upload", "-keyalg RSA -keysize 2048", KeyKind::Rsa(2048)),
        ("Elliptic", "-keyalg EC -groupname secp256r1", KeyKind::P256),
        ("Long", "-keyalg EC -groupname secp521r1", KeyKind::P521),
    ] {
        add_key(folder, alias, key, "keypass");
        let signer = open(folder, "storepass", Some("keypass"), Some(alias)).expect("opens");
        assert_eq!((signer.kind(), signer.alias()), (kind, alias.to_lowercase().as_str()));
        assert_eq!(signer.certificate().subject(), format!("CN={alias}"));
        assert!(verify(&TinyZip::small().signed(&signer, Schemes::for_min_sdk(24))).is_ok());
    }
    match open(folder, "storepass", Some("keypass"), None) {
        Err(KeyError::SeveralKeys { mut aliases }) => {
            aliases.sort();
            assert_eq!(aliases, ["elliptic", "long", "upload"]);
        }
        other => panic!("{other:?}"),
    }
    match open(folder, "storepass", Some("keypass"), Some("nobody")) {
        Err(KeyError::NoSuchAlias { wanted, aliases }) => assert_eq!((wanted.as_str(), aliases.len()), ("nobody", 3)),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_keys_password_is_the_stores_unless_another_is_given() {
    if !installed(&["keytool"]) {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    add_key(folder, "same", "-keyalg EC -groupname secp256r1", "storepass");
    add_key(folder, "own", "-keyalg EC -groupname secp256r1", "p\u{e4}ssw\u{f6}rd-\u{20ac}");
    assert!(open(folder, "storepass", None, Some("same")).is_ok());
    assert!(open(folder, "storepass", Some("p\u{e4}ssw\u{f6}rd-\u{20ac}"), Some("own")).is_ok());
    let wrong = |alias: &str| Some(KeyError::WrongKeyPassword { alias: alias.to_owned() });
    assert_eq!(open(folder, "storepass", None, Some("own")).err(), wrong("own"));
    assert_eq!(open(folder, "storepass", Some("other"), Some("same")).err(), wrong("same"));
    for password in ["Storepass", "storepas", ""] {
        assert_eq!(open(folder, password, Some("storepass"), Some("same")).err(), Some(KeyError::WrongPassword));
    }
}

#[test]
fn keeps_the_issuers_and_passes_over_other_certificates() {
    if !installed(&["keytool", "openssl"]) {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let authority = "openssl req -x509 -nodes -newkey ec -pkeyopt ec_paramgen_curve:P-256 -keyout @/ca.pem -out @/ca.crt -subj /CN=CA";
    must_run(folder, authority);
    must_run(folder, "openssl req -new -nodes -newkey rsa:2048 -keyout @/key.pem -subj /CN=Leaf -out @/leaf.csr");
    must_run(folder, "openssl x509 -req -in @/leaf.csr -CA @/ca.crt -CAkey @/ca.pem -CAcreateserial -out @/cert.pem");
    must_run(
        folder,
        "openssl pkcs12 -export -inkey @/key.pem -in @/cert.pem -certfile @/ca.crt -name leaf -passout pass:storepass \
         -out @/key.p12",
    );
    must_run(folder, &format!("{STORE} -importcert -noprompt -alias other -file @/ca.crt"));
    assert_eq!(open(folder, "storepass", None, None).err(), Some(KeyError::NoKey));
    must_run(
        folder,
        "keytool -importkeystore -srckeystore @/key.p12 -srcstorepass storepass -deststoretype JKS -destkeystore @/store \
         -deststorepass storepass",
    );
    let signer = open(folder, "storepass", None, None).expect("opens");
    let subjects: Vec<_> = signer.chain().map(|certificate| certificate.subject().to_owned()).collect();
    assert_eq!(subjects, ["CN=Leaf", "CN=CA"]);
}

#[test]
fn refuses_by_name_what_is_not_read_here() {
    if !installed(&["keytool"]) {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    add_key(folder, "key", "-keyalg EC -groupname secp256r1", "storepass");
    must_run(
        folder,
        "keytool -importkeystore -srckeystore @/store -srcstorepass storepass -deststoretype JCEKS -destkeystore @/other \
         -deststorepass storepass",
    );
    let other = fs::read(folder.join("other")).expect("a keystore");
    let refused = Signer::from_keystore(&other, "storepass", None, None).err();
    assert_eq!(refused, Some(KeyError::UnsupportedKeystore("JCEKS")));
    let neither = Some(KeyError::Unreadable("it is neither PKCS#12 nor JKS".to_owned()));
    for bytes in [b"".as_slice(), b"-----BEGIN", &[0xFE, 0xED]] {
        assert_eq!(Signer::from_keystore(bytes, "storepass", None, None).err(), neither);
    }
    add_key(folder, "dsa", "-keyalg DSA -keysize 1024", "storepass");
    let refused = open(folder, "storepass", None, Some("dsa")).err();
    assert_eq!(refused, Some(KeyError::UnsupportedKey("DSA".to_owned())));
    add_key(folder, "short", "-keyalg RSA -keysize 1024", "storepass");
    let refused = open(folder, "storepass", None, Some("short")).err();
    assert_eq!(refused, Some(KeyError::UnsupportedKey("RSA 1024".to_owned())));
}

#[test]
fn refuses_damaged_keystores_without_a_panic() {
    if !installed(&["keytool"]) {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    add_key(folder.path(), "key", "-keyalg EC -groupname secp256r1", "storepass");
    let whole = fs::read(folder.path().join("store")).expect("a keystore");
    for length in 4..whole.len() {
        assert!(Signer::from_keystore(&whole[..length], "storepass", None, None).is_err(), "cut to {length}");
    }
    for position in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[position] ^= 0x11;
        assert!(Signer::from_keystore(&damaged, "storepass", None, None).is_err(), "byte {position}");
    }
    // What is below the digest over the store, which whoever knows the password can make.
    let content = &whole[..whole.len() - 20];
    for length in 4..content.len() {
        let opened = Signer::from_keystore(&sealed(&content[..length]), "storepass", None, None);
        assert!(matches!(opened, Err(KeyError::Unreadable(_) | KeyError::NoKey)), "cut to {length}: {opened:?}");
    }
    for position in 0..content.len() {
        for mask in [1, 0x7f, 0xff] {
            let mut damaged = content.to_vec();
            damaged[position] ^= mask;
            let _ = Signer::from_keystore(&sealed(&damaged), "storepass", None, None);
        }
    }
    for (field, position) in [("version", 4), ("number of entries", 8), ("kind of entry", 12)] {
        let mut damaged = content.to_vec();
        damaged[position..position + 4].fill(0xff);
        match Signer::from_keystore(&sealed(&damaged), "storepass", None, None) {
            Err(KeyError::Unreadable(reason)) => assert!(reason.contains("offset"), "{field}: {reason}"),
            other => panic!("{field}: {other:?}"),
        }
    }
    let too_long = [whole, vec![0; 300 * 1024]].concat();
    assert!(matches!(Signer::from_keystore(&too_long, "storepass", None, None), Err(KeyError::Unreadable(_))));
}

/// A store with the digest that it needs.
fn sealed(content: &[u8]) -> Vec<u8> {
    let password: Vec<u8> = "storepass".encode_utf16().flat_map(u16::to_be_bytes).collect();
    let digest = support::digest(DigestKind::Sha1, &[&password, b"Mighty Aphrodite".as_slice(), content].concat());
    [content, &digest].concat()
}

fn add_key(folder: &Path, alias: &str, key: &str, password: &str) {
    let line = format!("{STORE} -genkeypair -alias {alias} {key} -keypass {password} -dname CN={alias} -validity 9000");
    must_run(folder, &line);
}

fn open(folder: &Path, password: &str, key_password: Option<&str>, alias: Option<&str>) -> Result<Signer, KeyError> {
    Signer::from_keystore(&fs::read(folder.join("store")).expect("a keystore"), password, key_password, alias)
}
