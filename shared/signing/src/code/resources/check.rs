//! Checking a list of files against the files, both ways, whatever the rules are that it names itself.

use std::collections::BTreeMap;

use formats::limits::Limits;
use formats::plist::{self, Dictionary, Value};

use super::is_never_listed;
use super::rules::is_localized_version;
use crate::code::error::Error;

/// What is found in a bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// A file.
    File {
        /// SHA-1 of its bytes.
        sha1: [u8; 20],
        /// SHA-256 of its bytes.
        sha256: [u8; 32],
    },
    /// A symbolic link to this.
    Link(String),
}

/// A file that is not as the list says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("CodeResources: {path:?} {defect}")]
pub struct Mismatch {
    /// Its path within the bundle.
    pub path: String,
    /// What is wrong with it.
    pub defect: Defect,
}

/// How a file and a list disagree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Defect {
    /// It is listed, and not there.
    #[error("is listed and missing")]
    Missing,
    /// It is there, and not listed.
    #[error("is there and not listed")]
    Unlisted,
    /// It is not what was signed.
    #[error("was changed after it was signed")]
    Changed,
    /// The list says nothing of its content, or in a way that bundles of iOS do not have.
    #[error("is not listed with the digest of its content")]
    Unsealed,
}

/// Checks that the list names every file of the bundle with its content, and no other.
///
/// `executable` is the path of the main executable within the bundle, which has a signature of its own; `files` has all that is in
/// the bundle by path, without folders.
///
/// # Errors
/// [`Error::Mismatch`] for the first file that is not as it is listed; [`Error::Resources`] when the list cannot be read.
pub fn check(xml: &[u8], executable: &str, files: &BTreeMap<String, Content>) -> Result<(), Error> {
    // Room for 65,534 files with paths of ten times the usual length.
    let limits = Limits { document_bytes: 256 << 20, values: 1 << 20, depth: 8, ..Limits::default() };
    let list = plist::read_dictionary(xml, &limits).map_err(Error::Resources)?;
    let part = |key| plist::optional::<&Dictionary>(&list, key).map_err(Error::Resources);
    let missing = Error::Resources(plist::Error::Missing { key: "files2" });
    let belongs = |path: &str| path != executable && !is_never_listed(path);
    check_part(part("files2")?.ok_or(missing)?, files, |path, _| belongs(path) && !may_be_omitted(path))?;
    if let Some(old) = part("files")? {
        // Old systems know no links, and leave out less.
        check_part(old, files, |path, content| {
            belongs(path) && !is_localized_version(path) && matches!(content, Content::File { .. })
        })?;
    }
    Ok(())
}

fn check_part(
    list: &Dictionary,
    files: &BTreeMap<String, Content>,
    must_be_listed: impl Fn(&str, &Content) -> bool,
) -> Result<(), Mismatch> {
    let mismatch = |path: &str, defect| Err(Mismatch { path: path.to_owned(), defect });
    for (path, entry) in list {
        let result = Entry::of(entry).and_then(|entry| match files.get(path) {
            Some(content) => entry.check(content),
            None if entry.optional => Ok(()),
            None => Err(Defect::Missing),
        });
        if let Err(defect) = result {
            return mismatch(path, defect);
        }
    }
    let unlisted = files.iter().find(|(path, content)| must_be_listed(path, content) && !list.contains_key(path));
    unlisted.map_or(Ok(()), |(path, _)| mismatch(path, Defect::Unlisted))
}

/// What the list says of a file.
#[derive(Default)]
struct Entry<'a> {
    sha1: Option<&'a [u8]>,
    sha256: Option<&'a [u8]>,
    link: Option<&'a str>,
    optional: bool,
}

impl<'a> Entry<'a> {
    fn of(value: &'a Value) -> Result<Self, Defect> {
        let mut entry = Self::default();
        let Some(fields) = value.as_dictionary() else {
            entry.sha1 = Some(value.as_data().ok_or(Defect::Unsealed)?);
            return Ok(entry);
        };
        for (key, value) in fields {
            match (key.as_str(), value) {
                ("hash", Value::Data(digest)) => entry.sha1 = Some(digest),
                ("hash2", Value::Data(digest)) => entry.sha256 = Some(digest),
                ("symlink", Value::String(target)) => entry.link = Some(target),
                ("optional", Value::Boolean(optional)) => entry.optional = *optional,
                _ => return Err(Defect::Unsealed),
            }
        }
        Ok(entry)
    }

    fn check(&self, content: &Content) -> Result<(), Defect> {
        match (content, self) {
            (Content::File { .. }, Self { sha1: None, sha256: None, link: None, .. }) => Err(Defect::Unsealed),
            (Content::File { sha1, sha256 }, Self { link: None, .. }) => {
                let same =
                    self.sha1.is_none_or(|digest| digest == sha1) && self.sha256.is_none_or(|digest| digest == sha256);
                if same { Ok(()) } else { Err(Defect::Changed) }
            }
            (Content::Link(target), Self { link: Some(link), sha1: None, sha256: None, .. }) if target == link => {
                Ok(())
            }
            _ => Err(Defect::Changed),
        }
    }
}

/// What systems let a list leave out, and nothing else (`allowedResourceOmissions`).
fn may_be_omitted(path: &str) -> bool {
    let name = path.rsplit_once('/').map_or(path, |(_, name)| name);
    matches!(path, "Info.plist" | "PkgInfo") || name == ".DS_Store" || is_localized_version(path)
}
