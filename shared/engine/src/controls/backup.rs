//! `BackupPrevention`: nothing of the app leaves the device with a backup or a transfer.

use domain::control::ControlId;
use formats::axml::{AndroidAttribute, Application, Value};

use crate::Error;
use crate::app::App;
use crate::backup_rules;
use crate::error::BundlePart;
use crate::manifest;
use crate::outcome::Change;

/// From this API level on of the app's target, `allowBackup` no longer stops transfers from device to device.
const TRANSFERS_IGNORE_ALLOW_BACKUP: u32 = 31;
/// Name of the resource that holds the rules.
const RULES: &str = "apptego_data_extraction_rules";

/// Absent means `true` for both switches, so both are always set.
pub(crate) fn prevent(app: &mut App<'_>) -> Result<(), Error> {
    let application = app.application(ControlId::BACKUP_PREVENTION)?;
    for switch in [AndroidAttribute::ALLOW_BACKUP, AndroidAttribute::FULL_BACKUP_CONTENT] {
        app.set_on_application(&application, switch, Value::Boolean(false))?;
    }
    if app.facts.target_sdk.is_at_least(TRANSFERS_IGNORE_ALLOW_BACKUP) {
        exclude_everything(app, &application)?;
    }
    Ok(())
}

/// Rules of our own instead of the app's: whatever the app's would let through has to stay, and everything excluded is the strictest
/// there is.
fn exclude_everything(app: &mut App<'_>, application: &Application) -> Result<(), Error> {
    let rules = backup_rules::document().map_err(manifest::Error::from)?;
    if let Some(Value::Reference(id)) = application.data_extraction_rules {
        let files = app.xml_files(id)?;
        let mut closed = !files.is_empty();
        for file in files {
            let own = app.document(&file)?.map_err(|error| Error::of_document(BundlePart::Resources, &file, error))?;
            closed &= backup_rules::exclude_everything(&own).map_err(manifest::Error::from)?;
        }
        if closed {
            return Ok(());
        }
    }
    let new = app.free_xml(ControlId::BACKUP_PREVENTION, RULES)?;
    app.changes.push(Change::added(
        &new.entry,
        "rules",
        "nothing leaves the device by cloud backup or device transfer",
    ));
    let id = app.add_xml(new, &rules)?;
    app.set_on_application(application, AndroidAttribute::DATA_EXTRACTION_RULES, Value::Reference(id))?;
    Ok(())
}
