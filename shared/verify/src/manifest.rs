//! What the output's manifest says, compared with the input's and with what the controls demand.

use std::collections::BTreeSet;

use domain::control::ControlId;
use formats::axml::{AndroidAttribute, Application, Document, Manifest, Value};
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

    /// The output is the same app in the same version.
    pub(crate) fn identity(&self) -> Result<String, Error> {
        let facts = |manifest: &Manifest| Manifest { application: None, ..manifest.clone() };
        if facts(&self.before) != facts(&self.after) {
            return Err(Check::Identity.failed("package, versions or platform versions are not those of the input"));
        }
        Ok(format!("{} {}", self.after.package, self.after.version_code))
    }

    /// Each control's values stand in the manifest.
    pub(crate) fn controls(&self, controls: &BTreeSet<ControlId>) -> Result<String, Error> {
        for control in controls {
            let application = self.after.application.as_ref();
            let application = application.ok_or_else(|| unmet(*control, "there is no <application>"))?;
            self.control(*control, application)?;
        }
        let names: Vec<&str> = controls.iter().map(|control| control.as_str()).collect();
        Ok(if names.is_empty() { "none asked for".to_owned() } else { names.join(", ") })
    }

    fn control(&self, control: ControlId, application: &Application) -> Result<(), Error> {
        let off = |value: &Option<Value>| *value == Some(Value::Boolean(false));
        let off_or_absent = |value: Option<&Value>| value.is_none_or(|value| *value == Value::Boolean(false));
        let met = match control {
            ControlId::BACKUP_PREVENTION => off(&application.allow_backup) && off(&application.full_backup_content),
            ControlId::CLEARTEXT_PREVENTION => {
                let own = application.network_security_config.as_ref();
                off(&application.uses_cleartext_traffic) && own.is_none_or(|value| *value == Value::Reference(0))
            }
            ControlId::DEBUGGABLE_PREVENTION => {
                let profileable = self.document.select(&["manifest", "application", "profileable"]);
                let switches = [AndroidAttribute::SHELL, AndroidAttribute::ENABLED];
                off_or_absent(application.debuggable.as_ref())
                    && profileable.into_iter().all(|element| {
                        switches.iter().all(|switch| off_or_absent(self.document.attribute(element, *switch).as_ref()))
                    })
            }
            _ => return Err(unmet(control, "there is no check for it")),
        };
        if met { Ok(()) } else { Err(unmet(control, "the manifest does not have the values it demands")) }
    }
}

fn read(archive: &Archive<'_>, limits: &Limits) -> Result<(Document, Manifest), Error> {
    let bytes = archive.read_entry(ENTRY, limits.document_bytes).map_err(|error| of_archive(Check::Identity, error))?;
    let document = Document::parse(&bytes, limits).map_err(|error| Check::Identity.failed(error.to_string()))?;
    let manifest = Manifest::read(&document).map_err(|error| Check::Identity.failed(error.to_string()))?;
    Ok((document, manifest))
}

fn unmet(control: ControlId, reason: &str) -> Error {
    Check::Controls.failed(format!("{control} is not in effect: {reason}"))
}
