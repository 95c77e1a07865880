//! Packages of others.

use std::fs;
use std::path::Path;

use formats::axml::{Document, Manifest};
use formats::limits::Limits;
use formats::zip::Archive;

use crate::Package;
use crate::support;

/// Longer ones are damaged less often.
const LONG: usize = 4 << 20;

/// The samples as they are.
pub(crate) fn packages(_folder: &Path) -> Vec<Package> {
    let read = |path: std::path::PathBuf| {
        let bytes = fs::read(&path).expect("reads");
        let (min_sdk, target_sdk) = platforms(&bytes);
        let damages = if bytes.len() > LONG { 16 } else { 48 };
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        Package { name, bytes, min_sdks: vec![min_sdk], target_sdk, damages, sound: true }
    };
    support::samples().into_iter().map(read).collect()
}

fn platforms(package: &[u8]) -> (u32, u32) {
    let (archive, limits) = (Archive::read(&package, &Limits::default()).expect("an archive"), Limits::default());
    let manifest = archive.read_entry("AndroidManifest.xml", limits.document_bytes).expect("a manifest");
    let document = Document::parse(&manifest, &limits).expect("binary XML");
    let manifest = Manifest::read(&document).expect("a manifest");
    (manifest.min_sdk.api().expect("a number"), manifest.target_sdk.api().expect("a number"))
}
