//! Whether devices can unpack an app: what is read in bundles are files, and nothing is a file and a folder at once.

use formats::zip::{Entry, file_with_files_in_it};

use super::bundles::{App, PROFILE, SEAL, is_bundle};
use crate::{Check, Error};

/// No symbolic link is a bundle, or a file that makes one.
pub(super) fn check(app: &App<'_>) -> Result<(), Error> {
    let entries = app.archive.entries();
    if let Some(file) = file_with_files_in_it(entries.iter().map(|entry| entry.name.as_str())) {
        return Err(Check::Structure.failed(format!("{} is a file and a folder", file.escape_debug())));
    }
    let is_link = |entry: &Entry| entry.is_symbolic_link();
    let is_bundle_itself = |link: &&Entry| {
        let name = link.name.trim_end_matches('/');
        is_bundle(name) || name.strip_suffix("/Info.plist").is_some_and(is_bundle)
    };
    let parts = app
        .bundles
        .iter()
        .flat_map(|bundle| [bundle.executable.clone(), bundle.entry(SEAL), bundle.entry(PROFILE)].into_iter());
    let part = parts.filter_map(|part| app.archive.entry(&part)).find(|part| is_link(part));
    match entries.iter().filter(|entry| is_link(entry)).find(is_bundle_itself).or(part) {
        Some(link) => Err(Check::Structure.failed(format!("{} is a symbolic link", link.name.escape_debug()))),
        None => Ok(()),
    }
}
