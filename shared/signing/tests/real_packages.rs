//! Packages that others built and signed. Fetched ones are looked for in the folder that the variable
//! APPTEGO_SAMPLES names.

#![expect(clippy::expect_used, reason = "a failed step is a failed test")]

mod support;

use std::fs::{self, File};
use std::path::Path;

use formats::limits::Limits;
use formats::source::FileSource;
use formats::zip::Archive;
use signing::apk::{Platforms, Scheme, SignatureError, claimed_certificates, verify_apk};

#[test]
fn are_accepted_as_they_are_and_refused_when_changed() {
    let packages = support::samples();
    let signed = packages.iter().filter(|path| check(path)).count();
    assert!(packages.is_empty() || signed > 0, "no package with a signing block among {packages:?}");
}

/// Checks one package; `false` where it has no signing block to damage.
fn check(path: &Path) -> bool {
    let source = FileSource::new(File::open(path).expect("opens")).expect("a length");
    let archive = Archive::read(&source, &Limits::default()).expect("an archive");
    let platforms = Platforms { min_sdk: 24, target_sdk: 26 };
    let signatures = verify_apk(&archive, platforms, &|_| true).expect("a valid signature");
    let claimed = claimed_certificates(&source, archive.directory_offset()).expect("certificates");
    let Some(claimed) = claimed.first() else { return false };
    assert_eq!(signatures.certificates_sha256(), [claimed.sha256()]);
    assert!(signatures.schemes().contains(&Scheme::V2));

    let mut damaged = fs::read(path).expect("reads");
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    let archive = Archive::read(&damaged, &Limits::default()).expect("an archive");
    match verify_apk(&archive, Platforms { min_sdk: 24, target_sdk: 34 }, &|_| true) {
        Err(SignatureError::Rejected { field: "digest", .. }) => true,
        other => panic!("{}: {other:?}", path.display()),
    }
}
