//! Packages that others built: tests/samples/fetch brings those of the registries, ../shared/samples is read in place.

use std::path::PathBuf;

use tests::harness::{root, variable};

use crate::judges::skip;

/// A package of the registries. Where CI is set it must be there; elsewhere its absence is said.
pub(crate) fn fetched(name: &str) -> Option<Vec<u8>> {
    let folder = variable("APPTEGO_SAMPLES").map_or_else(|| root().join(".local/samples"), PathBuf::from);
    let path = folder.join(name);
    let found = std::fs::read(&path).ok();
    if found.is_none() {
        assert!(variable("CI").is_none(), "{} is missing; run tests/samples/fetch", path.display());
        skip(&format!("{} is missing; run tests/samples/fetch", path.display()));
    }
    found
}

/// A file beside the project.
pub(crate) fn shared(name: &str) -> Option<Vec<u8>> {
    shared_path(name).map(|path| std::fs::read(path).unwrap())
}

/// Where a file beside the project is.
pub(crate) fn shared_path(name: &str) -> Option<PathBuf> {
    let path = root().join("../shared").join(name);
    if path.is_file() {
        return Some(path);
    }
    skip(&format!("{} is not there", path.display()));
    None
}
