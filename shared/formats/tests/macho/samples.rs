//! Binaries that others built: those inside the packages of ../shared/samples and of the folder that APPTEGO_SAMPLES names, and
//! frameworks that lie there by themselves.
#![expect(clippy::print_stderr, reason = "a missing sample must show")]

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use flate2::read::DeflateDecoder;
use formats::limits::Limits;
use formats::macho::{Binary, Remake, is_macho, remake};
use formats::piece::{Piece, copy_pieces};
use formats::zip::{Archive, Attributes, EntrySource, Method, Splicer, Writer};

use crate::support::{SIGNATURE, judge, rewrite};

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

/// What a signer does with an entry: read it twice, once for what it is, and once to write it anew.
fn check_spliced(archive: &Archive<'_>, name: &str, content: &[u8]) {
    let entry = archive.entry(name).unwrap();
    for strip in [false, true] {
        let source = EntrySource::new(archive, entry);
        let remade = remake(&source, &Binary::read(&source).unwrap(), Remake { strip }, &Limits::default()).unwrap();
        let layout = remade.layout(&vec![SIGNATURE; remade.slices.len()]).unwrap();
        let mut pieces = Vec::new();
        for placed in layout.slices {
            pieces.extend(placed.lead);
            pieces.extend(placed.code);
            pieces.push(Piece::Zeros(SIGNATURE));
        }
        let mut splicer = Splicer::plan(archive, entry, &pieces, 64 << 20).unwrap().unwrap();
        copy_pieces(&source, &pieces, &mut splicer).unwrap();
        let spliced = splicer.finish().unwrap();
        let mut packed = Vec::new();
        spliced.write(archive, &mut packed).unwrap();
        let mut unpacked = Vec::new();
        DeflateDecoder::new(&packed[..]).read_to_end(&mut unpacked).unwrap();
        assert!(unpacked == rewrite(&content, strip).unwrap().0, "another content");
        // Not more than a hundredth is lost by the seams.
        assert!(spliced.packed_size < entry.packed_size + entry.packed_size / 100 + 10_000);
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
                check_spliced(&archive, &entry.name, &content);
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
        let binary = fs::read(path).unwrap();
        check(&binary);
        let mut writer = Writer::new(Vec::new());
        writer.add("binary", Method::Deflated, Attributes::default(), &binary).unwrap();
        let (mut bytes, tail) = writer.finish(b"").unwrap();
        tail.write(&mut bytes).unwrap();
        check_spliced(&Archive::read(&bytes, &Limits::default()).unwrap(), "binary", &binary);
    }
    if files.is_empty() {
        eprintln!("SKIPPED: no framework in the folder APPTEGO_SAMPLES names; ./dev bench fetches some");
    }
}
