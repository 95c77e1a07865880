//! Lineages of keys: read from packages that apksigner signed, carried on, and refused by name where that cannot be.

mod support;

use signing::apk::{Lineage, Scheme, Schemes, SigningError};
use support::rotation::{FILES, Keys};
use support::{TinyZip, installed, must_run, verify_from, write};

#[test]
fn a_lineage_is_carried_on_with_its_flags() {
    if !installed(&["apksigner"]) {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let keys = Keys::rotated(folder.path());
    let lineage = keys.lineage("three", 2);
    let names: Vec<_> = (0..3).map(|number| keys.signer(number).certificate_sha256()).collect();
    assert_eq!(lineage.levels().iter().map(|level| level.certificate.sha256()).collect::<Vec<_>>(), names);
    // Installed data, shared uid, permission, rollback, auth: the oldest lost `permission` and got `rollback`.
    assert_eq!(lineage.levels().iter().map(|level| level.flags).collect::<Vec<_>>(), [0b11011, 0b10111, 0b10111]);

    let package = TinyZip::new(&FILES).signed_on(&keys.signer(2), &lineage);
    let signatures = verify_from(&package, 28).expect("valid");
    assert_eq!((signatures.schemes(), signatures.lineage.as_ref()), (vec![Scheme::V3], Some(&lineage)));
    write(folder.path(), "app.apk", &package);
    must_run(folder.path(), "apksigner verify --min-sdk-version 28 @/app.apk");
    let printed = must_run(folder.path(), "apksigner lineage --in @/app.apk --print-certs");
    for name in names {
        assert!(printed.contains(&name), "{printed}");
    }
    let capabilities: Vec<_> = printed.lines().filter(|line| line.contains("Has rollback capability")).collect();
    assert_eq!(capabilities.len(), 3, "{printed}");
    assert!(capabilities[0].ends_with("true") && capabilities[1].ends_with("false"), "{printed}");
}

#[test]
fn what_cannot_be_carried_on_is_refused_with_the_certificate_that_it_needs() {
    if !installed(&["apksigner"]) {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let keys = Keys::rotated(folder.path());
    let lineage = keys.lineage("two", 1);
    let newest = keys.signer(1).certificate_sha256();
    for number in [0, 2, 3] {
        let refused = lineage.schemes(&keys.signer(number), 28);
        assert_eq!(refused, Err(SigningError::LineageNeedsKey { sha256: newest.clone() }), "key {number}");
    }
    let sha256 = keys.signer(0).certificate_sha256();
    assert_eq!(lineage.schemes(&keys.signer(1), 27), Err(SigningError::LineageNeedsOldKey { min_sdk: 27, sha256 }));
    assert_eq!(lineage.schemes(&keys.signer(1), 28), Ok(Schemes { v1: false, v2: false, v3: true }));
}

#[test]
fn a_package_without_lineage_claims_none() {
    let package =
        TinyZip::new(&FILES).signed(&support::signer(signing::generate::NewKey::P256), Schemes::for_min_sdk(28));
    let directory = support::layout(&package).expect("a layout").central_directory;
    let found: Option<Lineage> = signing::apk::claimed_lineage(package.as_slice(), directory).expect("readable");
    assert_eq!(found, None);
}
