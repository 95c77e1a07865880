//! The three controls that are edits of the manifest.

use std::collections::BTreeSet;

use domain::control::ControlId;
use formats::axml::{AndroidAttribute, Application, Document, ElementId, Manifest, Value};

use super::{Change, ControlOutcome, Error, Status};

/// The controls that [`harden`] applies, in the order of its outcomes. It leaves all others to other parts of the engine.
pub const CONTROLS: [ControlId; 3] =
    [ControlId::BACKUP_PREVENTION, ControlId::CLEARTEXT_PREVENTION, ControlId::DEBUGGABLE_PREVENTION];

const APPLICATION: &[&str] = &["manifest", "application"];
const PROFILEABLE: &[&str] = &["manifest", "application", "profileable"];
/// The platform expects one; each costs a walk through the document, which a hostile manifest could ask for without end.
const PROFILEABLE_LIMIT: usize = 16;
/// From this API level on of the app's target, `allowBackup` no longer stops transfers from device to device.
const TRANSFERS_IGNORE_ALLOW_BACKUP: u32 = 31;
/// The first API level that knows `usesCleartextTraffic`.
const KNOWS_CLEARTEXT_ATTRIBUTE: u32 = 23;

/// Applies those of [`CONTROLS`] that are in `controls`, and says for each what it did. The document is given back only when
/// every one of them could be applied.
pub fn harden(document: Document, controls: &BTreeSet<ControlId>) -> Result<(Document, Vec<ControlOutcome>), Error> {
    let manifest = Manifest::read(&document)?;
    let mut edit = Edit { document, changes: Vec::new() };
    let mut outcomes = Vec::new();
    for control in CONTROLS.into_iter().filter(|control| controls.contains(control)) {
        let application = manifest.application.as_ref().ok_or(Error::NoApplication { control })?;
        let warnings = match control {
            ControlId::BACKUP_PREVENTION => prevent_backup(&mut edit, &manifest, application)?,
            ControlId::CLEARTEXT_PREVENTION => prevent_cleartext(&mut edit, &manifest, application)?,
            _ => prevent_debugging(&mut edit, application)?,
        };
        let changes = std::mem::take(&mut edit.changes);
        let status = if changes.is_empty() { Status::AlreadyInPlace } else { Status::Applied };
        outcomes.push(ControlOutcome { control, status, changes, warnings });
    }
    Ok((edit.document, outcomes))
}

/// Absent means `true` for both attributes, so both are always set.
fn prevent_backup(edit: &mut Edit, manifest: &Manifest, application: &Application) -> Result<Vec<String>, Error> {
    edit.turn_off(APPLICATION, application.element, AndroidAttribute::ALLOW_BACKUP)?;
    edit.turn_off(APPLICATION, application.element, AndroidAttribute::FULL_BACKUP_CONTENT)?;
    if !manifest.target_sdk.is_at_least(TRANSFERS_IGNORE_ALLOW_BACKUP) {
        return Ok(Vec::new());
    }
    let open = match &application.data_extraction_rules {
        Some(rules) => format!("the app's own extraction rules ({rules}) were left as they are"),
        None => "this build does not add them yet".to_owned(),
    };
    let target = &manifest.target_sdk;
    Ok(vec![format!(
        "transfers from device to device are not covered: for target SDK {target} they are governed by data extraction rules, \
         and {open}"
    )])
}

/// On API 23 absent means that cleartext is allowed whatever the target, so the attribute is always set.
fn prevent_cleartext(edit: &mut Edit, manifest: &Manifest, application: &Application) -> Result<Vec<String>, Error> {
    // A null reference is no configuration; anything else overrides the attribute from API 24 on.
    let own = application.network_security_config.as_ref().filter(|value| **value != Value::Reference(0));
    if let Some(own) = own {
        let configuration = own.to_string();
        return Err(Error::OwnNetworkSecurityConfig { control: ControlId::CLEARTEXT_PREVENTION, configuration });
    }
    edit.turn_off(APPLICATION, application.element, AndroidAttribute::USES_CLEARTEXT_TRAFFIC)?;
    if manifest.min_sdk.is_at_least(KNOWS_CLEARTEXT_ATTRIBUTE) {
        return Ok(Vec::new());
    }
    Ok(vec![format!(
        "no effect on devices below API {KNOWS_CLEARTEXT_ATTRIBUTE}, which do not know usesCleartextTraffic: the package installs \
         from API {} on",
        manifest.min_sdk
    )])
}

/// What is absent is off. A reference counts as on, since it can be anything on a device; the attribute is set and not removed, so
/// that every reader of the manifest sees the decision.
fn prevent_debugging(edit: &mut Edit, application: &Application) -> Result<Vec<String>, Error> {
    edit.turn_off_where_present(APPLICATION, application.element, AndroidAttribute::DEBUGGABLE)?;
    let profileable = edit.document.select(PROFILEABLE);
    if profileable.len() > PROFILEABLE_LIMIT {
        let (control, count) = (ControlId::DEBUGGABLE_PREVENTION, profileable.len());
        return Err(Error::TooManyProfileable { control, count, limit: PROFILEABLE_LIMIT });
    }
    for element in profileable {
        edit.turn_off_where_present(PROFILEABLE, element, AndroidAttribute::SHELL)?;
        edit.turn_off_where_present(PROFILEABLE, element, AndroidAttribute::ENABLED)?;
    }
    Ok(Vec::new())
}

/// The document and what was changed in it by the present control.
struct Edit {
    document: Document,
    changes: Vec<Change>,
}

impl Edit {
    fn turn_off_where_present(
        &mut self,
        path: &[&str],
        element: ElementId,
        attribute: AndroidAttribute,
    ) -> Result<(), Error> {
        match self.document.attribute(element, attribute) {
            Some(_) => self.turn_off(path, element, attribute),
            None => Ok(()),
        }
    }

    fn turn_off(&mut self, path: &[&str], element: ElementId, attribute: AndroidAttribute) -> Result<(), Error> {
        let off = Value::Boolean(false);
        let is_off = self.document.attribute(element, attribute).as_ref() == Some(&off);
        if is_off && self.document.is_found_by_id(element, attribute) {
            return Ok(());
        }
        let before = self.document.set_attribute(element, attribute, off.clone())?;
        self.changes.push(Change {
            element: path.join("/"),
            attribute: format!("android:{}", attribute.name),
            before: before.map(|value| value.to_string()),
            after: Some(off.to_string()),
        });
        Ok(())
    }
}
