//! The signed data as OpenSSL judges it.

use std::path::Path;

use signing::Signer;
use signing::code::{By, verify};
use signing::generate::NewKey;
use tempfile::TempDir;

use crate::macho::Kind;
use crate::parts::{CODE_DIRECTORY, SIGNATURE, part, range};
use crate::signatures::{SIGNING_TIME, by, entitlements, sealed, signed};
use crate::support::{PASSWORD, installed, must_run, run, signer, write};

const VERIFY: &str = "openssl cms -verify -inform DER -in @/cms -binary -content @/directory -purpose any -out @/out";

/// Whether OpenSSL takes the signed data of this signature for one over its code directory, under this authority.
fn judge(folder: &Path, signature: &[u8], authority: &str) -> (bool, String) {
    write(folder, "cms", &part(signature, SIGNATURE)[8..]);
    write(folder, "directory", part(signature, CODE_DIRECTORY));
    let line = format!("{VERIFY} -CAfile @/{authority}").replace('@', folder.to_str().expect("a plain path"));
    let mut words = line.split(' ');
    run(words.next().expect("a tool"), words)
}

#[test]
fn the_signed_data_holds_under_each_kind_of_key() {
    if !installed(&["openssl"]) {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    for kind in [NewKey::Rsa2048, NewKey::Rsa4096, NewKey::P256, NewKey::P384] {
        let signer = signer(kind);
        write(folder.path(), "own.crt", signer.certificate_der());
        must_run(folder.path(), "openssl x509 -inform DER -in @/own.crt -out @/own.pem");
        let mut signature = signed(Kind::Executable, Some(&entitlements()), by(&signer)).signed.bytes;
        let (accepted, text) = judge(folder.path(), &signature, "own.pem");
        assert!(accepted, "{kind:?}: {text}");
        let directory = range(&signature, CODE_DIRECTORY);
        signature[directory.end - 1] ^= 1;
        let (accepted, text) = judge(folder.path(), &signature, "own.pem");
        assert!(!accepted, "{kind:?}: {text}");
    }
}

/// The whole chain is sent along, so that whoever knows the root alone can follow it.
#[test]
fn the_chain_leads_to_the_root() {
    if !installed(&["openssl"]) {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let signer = chained(&folder);
    let file = signed(Kind::Executable, None, by(&signer));
    let (accepted, text) = judge(folder.path(), &file.signed.bytes, "root.crt");
    assert!(accepted, "{text}");
    let verified = file.verify().expect("a sound signature");
    let subjects: Vec<_> = verified.certificates.iter().map(|one| one.subject()).collect();
    assert_eq!(subjects, ["OU=A1B2C3D4E5, O=Example, CN=Developer", "O=Example, CN=Middle", "O=Other, CN=Root"]);
}

#[test]
fn attributes_are_those_that_apple_has() {
    if !installed(&["openssl"]) {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let signer = signer(NewKey::Rsa2048);
    let signature =
        signed(Kind::Executable, None, By::Key { signer: &signer, signing_time: SIGNING_TIME }).signed.bytes;
    write(folder.path(), "cms", &part(&signature, SIGNATURE)[8..]);
    let listing = must_run(folder.path(), "openssl asn1parse -inform DER -in @/cms");
    let attributes = listing.lines().skip_while(|line| !line.contains("cont [ 0 ]") || !line.contains("d=5"));
    let shown = attributes.filter(|line| ["OBJECT", "UTCTIME"].iter().any(|kind| line.contains(kind)));
    let shown: Vec<_> = shown.map(|line| line.rsplit_once(" :").map_or(line, |(_, value)| value.trim())).collect();
    insta::assert_snapshot!(shown.join("\n"), @"
    contentType
    pkcs7-data
    signingTime
    260921141320Z
    messageDigest
    1.2.840.113635.100.9.2
    sha256
    1.2.840.113635.100.9.1
    rsaEncryption
    ");
}

/// Signed data that OpenSSL made, which knows nothing of Apple's attributes, in the place of ours.
#[test]
fn other_signed_data_is_refused_by_name() {
    if !installed(&["openssl"]) {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let run = |line: &str| must_run(folder.path(), line);
    for name in ["one", "two"] {
        run(&format!(
            "openssl req -x509 -nodes -newkey rsa:2048 -keyout @/{name}.key -out @/{name}.crt -days 9 -subj /CN={name}"
        ));
    }
    let file = signed(Kind::Executable, None, by(&signer(NewKey::P256)));
    write(folder.path(), "directory", part(&file.signed.bytes, CODE_DIRECTORY));
    write(folder.path(), "other", b"another directory");
    let one = "-signer @/one.crt -inkey @/one.key";
    let rows = [
        ("without Apple's attributes", format!("-in @/directory {one}")),
        ("without attributes", format!("-in @/directory -noattr {one}")),
        ("over something else", format!("-in @/other {one}")),
        ("with the directory inside", format!("-in @/directory -nodetach {one}")),
        ("by two", format!("-in @/directory {one} -signer @/two.crt -inkey @/two.key")),
        ("by the hash function of old", format!("-in @/directory -md sha1 {one}")),
        ("without the certificate", format!("-in @/directory -nocerts {one}")),
    ];
    let rows = rows.map(|(what, options)| {
        run(&format!("openssl cms -sign -binary -outform DER -out @/cms {options}"));
        let cms = std::fs::read(folder.path().join("cms")).expect("signed data");
        let refused = verify(&file.code, &with_cms(&file.signed.bytes, &cms), sealed(), &|_| true);
        let refused = refused.expect_err(what).to_string();
        // Where it stands depends on the length of serial numbers.
        let (before, after) = refused.split_once("offset ").expect("a place");
        format!("{what}: {before}offset N{}", after.trim_start_matches(|next: char| next.is_ascii_digit()))
    });
    insta::assert_snapshot!(rows.join("\n"), @"
    without Apple's attributes: code signature: code directory hashes attribute at offset N is missing
    without attributes: code signature: signed attributes at offset N is missing
    over something else: code signature: signature algorithm at offset N does not verify under the signer's key
    with the directory inside: code signature: encapsulated content at offset N is not the code directory, elsewhere
    by two: code signature: signer at offset N is more than the 1 that are accepted
    by the hash function of old: code signature: signature algorithm at offset N is not supported
    without the certificate: code signature: serial number at offset N is not that of a certificate in the signature
    ");
}

/// The signature with other signed data, which stands last.
fn with_cms(signature: &[u8], cms: &[u8]) -> Vec<u8> {
    let mut changed = signature[..range(signature, SIGNATURE).start].to_vec();
    changed.extend(0xfade_0b01_u32.to_be_bytes());
    changed.extend((cms.len() as u32 + 8).to_be_bytes());
    changed.extend(cms);
    let length = changed.len() as u32;
    changed[4..8].copy_from_slice(&length.to_be_bytes());
    changed
}

/// A key whose certificate has two issuers, as OpenSSL makes them.
pub(crate) fn chained(folder: &TempDir) -> Signer {
    let run = |line: &str| must_run(folder.path(), line);
    let issue = |name: &str, subject: &str, issuer: &str| {
        run(&format!(
            "openssl req -new -nodes -newkey rsa:2048 -keyout @/{name}.key -out @/{name}.csr -subj {subject}"
        ));
        run(&format!(
            "openssl x509 -req -in @/{name}.csr -CA @/{issuer}.crt -CAkey @/{issuer}.key -CAcreateserial -days 3650 \
             -extfile @/{name}.cnf -out @/{name}.crt"
        ));
    };
    write(folder.path(), "middle.cnf", b"basicConstraints=critical,CA:TRUE\n");
    write(folder.path(), "leaf.cnf", b"extendedKeyUsage=critical,codeSigning\n");
    run(
        "openssl req -x509 -nodes -newkey rsa:2048 -keyout @/root.key -out @/root.crt -days 3650 -subj /O=Other/CN=Root",
    );
    issue("middle", "/O=Example/CN=Middle", "root");
    issue("leaf", "/OU=A1B2C3D4E5/O=Example/CN=Developer", "middle");
    let issuers = ["middle.crt", "root.crt"].map(|name| std::fs::read(folder.path().join(name)).expect("a file"));
    write(folder.path(), "issuers.pem", &issuers.concat());
    run(&format!(
        "openssl pkcs12 -export -inkey @/leaf.key -in @/leaf.crt -certfile @/issuers.pem -out @/leaf.p12 -passout pass:{}",
        PASSWORD.replace(' ', "")
    ));
    let keystore = std::fs::read(folder.path().join("leaf.p12")).expect("a keystore");
    Signer::from_pkcs12(&keystore, &PASSWORD.replace(' ', ""), None).expect("a key")
}
