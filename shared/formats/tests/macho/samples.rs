//! Binaries that others built: those inside the packages of ../shared/samples and of the folder that APPTEGO_SAMPLES names, and
//! frameworks that lie there by themselves.
#![expect(clippy::print_stderr, reason = "a missing sample must show")]

use std::fs;
use std::path::{Path, PathBuf};

use formats::limits::Limits;
use formats::macho::is_macho;
use formats::zip::Archive;

use crate::support::{judge, rewrite};

fn files(kind: &str) -> Vec<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/samples");
    #[expect(clippy::disallowed_methods, reason = "tests have no main of their own")]
    let named = std::env::var_os("APPTEGO_SAMPLES").map(PathBuf::from);
    let list =
        |folder: PathBuf| fs::read_dir(folder).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
    let mut files: Vec<PathBuf> = [Some(beside), named].into_iter().flatten().flat_map(list).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == kind));
    files
}

fn check(binary: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    for strip in [false, true] {
        let (after, _) = rewrite(&binary, strip).unwrap();
        judge(&after, folder.path());
    }
}

#[test]
fn binaries_in_packages() {
    let mut seen = 0;
    for path in files("ipa") {
        let bytes = fs::read(&path).unwrap();
        let Ok(archive) = Archive::read(&bytes, &Limits::default()) else { continue };
        for entry in archive.entries() {
            let content = archive.read_entry(&entry.name, 1 << 30).unwrap();
            if is_macho(&content) {
                check(&content);
                seen += 1;
            }
        }
    }
    if seen == 0 {
        eprintln!("SKIPPED: no IPA in ../shared/samples or in the folder APPTEGO_SAMPLES names");
    }
}

/// Node.js for iOS.
#[test]
fn frameworks_by_themselves() {
    let files = files("macho");
    for path in &files {
        check(&fs::read(path).unwrap());
    }
    if files.is_empty() {
        eprintln!("SKIPPED: no framework in the folder APPTEGO_SAMPLES names; ./dev bench fetches some");
    }
}
