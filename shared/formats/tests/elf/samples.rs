//! Libraries that others built: those inside the packages of ../shared/samples and of the folder that APPTEGO_SAMPLES names, and
//! libraries that lie there by themselves.
#![expect(clippy::print_stderr, reason = "a missing sample must show")]

use std::fs;
use std::path::{Path, PathBuf};

use formats::elf::{same_image, strip};
use formats::limits::Limits;
use formats::zip::Archive;

use crate::builder::strip_and_compare;

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

#[test]
fn libraries_in_packages() {
    let mut seen = 0;
    for path in files("apk") {
        let bytes = fs::read(&path).unwrap();
        let Ok(archive) = Archive::read(&bytes, &Limits::default()) else { continue };
        for entry in archive.entries().iter().filter(|entry| entry.name.ends_with(".so")) {
            let library = archive.read_entry(&entry.name, 1 << 30).unwrap();
            same_image(&library, &library, &Limits::default()).unwrap();
            strip_and_compare(&library).unwrap_or_else(|error| panic!("{}: {error}", entry.name));
            seen += 1;
        }
    }
    if seen == 0 {
        eprintln!(
            "SKIPPED: no package with native libraries in ../shared/samples or in the folder APPTEGO_SAMPLES names"
        );
    }
}

/// Node.js for Android, which comes with its symbols.
#[test]
fn libraries_by_themselves() {
    let files = files("so");
    for path in &files {
        let library = fs::read(path).unwrap();
        let after = strip_and_compare(&library).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let removed = strip(&library, &Limits::default()).unwrap().map_or(0, |stripped| stripped.removed.len());
        assert!(after.is_none() || removed > 0);
    }
    if files.is_empty() {
        eprintln!("SKIPPED: no library in the folder APPTEGO_SAMPLES names; ./dev bench fetches some");
    }
}
