//! Packages that others built and signed. Fetched ones are looked for in the folder that the variable
//! APPTEGO_SAMPLES names.

#![expect(clippy::expect_used, reason = "a failed step is a failed test")]

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use formats::source::{FileSource, Source};
use signing::apk::{Layout, Scheme, SignatureError, claimed_certificates, signing_block_range, verify_apk};

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

/// Checks one package; `false` where it has no signing block to check.
fn check(path: &Path) -> bool {
    let source = FileSource::new(File::open(path).expect("opens")).expect("a length");
    let Some(layout) = layout(&source) else { return false };
    let signatures = verify_apk(&source, &layout).expect("a valid signature");
    let claimed = claimed_certificates(&source, layout.central_directory).expect("certificates");
    assert_eq!(signatures.certificates_sha256(), [claimed[0].sha256()]);
    assert!(signatures.schemes().contains(&Scheme::V2));

    let mut damaged = fs::read(path).expect("reads");
    damaged[usize::try_from(layout.signing_block.start / 2).expect("fits")] ^= 1;
    match verify_apk(damaged.as_slice(), &layout) {
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

/// Layout of a signed package without a comment; `None` where there is no signing block.
fn layout(source: &FileSource) -> Option<Layout> {
    let end_record = source.len() - 22;
    let mut end = [0; 22];
    source.read_at(end_record, &mut end).expect("an end record");
    assert_eq!(&end[..4], b"PK\x05\x06");
    let directory = u64::from(u32::from_le_bytes(end[16..20].try_into().expect("four bytes")));
    let signing_block = signing_block_range(source, directory).expect("readable")?;
    Some(Layout { signing_block, central_directory: directory, end_record })
}
