//! What the output's manifests say, compared with the input's.

use formats::axml::{Application, Document, Manifest};
use formats::limits::Limits;
use formats::proto::xml;
use formats::zip::Archive;

use crate::error::of_archive;
use crate::parts::Parts;
use crate::{Check, Error, Expected};

/// The manifests of both packages.
pub(crate) struct Manifests<'a> {
    input: Archive<'a>,
    /// How the output is read.
    parts: Parts,
    before: Manifest,
    after: Manifest,
    /// The output's documents, that of the app itself first.
    documents: Vec<Document>,
}

impl<'a> Manifests<'a> {
    pub(crate) fn read(output: &Archive<'_>, expected: &Expected<'a>) -> Result<Self, Error> {
        let input =
            Archive::read(expected.input, expected.limits).map_err(|error| of_archive(Check::Entries, error))?;
        let (_, before) = read(&input, &Parts::of(&input), expected.limits)?;
        let parts = Parts::of(output);
        let (document, after) = read(output, &parts, expected.limits)?;
        let mut documents = vec![document];
        for entry in parts.other_manifests() {
            documents.push(document_of(output, &parts, &entry, expected.limits)?);
        }
        Ok(Self { input, parts, before, after, documents })
    }

    pub(crate) fn input(&self) -> &Archive<'a> {
        &self.input
    }

    /// How the output is read.
    pub(crate) fn parts(&self) -> &Parts {
        &self.parts
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

    /// The output's manifests, that of the app itself first.
    pub(crate) fn documents(&self) -> &[Document] {
        &self.documents
    }

    /// The output's `<application>`.
    pub(crate) fn application(&self) -> Option<&Application> {
        self.after.application.as_ref()
    }
}

/// The manifest of the app.
pub(crate) fn read(archive: &Archive<'_>, parts: &Parts, limits: &Limits) -> Result<(Document, Manifest), Error> {
    let document = document_of(archive, parts, &parts.manifest(), limits)?;
    let manifest = Manifest::read(&document).map_err(|error| Check::Identity.failed(error.to_string()))?;
    Ok((document, manifest))
}

fn document_of(archive: &Archive<'_>, parts: &Parts, entry: &str, limits: &Limits) -> Result<Document, Error> {
    let bytes = archive.read_entry(entry, limits.document_bytes).map_err(|error| of_archive(Check::Identity, error))?;
    let document = match parts {
        Parts::Apk => Document::parse(&bytes, limits).map_err(|error| error.to_string()),
        Parts::Bundle(_) => xml::read(&bytes, limits)
            .map_err(|error| error.to_string())
            .and_then(|root| Document::of_tree(&root).map_err(|error| error.to_string())),
    };
    document.map_err(|error| Check::Identity.failed(error))
}
