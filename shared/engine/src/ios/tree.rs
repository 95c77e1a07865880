//! Whether devices can unpack the app as it is signed: bundles are folders, what is read or written in them are files, and no file
//! stands where a folder does.

use formats::zip::{Archive, Entry, file_with_files_in_it};

use crate::Error;
use crate::ios::bundles::{Bundle, BundleKind, INFO, PROFILE, SEAL};

/// Refuses symbolic links to bundles, which would be programs and libraries at places where nothing looks for such, and those to
/// `Info.plist` files.
pub(crate) fn refuse_links(archive: &Archive<'_>) -> Result<(), Error> {
    let links = archive.entries().iter().filter(|entry| entry.is_symbolic_link());
    for Entry { name, .. } in links {
        if BundleKind::of(name.trim_end_matches('/')).is_some() {
            return Err(Error::WrongContent { entry: name.clone(), expected: "a folder, but a symbolic link" });
        }
        if name.rsplit_once('/').is_some_and(|(folder, file)| file == INFO && BundleKind::of(folder).is_some()) {
            return Err(is_link(name));
        }
    }
    Ok(())
}

/// What is signed, and what signing writes, has to be files in the output.
pub(crate) fn require_files(archive: &Archive<'_>, bundles: &[Bundle], has_profile: bool) -> Result<(), Error> {
    let seals = bundles.iter().map(|bundle| bundle.entry(SEAL));
    let profiles = bundles.iter().filter(|bundle| bundle.is_program()).map(|bundle| bundle.entry(PROFILE));
    let (seals, profiles): (Vec<String>, Vec<String>) = (seals.collect(), profiles.collect());
    let executables = bundles.iter().map(|bundle| &bundle.executable);
    let is_a_link = |name: &&String| archive.entry(name).is_some_and(Entry::is_symbolic_link);
    if let Some(link) = seals.iter().chain(&profiles).chain(executables).find(is_a_link) {
        return Err(is_link(link));
    }
    let present = archive.entries().iter().map(|entry| &entry.name);
    let written = seals.iter().chain(has_profile.then_some(&profiles).into_iter().flatten());
    match file_with_files_in_it(present.chain(written).map(String::as_str)) {
        Some(file) => {
            let expected = "either a file or a folder, but both";
            Err(Error::WrongContent { entry: file.to_owned(), expected })
        }
        None => Ok(()),
    }
}

fn is_link(entry: &str) -> Error {
    Error::WrongContent { entry: entry.to_owned(), expected: "a file, but a symbolic link" }
}
