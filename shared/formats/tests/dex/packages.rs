//! DEX files that others built: those inside the packages of ../shared/samples and of the folder that APPTEGO_SAMPLES names.
#![expect(clippy::print_stderr, reason = "a missing sample must show")]

use std::fs;
use std::path::{Path, PathBuf};

use formats::limits::Limits;
use formats::zip::Archive;

use crate::strip::{parse, strip};
use crate::tools::judge;

fn packages() -> Vec<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/samples");
    #[expect(clippy::disallowed_methods, reason = "tests have no main of their own")]
    let named = std::env::var_os("APPTEGO_SAMPLES").map(PathBuf::from);
    let list =
        |folder: PathBuf| fs::read_dir(folder).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
    let mut files: Vec<PathBuf> = [Some(beside), named].into_iter().flatten().flat_map(list).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "apk" || extension == "aab"));
    files.sort();
    if files.is_empty() {
        eprintln!("SKIPPED: no package in ../shared/samples or in the folder APPTEGO_SAMPLES names");
    }
    files
}

/// Calls `check` with each DEX file of each package.
fn each(check: impl Fn(&str, &[u8])) {
    for path in packages() {
        let bytes = fs::read(&path).unwrap();
        let Ok(archive) = Archive::read(&bytes, &Limits::default()) else { continue };
        for entry in archive.entries().iter().filter(|entry| entry.name.ends_with(".dex")) {
            let name = format!("{} {}", path.file_name().unwrap().display(), entry.name);
            check(&name, &archive.read_entry(&entry.name, Limits::default().dex_bytes).unwrap());
        }
    }
}

#[test]
fn written_anew_they_are_the_same() {
    each(|name, bytes| {
        let out = parse(bytes).to_bytes().unwrap();
        // An old compiler left holes of several hundred kilobytes in this one.
        if name.starts_with("HelloWord-JNI") {
            formats::dex::same_code(bytes, &out, &Limits::default()).unwrap();
        } else {
            assert!(out == bytes, "{name}");
        }
    });
}

#[test]
fn stripped_they_are_the_same_to_other_readers() {
    each(|name, bytes| {
        if parse(bytes).strip_debug_info().unwrap().is_some() {
            let (out, stripped) = strip(bytes);
            assert!(stripped.line_tables > 0 || stripped.source_files > 0);
            judge(name, bytes, &out);
        }
    });
}
