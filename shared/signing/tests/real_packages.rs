//! Packages that others built and signed. Fetched ones are looked for in the folder that the variable
//! APPTEGO_SAMPLES names.

#![expect(clippy::expect_used, reason = "a failed step is a failed test")]

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use formats::limits::Limits;
use formats::source::FileSource;
use formats::zip::Archive;
use signing::apk::{Platforms, Scheme, SignatureError, claimed_certificates, verify_apk};

#[test]
fn are_accepted_as_they_are_and_refused_when_changed() {
    let packages = packages();
    let signed: Vec<_> = packages.iter().filter(|path| check(path)).collect();
    if signed.is_empty() {
        assert!(named_folder().is_none(), "no package with a signing block among {packages:?}");
        #[expect(clippy::print_stderr, reason = "a test that does not run must say so")]
        {
            eprintln!("SKIPPED: APPTEGO_SAMPLES names no folder with packages of scheme v2 or v3");
        }
    }
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

/// The APKs of the samples folder beside the project, and of a folder that the caller names.
fn packages() -> Vec<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/samples");
    let files =
        |folder: PathBuf| fs::read_dir(folder).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
    let mut found: Vec<_> = [Some(beside), named_folder()].into_iter().flatten().flat_map(files).collect();
    found.retain(|path| path.extension().is_some_and(|extension| extension == "apk"));
    found
}

fn named_folder() -> Option<PathBuf> {
    #[expect(clippy::disallowed_methods, reason = "a test runner's switch, not configuration")]
    std::env::var_os("APPTEGO_SAMPLES").map(PathBuf::from)
}
