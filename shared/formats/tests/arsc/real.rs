//! Tables of packages that others built. Fetched ones are looked for in the folder that the variable APPTEGO_SAMPLES names.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use formats::arsc::{Table, dump};
use formats::limits::Limits;
use formats::zip::Archive;

use crate::builder::parse;

/// The tables of all packages at hand, by the packages' names.
pub(crate) fn tables() -> Vec<(PathBuf, Vec<u8>)> {
    let packages = packages();
    let tables = packages.into_iter().filter_map(|path| {
        let bytes = fs::read(&path).unwrap();
        let archive = Archive::read(&bytes, &Limits::default()).unwrap();
        archive.entry("resources.arsc")?;
        Some((path, archive.read_entry("resources.arsc", Limits::default().table_bytes).unwrap()))
    });
    let tables: Vec<_> = tables.collect();
    if tables.is_empty() {
        assert!(named_folder().is_none(), "no package with a table");
        #[expect(clippy::print_stderr, reason = "a test that does not run must say so")]
        {
            eprintln!("SKIPPED: APPTEGO_SAMPLES names no folder with packages");
        }
    }
    tables
}

fn packages() -> Vec<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/samples");
    // The platform's own resources: the largest table there is, with several hundred configurations.
    let framework = PathBuf::from("/usr/share/android-framework-res");
    let files =
        |folder: PathBuf| fs::read_dir(folder).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
    let mut found: Vec<_> =
        [Some(beside), Some(framework), named_folder()].into_iter().flatten().flat_map(files).collect();
    found.retain(|path| path.extension().is_some_and(|extension| extension == "apk"));
    found.sort();
    found
}

fn named_folder() -> Option<PathBuf> {
    #[expect(clippy::disallowed_methods, reason = "a test runner's switch, not configuration")]
    std::env::var_os("APPTEGO_SAMPLES").map(PathBuf::from)
}

#[test]
fn survive_unedited_byte_for_byte() {
    for (path, bytes) in tables() {
        assert_eq!(*parse(&bytes).to_bytes(), bytes, "{}", path.display());
    }
}

#[test]
fn take_an_entry_and_nothing_else_changes() {
    for (path, bytes) in tables() {
        let mut table = parse(&bytes);
        let before = dump(&table);
        table.ensure_package("com.example.added").unwrap();
        let id = table.add_file("xml", "added_by_test", "res/added_by_test.xml").unwrap();
        let written = table.to_bytes().into_owned();
        let again = parse(&written);
        assert_eq!(again.find("xml", "added_by_test"), Some(id), "{}", path.display());
        // Counts change, entries do not.
        let entries =
            |dump: &str| dump.lines().filter(|line| line.starts_with("      ")).map(str::to_owned).collect::<Vec<_>>();
        let mut after = entries(&dump(&again));
        let added = format!("      {id:#010x} added_by_test: \"res/added_by_test.xml\"");
        let place = after.iter().position(|line| *line == added).expect("the added entry");
        after.remove(place);
        assert!(after == entries(&before), "{}", path.display());
    }
}

#[test]
fn can_be_renamed_altogether() {
    for (path, bytes) in tables() {
        let mut table = parse(&bytes);
        let Some(id) = table.package_names().first().map(|package| package.id) else { continue };
        let files = table.file_paths().unwrap();
        let paths: HashMap<_, _> =
            files.iter().zip(0..).map(|(path, place)| (path.clone(), format!("r/{place:x}"))).collect();
        let (mut new, mut next) = (HashMap::new(), 0_u32);
        let before = dump(&table);
        let name = |_: &str, name: &str| {
            let new = new.entry(name.to_owned()).or_insert_with(|| {
                next += 1;
                format!("n{next:x}")
            });
            Some(new.clone())
        };
        let renamed = table.rename(name, &paths).unwrap();
        let written = table.to_bytes().into_owned();
        assert!(written.len() <= bytes.len(), "{}", path.display());
        let again = parse(&written);
        assert!(id != 0x7f || !renamed.is_empty());
        for renamed in renamed.iter().step_by(97) {
            assert!(renamed.ids.contains(&again.find(&renamed.type_name, &renamed.after).unwrap()));
        }
        // The same ids with the same values, in the same configurations.
        let ids =
            |dump: &str| dump.lines().filter_map(|line| line.trim().get(..10).map(str::to_owned)).collect::<Vec<_>>();
        assert!(ids(&dump(&again)) == ids(&before), "{}", path.display());
    }
}

#[test]
fn damaged_ones_are_refused_or_read() {
    for (_, bytes) in tables().into_iter().filter(|(_, bytes)| bytes.len() < 1 << 20) {
        for place in (0..bytes.len()).step_by(bytes.len() / 200 + 1) {
            let mut damaged = bytes.clone();
            damaged[place] ^= 0xff;
            if let Ok(table) = Table::parse(&damaged, &Limits::default()) {
                assert_eq!(*table.to_bytes(), damaged);
                let _ = dump(&table);
            }
        }
    }
}
