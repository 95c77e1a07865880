//! Provisioning profiles: the input as a whole file, and as the contents under a signature that is right.
#![no_main]

use std::sync::LazyLock;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
use libfuzzer_sys::fuzz_target;
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, SerialNumber};
use signing::ios::{ProfileError, ProvisioningProfile};

const DATA: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01";
const SIGNED_DATA: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02";
const SHA256: &[u8] = b"\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01";
const ECDSA_SHA256: &[u8] = b"\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02";
/// The issuer's name and the serial number of the certificate below.
const ISSUER: &[u8] = b"\x30\x0f\x31\x0d\x30\x0b\x06\x03\x55\x04\x03\x0c\x04Fuzz";
const SERIAL: &[u8] = b"\x02\x01\x07";
const VERSION: &[u8] = b"\x02\x01\x01";

/// A key and its certificate.
static KEY: LazyLock<(EcdsaKeyPair, Vec<u8>)> = LazyLock::new(|| {
    let key = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).expect("a key");
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "Fuzz");
    params.serial_number = Some(SerialNumber::from(7));
    let certificate = params.self_signed(&key).expect("a certificate").der().to_vec();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &key.serialize_der()).expect("a key");
    (pair, certificate)
});

fuzz_target!(|input: &[u8]| {
    let _ = ProvisioningProfile::parse(input);
    match ProvisioningProfile::parse(&signed(input)) {
        Ok(profile) => {
            assert_eq!(profile.team_id().len(), 10);
            assert!(profile.covers(&profile.bundle_pattern().as_str().replace('*', "a")));
        }
        Err(
            error @ (ProfileError::Damaged { .. }
            | ProfileError::NotSigned
            | ProfileError::Unsigned
            | ProfileError::UnsupportedSignature
            | ProfileError::BadSignature),
        ) => panic!("the signature is right: {error}"),
        Err(_) => {}
    }
});

/// Signed data around the content, without signed attributes.
fn signed(content: &[u8]) -> Vec<u8> {
    let (key, certificate) = &*KEY;
    let signature = key.sign(&SystemRandom::new(), content).expect("signs");
    let digest = element(0x30, &[SHA256]);
    let signer = element(
        0x30,
        &[
            VERSION,
            &element(0x30, &[ISSUER, SERIAL]),
            &digest,
            &element(0x30, &[ECDSA_SHA256]),
            &element(0x04, &[signature.as_ref()]),
        ],
    );
    let fields = element(
        0x30,
        &[
            VERSION,
            &element(0x31, &[&digest]),
            &element(0x30, &[DATA, &element(0xa0, &[&element(0x04, &[content])])]),
            &element(0xa0, &[certificate]),
            &element(0x31, &[&signer]),
        ],
    );
    element(0x30, &[SIGNED_DATA, &element(0xa0, &[&fields])])
}

fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = u32::try_from(content.len()).expect("short").to_be_bytes();
    [[tag, 0x84].as_slice(), &length, &content].concat()
}
