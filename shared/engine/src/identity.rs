//! What a package says about its app for people: name, version and icon, read from the package itself.
//!
//! Looked at are the central directory, the manifest, the resource table and the icon; nothing else is unpacked. Only a package that is
//! no package, or whose manifest cannot be read, is an error: what a manifest refers to and what is not there is absent.

mod android;
mod icon;
mod ipa;
mod resources;

use domain::file_name::FileName;
use formats::limits::Limits;
use formats::source::Source;
use formats::zip::{self, Archive};

use crate::Error;
use crate::kind::{self, Kind};

/// What a package says about its app, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The Android package, or `CFBundleIdentifier`: 1 to 255 letters, digits, `.`, `_` and `-`.
    pub package_name: String,
    /// The app's label in its default locale, or `CFBundleDisplayName` or `CFBundleName`; the package name for an app that has none. At
    /// most 200 characters, none of them a control character.
    pub name: String,
    /// `versionName` or `CFBundleShortVersionString`, cut like the name.
    pub version_name: Option<String>,
    /// `versionCode`, with `versionCodeMajor` above its 32 bits, or `CFBundleVersion`, cut like the name.
    pub version_code: Option<String>,
    /// The app's icon, if it has one that browsers show.
    pub icon: Option<Icon>,
}

/// An image that browsers show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Icon {
    /// The image, at most 262,144 bytes.
    pub bytes: Vec<u8>,
    /// `image/png`, `image/webp` or `image/jpeg`.
    pub content_type: &'static str,
}

/// Longest name of a package, in bytes.
const LONGEST_PACKAGE_NAME: usize = 255;
/// Longest name and version, in characters.
const LONGEST_TEXT: usize = 200;

/// Reads what the package in `source` says about its app. `file_name` says which kind of package it should be.
///
/// # Errors
/// A package that is no sound archive, another kind than its name says or without an app, a manifest that cannot be read, a package name
/// that is none, and a source that fails.
pub fn identify(source: &dyn Source, file_name: &FileName, limits: &Limits) -> Result<Identity, Error> {
    let archive = Archive::read(source, limits).map_err(Error::structure)?;
    match kind::require_named(&archive, file_name)? {
        kind @ (Kind::Apk | Kind::Aab) => android::identify(&archive, kind, file_name, limits),
        Kind::Ipa => ipa::identify(&archive, file_name, limits),
    }
}

/// A package's name as `entry` has it, if it is one.
fn package_name(entry: &str, found: &str) -> Result<String, Error> {
    let is_sane = (1..=LONGEST_PACKAGE_NAME).contains(&found.len())
        && found.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    match is_sane {
        true => Ok(found.to_owned()),
        false => {
            let found = found.chars().take(LONGEST_TEXT).collect();
            Err(Error::PackageName { entry: entry.to_owned(), found })
        }
    }
}

/// A text without control characters and the white space around it, cut to the longest that is shown; `None` when nothing is left.
fn clean(text: &str) -> Option<String> {
    let text = domain::text::shown(text);
    (!text.is_empty()).then_some(text)
}

/// The content of an entry that a manifest refers to; `None` when it is not there, broken or longer than `most` bytes. (That a package
/// is broken is for the build to say.)
fn read_if_sound(archive: &Archive<'_>, name: &str, most: u64) -> Result<Option<Vec<u8>>, Error> {
    match archive.read_entry(name, most) {
        Ok(content) => Ok(Some(content)),
        Err(zip::Error::Io(error)) => Err(Error::Source(error)),
        Err(_) => Ok(None),
    }
}
