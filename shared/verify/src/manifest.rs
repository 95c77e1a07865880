//! What the output's manifest says, compared with the input's.

use formats::axml::{Application, Document, Manifest};
use formats::limits::Limits;
use formats::zip::Archive;

use crate::error::of_archive;
use crate::{Check, Error, Expected};

const ENTRY: &str = "AndroidManifest.xml";

/// The manifests of both packages.
pub(crate) struct Manifests<'a> {
    input: Archive<'a>,
    before: Manifest,
    after: Manifest,
    document: Document,
}

impl<'a> Manifests<'a> {
    pub(crate) fn read(output: &Archive<'_>, expected: &Expected<'a>) -> Result<Self, Error> {
        let input =
            Archive::read(expected.input, expected.limits).map_err(|error| of_archive(Check::Entries, error))?;
        let (_, before) = read(&input, expected.limits)?;
        let (document, after) = read(output, expected.limits)?;
        Ok(Self { input, before, after, document })
    }

    pub(crate) fn input(&self) -> &Archive<'a> {
        &self.input
    }

    pub(crate) fn target_is_at_least(&self, level: u32) -> bool {
        self.after.target_sdk.is_at_least(level)
    }

    /// The API level that the output was made for.
    pub(crate) fn target_sdk(&self) -> u32 {
        self.after.target_sdk.api().unwrap_or(u32::MAX)
    }

    /// The lowest API level that the output installs on; a platform under development is later than every number.
    pub(crate) fn min_sdk(&self) -> u32 {
        self.after.min_sdk.api().unwrap_or(u32::MAX)
    }

    /// The output is the same app in the same version.
    pub(crate) fn identity(&self) -> Result<String, Error> {
        let facts = |manifest: &Manifest| Manifest { application: None, ..manifest.clone() };
        if facts(&self.before) != facts(&self.after) {
            return Err(Check::Identity.failed("package, versions or platform versions are not those of the input"));
        }
        Ok(format!("{} {}", self.after.package, self.after.version_code))
    }

    /// The output's manifest.
    pub(crate) fn document(&self) -> &Document {
        &self.document
    }

    /// The output's `<application>`.
    pub(crate) fn application(&self) -> Option<&Application> {
        self.after.application.as_ref()
    }
}

pub(crate) fn read(archive: &Archive<'_>, limits: &Limits) -> Result<(Document, Manifest), Error> {
    let bytes = archive.read_entry(ENTRY, limits.document_bytes).map_err(|error| of_archive(Check::Identity, error))?;
    let document = Document::parse(&bytes, limits).map_err(|error| Check::Identity.failed(error.to_string()))?;
    let manifest = Manifest::read(&document).map_err(|error| Check::Identity.failed(error.to_string()))?;
    Ok((document, manifest))
}
