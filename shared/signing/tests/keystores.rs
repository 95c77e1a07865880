//! Keystores as OpenSSL and keytool write them, and what is said about those that do not open.

#![expect(clippy::expect_used, reason = "a failed step is a failed test")]

mod support;

use std::fs;
use std::path::Path;

use p12_keystore::{KeyStore, KeyStoreEntry, Pkcs12ImportPolicy, PrivateKeyChain};
use signing::apk::Schemes;
use signing::generate::{NewKey, self_signed_pkcs12};
use signing::{KeyError, KeyKind, Signer, ValidityError};
use support::{NOW, PASSWORD, TinyZip, installed, keystore, must_run, verify};

const EXPORT: &str = "openssl pkcs12 -export -inkey @/key.pem -in @/cert.pem -passout pass:secret -out @/out.p12";

#[test]
fn opens_what_openssl_writes() {
    if !installed(&["openssl"]) {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let kinds = [
        ("rsa:2048", KeyKind::Rsa(2048)),
        ("rsa:3072", KeyKind::Rsa(3072)),
        ("ec -pkeyopt ec_paramgen_curve:P-256", KeyKind::P256),
        ("ec -pkeyopt ec_paramgen_curve:P-384", KeyKind::P384),
        ("ec -pkeyopt ec_paramgen_curve:P-521", KeyKind::P521),
    ];
    for (parameters, kind) in kinds {
        make_key(folder.path(), parameters);
        for legacy in ["", " -legacy", " -legacy -descert", " -keypbe AES-256-CBC -certpbe NONE -macalg sha512"] {
            must_run(folder.path(), &format!("{EXPORT} -name Release{legacy}"));
            let signer = open(folder.path(), "secret", None).expect(legacy);
            assert_eq!((signer.kind(), signer.alias()), (kind, "Release"));
            assert_eq!(signer.certificate().subject(), "CN=Outside-Tool");
            assert_eq!(open(folder.path(), "Secret", None).err(), Some(KeyError::WrongPassword), "{kind}{legacy}");
            assert_eq!(open(folder.path(), "", None).err(), Some(KeyError::WrongPassword), "{kind}{legacy}");
        }
        let signer = open(folder.path(), "secret", None).expect("opens");
        assert!(verify(&TinyZip::small().signed(&signer, Schemes::for_min_sdk(28))).is_ok(), "{kind}");
    }
}

#[test]
fn tells_a_wrong_password_without_an_integrity_check() {
    if !installed(&["openssl"]) {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    make_key(folder.path(), "rsa:2048");
    must_run(folder.path(), &format!("{EXPORT} -nomac"));
    assert!(open(folder.path(), "secret", None).is_ok());
    // For one wrong password in 256 the padding is right by chance, and what was decrypted is none of the format's.
    let wrong =
        ["one", "two", "three"].map(|password| open(folder.path(), password, None).expect_err("another password"));
    assert!(wrong.contains(&KeyError::WrongPassword), "{wrong:?}");
}

#[test]
fn refuses_by_name_what_packages_are_not_signed_with() {
    if !installed(&["openssl"]) {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    for (parameters, name) in [
        ("rsa:1024", "RSA 1024"),
        ("rsa-pss -pkeyopt rsa_keygen_bits:2048", "RSASSA-PSS"),
        ("ed25519", "Ed25519"),
        ("ec -pkeyopt ec_paramgen_curve:secp256k1", "EC on the curve 1.3.132.0.10"),
    ] {
        make_key(folder.path(), parameters);
        must_run(folder.path(), EXPORT);
        assert_eq!(open(folder.path(), "secret", None).err(), Some(KeyError::UnsupportedKey(name.to_owned())));
    }
}

#[test]
fn keeps_the_issuers_behind_the_certificate() {
    if !installed(&["openssl"]) {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    make_key(folder, "ec -pkeyopt ec_paramgen_curve:P-256");
    fs::copy(folder.join("key.pem"), folder.join("ca.pem")).expect("copied");
    fs::copy(folder.join("cert.pem"), folder.join("ca-cert.pem")).expect("copied");
    let request = "openssl req -new -nodes -newkey rsa:2048 -keyout @/key.pem -subj /CN=Leaf -out @/leaf.csr";
    must_run(folder, request);
    must_run(
        folder,
        "openssl x509 -req -in @/leaf.csr -CA @/ca-cert.pem -CAkey @/ca.pem -CAcreateserial -out @/cert.pem",
    );
    must_run(folder, &format!("{EXPORT} -certfile @/ca-cert.pem"));
    let signer = open(folder, "secret", None).expect("opens");
    let subjects: Vec<_> = signer.chain().map(|certificate| certificate.subject().to_owned()).collect();
    assert_eq!(subjects, ["CN=Leaf", "CN=Outside-Tool"]);
    let signatures = verify(&TinyZip::small().signed(&signer, Schemes::for_min_sdk(28))).expect("verifies");
    assert_eq!(signatures.certificates_sha256(), [signer.certificate_sha256()]);
}

#[test]
fn refuses_a_certificate_of_another_key() {
    let (one, other) = (first_of(NewKey::P256), first_of(NewKey::P256));
    let crossed = PrivateKeyChain::new("id", one.key().clone(), other.certs().iter().cloned());
    let mut store = KeyStore::new();
    store.add_entry("crossed", KeyStoreEntry::PrivateKeyChain(crossed));
    let store = store.writer("secret").write().expect("a keystore");
    let refused = Signer::from_pkcs12(&store, "secret", None).err();
    assert_eq!(refused, Some(KeyError::CertificateMismatch { alias: "crossed".to_owned() }));
}

fn first_of(kind: NewKey) -> PrivateKeyChain {
    let store = KeyStore::from_pkcs12(&keystore(kind), PASSWORD, Pkcs12ImportPolicy::Strict).expect("opens");
    store.private_key_chain().expect("a key").1.clone()
}

#[test]
fn refuses_a_key_or_a_certificate_alone() {
    if !installed(&["openssl"]) {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    make_key(folder, "rsa:2048");
    must_run(folder, "openssl pkcs12 -export -nocerts -inkey @/key.pem -name lone -passout pass:secret -out @/out.p12");
    assert_eq!(open(folder, "secret", None).err(), Some(KeyError::CertificateMismatch { alias: "lone".to_owned() }));
    must_run(folder, "openssl pkcs12 -export -nokeys -in @/cert.pem -passout pass:secret -out @/out.p12");
    assert_eq!(open(folder, "secret", None).err(), Some(KeyError::NoKey));
}

#[test]
fn chooses_among_the_keys_of_a_keytool_store() {
    if !installed(&["keytool"]) {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    for legacy in ["", "-J-Dkeystore.pkcs12.legacy"] {
        let _ = fs::remove_file(folder.path().join("out.p12"));
        for (alias, key) in [("Upload", "-keyalg RSA -keysize 2048"), ("other", "-keyalg EC -groupname secp256r1")] {
            must_run(
                folder.path(),
                &format!(
                    "keytool {legacy} -genkeypair -storetype PKCS12 -keystore @/out.p12 -storepass secret -alias {alias} \
                     {key} -dname CN={alias} -validity 9000"
                ),
            );
        }
        let aliases = || vec!["upload".to_owned(), "other".to_owned()];
        let sorted = |mut found: Vec<String>| {
            found.sort_by(|a, b| b.cmp(a));
            found
        };
        match open(folder.path(), "secret", None) {
            Err(KeyError::SeveralKeys { aliases: found }) => assert_eq!(sorted(found), aliases()),
            other => panic!("{other:?}"),
        }
        match open(folder.path(), "secret", Some("nobody")) {
            Err(KeyError::NoSuchAlias { wanted, aliases: found }) => {
                assert_eq!((wanted.as_str(), sorted(found)), ("nobody", aliases()));
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(open(folder.path(), "secret", Some("UPLOAD")).expect("opens").kind(), KeyKind::Rsa(2048));
        assert_eq!(open(folder.path(), "secret", Some("other")).expect("opens").kind(), KeyKind::P256);
        assert_eq!(open(folder.path(), "wrong!", Some("other")).err(), Some(KeyError::WrongPassword));
    }
}

#[test]
fn keytool_and_openssl_read_what_is_generated_here() {
    if !installed(&["openssl", "keytool"]) {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    support::write(folder.path(), "key.p12", &keystore(NewKey::Rsa2048));
    support::write(folder.path(), "password", PASSWORD.as_bytes());
    let list = must_run(folder.path(), "keytool -list -v -keystore @/key.p12 -storepass:file @/password");
    assert!(list.contains("Alias name: release") && list.contains("PrivateKeyEntry"), "{list}");
    assert!(list.contains("Owner: CN=Release Key"), "{list}");
    must_run(folder.path(), "openssl pkcs12 -in @/key.p12 -passin file:@/password -nodes -out @/all.pem");
}

#[test]
fn a_generated_key_says_what_was_asked_for() {
    let signer = support::signer(NewKey::Rsa2048);
    assert_eq!(signer.kind().to_string(), "RSA 2048");
    assert_eq!(signer.certificate().not_before(), NOW);
    assert_eq!(signer.certificate().not_after(), NOW + 30 * 31_557_600);
    assert_eq!(signer.certificate().subject(), "CN=Release Key");
}

/// Of keys made now, a year ago and for later, by the clock of this machine.
#[test]
fn says_which_certificates_are_not_valid_now() {
    if !installed(&["keytool"]) {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    for kind in ["PKCS12", "JKS"] {
        let _ = fs::remove_file(folder.join("out.p12"));
        for (alias, validity) in [("now", "1"), ("past", "365 -startdate -400d"), ("future", "365 -startdate +10d")] {
            must_run(
                folder,
                &format!(
                    "keytool -genkeypair -storetype {kind} -keystore @/out.p12 -storepass secret -alias {alias} -keyalg EC \
                     -groupname secp256r1 -dname CN={alias} -validity {validity}"
                ),
            );
        }
        let [now, past, future] =
            ["now", "past", "future"].map(|alias| open(folder, "secret", Some(alias)).expect("opens"));
        let moment = now.certificate().not_before() + 3600;
        now.check_validity(moment).expect("valid");
        let on = past.certificate().not_after();
        assert_eq!(past.check_validity(moment), Err(ValidityError::Expired { on }));
        assert_eq!(past.check_validity(on), Ok(()));
        let from = future.certificate().not_before();
        assert_eq!(future.check_validity(moment), Err(ValidityError::NotYetValid { from }));
        assert_eq!(future.check_validity(from), Ok(()));
    }
}

#[test]
fn says_the_day_on_which_a_certificate_begins_and_ends() {
    let signer = support::signer(NewKey::P256);
    let [early, late] =
        [NOW - 1, NOW + 30 * 31_557_600 + 1].map(|now| signer.check_validity(now).expect_err("not valid"));
    assert_eq!(early.to_string(), "the certificate is not valid before 2025-10-09");
    assert_eq!(late.to_string(), "the certificate expired on 2055-10-09");
}

#[test]
fn refuses_damaged_keystores_without_a_panic() {
    let whole = keystore(NewKey::P256);
    for length in 0..whole.len() {
        assert!(Signer::from_pkcs12(&whole[..length], PASSWORD, None).is_err(), "cut to {length}");
    }
    let too_long = [whole, vec![0; 300 * 1024]].concat();
    assert!(matches!(Signer::from_pkcs12(&too_long, PASSWORD, None), Err(KeyError::Unreadable(_))));
}

#[test]
fn pkcs12_takes_no_other_password_for_its_key_and_no_derivation_that_eats_memory() {
    let store = self_signed_pkcs12("Example", "secret", "release", NewKey::P256, 0, 30).unwrap();
    Signer::from_keystore(&store, "secret", Some("secret"), None).unwrap();
    let other = Signer::from_keystore(&store, "secret", Some("other"), None).unwrap_err();
    assert_eq!(other, KeyError::WrongKeyPassword { alias: "release".to_owned() });
    let scrypt = [0x30, 0x0B, 0x06, 0x09, 0x2B, 0x06, 0x01, 0x04, 0x01, 0xDA, 0x47, 0x04, 0x0B];
    assert_eq!(Signer::from_pkcs12(&scrypt, "secret", None).unwrap_err(), KeyError::UnsupportedEncryption);
}

#[test]
fn shows_no_secret() {
    let text = format!("{:?}", support::signer(NewKey::P256));
    assert!(text.starts_with("Signer { alias: \"release\", kind: P256, certificate: Certificate {"), "{text}");
    assert!(text.ends_with("}, .. }"), "{text}");
}

fn make_key(folder: &Path, parameters: &str) {
    must_run(
        folder,
        &format!(
            "openssl req -x509 -nodes -newkey {parameters} -keyout @/key.pem -out @/cert.pem -days 9000 -subj /CN=Outside-Tool"
        ),
    );
}

fn open(folder: &Path, password: &str, alias: Option<&str>) -> Result<Signer, KeyError> {
    Signer::from_pkcs12(&fs::read(folder.join("out.p12")).expect("a keystore"), password, alias)
}
