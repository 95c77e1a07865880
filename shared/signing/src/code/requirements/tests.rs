//! The requirement that Apple's own tool wrote for a real app, and those for certificates of others.

use std::fs;
use std::path::Path;

use formats::limits::Limits;
use formats::zip::Archive;
use rcgen::{BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair};

use super::*;
use crate::cms::{Ber, SignedData};
use crate::code::blob::{Blobs, slot};

const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/samples/UnCrackable-Level1.ipa");

#[test]
fn an_app_that_apple_issued_the_certificate_for_has_its_own() {
    if !Path::new(SAMPLE).exists() {
        return;
    }
    let sample = fs::read(SAMPLE).unwrap();
    let archive = Archive::read(&sample, &Limits::default()).unwrap();
    let file = archive.read_entry("Payload/UnCrackable Level 1.app/UnCrackable Level 1", 1 << 24).unwrap();
    let start = file.windows(4).position(|bytes| bytes == 0xfade_0cc0_u32.to_be_bytes()).unwrap();
    let blobs = Blobs::read(&file[start..]).unwrap();
    let content = blobs.find(slot::SIGNATURE).unwrap().content;
    let signed = SignedData::read(&mut Ber::of(content.rest())).unwrap();
    let signer = signed.signers().next().unwrap().unwrap();
    let chain = Certificate::chain(signer.certificate(&signed.certificates).unwrap(), &signed.certificates);
    assert_eq!(chain.len(), 3);
    let apples = blobs.find(slot::REQUIREMENTS).unwrap().whole;
    assert_eq!(write("sg.vp.UnCrackable1", &chain), apples);
    assert_ne!(write("sg.vp.UnCrackable1", &chain[..2]), apples, "without a root it could be anyone's");
}

#[test]
fn without_a_certificate_nothing_is_required() {
    assert_eq!(write("com.example.app", &[]), b"\xfa\xde\x0c\x01\0\0\0\x0c\0\0\0\0");
}

/// The highest certificate of the signer's own organization; a root by another number than the rest.
#[test]
fn certificates_of_others_are_named_by_their_digest() {
    let whole = chain(&[Some("One"), Some("One"), Some("One")]);
    for (organizations, slot, certificate) in [
        (vec![None], 0, 0),
        (vec![Some("One")], ROOT, 0),
        (vec![Some("One"), Some("Two"), Some("Two")], 0, 0),
        (vec![Some("One"), Some("One"), Some("Two")], 1, 1),
        (vec![Some("One"), None, Some("One")], 0, 0),
        (vec![Some("One"), Some("One"), Some("One")], ROOT, 2),
        (vec![None, None], 0, 0),
    ] {
        let chain = chain(&organizations);
        check(&chain, slot, certificate, &format!("{organizations:?}"));
    }
    check(&whole[..2], 1, 1, "the root is missing");
}

fn check(chain: &[Certificate], slot: u32, certificate: usize, what: &str) {
    let written = write("a", chain);
    let (_, anchor) = written.split_at(written.len() - 32);
    let digest = DigestKind::Sha1.digest(chain[certificate].der());
    let expected = [&ANCHOR_HASH.to_be_bytes()[..], &slot.to_be_bytes(), &20_u32.to_be_bytes(), &digest].concat();
    assert_eq!(anchor, expected, "{what}");
}

/// Certificates of these organizations, each issued by the next, the last one by itself.
fn chain(organizations: &[Option<&str>]) -> Vec<Certificate> {
    let mut issuer: Option<Issuer<'static, KeyPair>> = None;
    let mut chain = Vec::new();
    for (level, organization) in organizations.iter().enumerate().rev() {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, format!("Level {level}"));
        if let Some(organization) = organization {
            params.distinguished_name.push(DnType::OrganizationName, *organization);
        }
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
        let certificate = match &issuer {
            Some(issuer) => params.signed_by(&key, issuer),
            None => params.self_signed(&key),
        };
        chain.push(Certificate::from_der(certificate.unwrap().der()).unwrap());
        issuer = Some(Issuer::new(params, key));
    }
    chain.reverse();
    chain
}
