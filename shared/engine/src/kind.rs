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

    const fn platform(self) -> Platform {
        match self {
            Self::Apk | Self::Aab => Platform::Android,
            Self::Ipa => Platform::Ios,
        }
    }

    /// What the entries make of an archive.
    fn detect(archive: &Archive<'_>) -> Option<Self> {
        let is_app = |name: &str| {
            let mut components = name.split('/');
            components.next() == Some("Payload") && components.next().is_some_and(|folder| folder.ends_with(".app"))
        };
        if archive.entry("BundleConfig.pb").is_some() || archive.entry("base/manifest/AndroidManifest.xml").is_some() {
            Some(Self::Aab)
        } else if archive.entry(MANIFEST).is_some() {
            Some(Self::Apk)
        } else if archive.entries().iter().any(|entry| is_app(&entry.name)) {
            Some(Self::Ipa)
        } else {
            None
        }
    }
}

/// Refuses everything but an APK that is called one, built for Android.
pub(crate) fn require_apk(archive: &Archive<'_>, plan: &Plan<'_>) -> Result<(), Error> {
    let expected = Kind::named(plan.file_name);
    let file_name = || plan.file_name.as_str().to_owned();
    let unknown = |reason| Err(Error::UnknownKind { file_name: file_name(), expected, reason });
    let Some(found) = Kind::detect(archive) else {
        let parts = archive.entries().iter().any(|entry| entry.name.ends_with(".apk"));
        return unknown(if parts { "it is a set of APKs" } else { "it has no manifest of an app" });
    };
    if found != expected {
        return Err(Error::WrongKind { file_name: file_name(), found, expected });
    }
    if found.platform() != plan.platform {
        return Err(Error::WrongPlatform { kind: found, platform: plan.platform });
    }
    if found != Kind::Apk {
        return Err(Error::KindUnavailable { file_name: file_name(), kind: found });
    }
    Ok(())
}

/// Refuses a manifest that is not compiled.
pub(crate) fn require_binary_xml(manifest: &[u8], plan: &Plan<'_>) -> Result<(), Error> {
    if manifest.starts_with(&BINARY_XML) {
        return Ok(());
    }
    let reason = if manifest.trim_ascii_start().starts_with(b"<") {
        "its AndroidManifest.xml is text; only compiled packages can be protected"
    } else {
        "its AndroidManifest.xml is not binary XML"
    };
    let (file_name, expected) = (plan.file_name.as_str().to_owned(), Kind::named(plan.file_name));
    Err(Error::UnknownKind { file_name, expected, reason })
}
