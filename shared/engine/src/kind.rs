//! What a package really is, told from its content.

use std::fmt;

use domain::file_name::FileName;
use domain::platform::Platform;
use formats::zip::Archive;

use crate::inspect::MANIFEST;
use crate::{Error, Plan};

/// Type of a binary XML document, the first two bytes of each.
const BINARY_XML: [u8; 2] = [0x03, 0x00];

/// A format of packages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Android package.
    Apk,
    /// Android App Bundle.
    Aab,
    /// iOS App Store package.
    Ipa,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Apk => "an Android package (APK)",
            Self::Aab => "an Android App Bundle (AAB)",
            Self::Ipa => "an iOS app (IPA)",
        })
    }
}

impl Kind {
    /// What the extension of `name` says.
    pub fn named(name: &FileName) -> Self {
        match name.extension() {
            "aab" => Self::Aab,
            "ipa" => Self::Ipa,
            _ => Self::Apk,
        }
    }

    /// Where such packages run.
    pub const fn platform(self) -> Platform {
        match self {
            Self::Apk | Self::Aab => Platform::Android,
            Self::Ipa => Platform::Ios,
        }
    }

    /// What the entries make of an archive.
    fn detect(archive: &Archive<'_>) -> Option<Self> {
        if archive.entry("BundleConfig.pb").is_some() || archive.entry("base/manifest/AndroidManifest.xml").is_some() {
            Some(Self::Aab)
        } else if archive.entry(MANIFEST).is_some() {
            Some(Self::Apk)
        } else if archive.entries().iter().any(|entry| ios_app(&entry.name).is_some()) {
            Some(Self::Ipa)
        } else {
            None
        }
    }
}

/// The folder of the iOS app that an entry belongs to: `Example.app` of everything in `Payload/Example.app`.
pub(crate) fn ios_app(name: &str) -> Option<&str> {
    let mut components = name.split('/');
    let (first, folder) = (components.next()?, components.next()?);
    (first == "Payload" && folder.ends_with(".app")).then_some(folder)
}

/// The kind of a package; refuses one that is called something else.
pub(crate) fn require_named(archive: &Archive<'_>, file_name: &FileName) -> Result<Kind, Error> {
    let expected = Kind::named(file_name);
    let Some(found) = Kind::detect(archive) else {
        let parts = archive.entries().iter().any(|entry| entry.name.ends_with(".apk"));
        return Err(unknown(file_name, if parts { "it is a set of APKs" } else { "it has no manifest of an app" }));
    };
    match found == expected {
        true => Ok(found),
        false => Err(Error::WrongKind { file_name: file_name.as_str().to_owned(), found, expected }),
    }
}

/// The kind of the plan's package; refuses one that is called something else, or that is for another platform.
pub(crate) fn require(archive: &Archive<'_>, plan: &Plan<'_>) -> Result<Kind, Error> {
    let found = require_named(archive, plan.file_name)?;
    match found.platform() == plan.platform {
        true => Ok(found),
        false => Err(Error::WrongPlatform { kind: found, platform: plan.platform }),
    }
}

/// The refusal of an archive that is not what its name says.
pub(crate) fn unknown(file_name: &FileName, reason: &'static str) -> Error {
    Error::UnknownKind { file_name: file_name.as_str().to_owned(), expected: Kind::named(file_name), reason }
}

/// Refuses a manifest that is not compiled.
pub(crate) fn require_binary_xml(manifest: &[u8], file_name: &FileName) -> Result<(), Error> {
    if manifest.starts_with(&BINARY_XML) {
        return Ok(());
    }
    let reason = if manifest.trim_ascii_start().starts_with(b"<") {
        "its AndroidManifest.xml is text; only compiled packages can be protected"
    } else {
        "its AndroidManifest.xml is not binary XML"
    };
    Err(unknown(file_name, reason))
}
