//! Signatures that are cut off or changed: refused, or the same as before.

use signing::code::{By, Error, Verified, read, verify};
use signing::generate::NewKey;

use crate::macho::Kind;
use crate::parts::{CODE_DIRECTORY, range};
use crate::signatures::{File, by, entitlements, sealed, signed};
use crate::support::signer;

#[test]
fn truncated_at_every_length() {
    let signer = signer(NewKey::P256);
    for by in [by(&signer), By::AdHoc] {
        let file = signed(Kind::Executable, Some(&entitlements()), by);
        let whole = &file.signed.bytes;
        let end = whole.iter().rposition(|byte| *byte != 0).expect("bytes") + 1;
        for length in 0..end {
            let cut = &whole[..length];
            assert!(read(cut).is_err() && verify(&file.code, cut, sealed(), &|_| true).is_err(), "cut to {length}");
        }
    }
}

/// A certificate that nobody else issued is signed by nobody else. Beside it, only the encoding of the signed data can change without
/// harm, and no meaning with it.
#[test]
fn a_changed_byte_is_refused_or_changes_nothing() {
    let signer = signer(NewKey::P256);
    let file = signed(Kind::Executable, Some(&entitlements()), by(&signer));
    let expected = file.verify().expect("a sound signature");
    let certificate = signer.certificate_der();
    let start =
        file.signed.bytes.windows(certificate.len()).position(|bytes| bytes == certificate).expect("it is there");
    let mut unnoticed = Vec::new();
    each_change(&file, |position, mut verified| {
        if (start..start + certificate.len()).contains(&position) {
            assert_eq!(point(&verified), point(&expected), "byte {position}");
            verified.certificates.clone_from(&expected.certificates);
        } else {
            unnoticed.push(position);
        }
        assert_eq!(verified, expected, "byte {position}");
    });
    assert!(unnoticed.len() <= 32, "unnoticed at {unnoticed:?}");
}

/// Anyone can make nobody's signature of other code; it has another name.
#[test]
fn a_changed_byte_of_nobodys_signature_is_refused_or_changes_its_name() {
    let file = signed(Kind::Executable, Some(&entitlements()), By::AdHoc);
    let directory = range(&file.signed.bytes, CODE_DIRECTORY);
    each_change(&file, |position, verified| {
        assert!(directory.contains(&position), "unnoticed at {position}");
        assert_ne!(verified.cd_hash, file.signed.cd_hash, "byte {position}");
    });
}

/// What is still accepted with one bit of one byte changed.
fn each_change(file: &File, mut accepted: impl FnMut(usize, Verified)) {
    for position in 0..file.signed.bytes.len() {
        for mask in [0x01, 0x80] {
            let mut damaged = file.signed.bytes.clone();
            damaged[position] ^= mask;
            let _ = read(&damaged);
            if let Ok(verified) = verify(&file.code, &damaged, sealed(), &|_| true) {
                accepted(position, verified);
            }
        }
    }
}

/// The coordinates of the signer's key, whatever is said around them.
fn point(verified: &Verified) -> Vec<u8> {
    let key = verified.certificates[0].public_key_info();
    key[key.len() - 64..].to_vec()
}

#[test]
fn a_changed_page_is_named() {
    let file = signed(Kind::Executable, None, By::AdHoc);
    for (position, expected) in [(0, 0), (4095, 0), (4096, 1), (file.code.len() - 1, 4)] {
        let mut code = file.code.clone();
        code[position] ^= 1;
        let refused = verify(&code, &file.signed.bytes, sealed(), &|_| true).expect_err("it must be refused");
        let Error::PageChanged { page, offset } = refused else { panic!("{refused}") };
        assert_eq!((page, offset), (expected, expected * 4096), "byte {position}");
    }
}
