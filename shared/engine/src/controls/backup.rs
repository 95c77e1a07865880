//! `BackupPrevention`: nothing of the app leaves the device with a backup or a transfer.

use domain::control::ControlId;
use formats::axml::{AndroidAttribute, Value};

use crate::Error;
use crate::app::App;

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
    Ok(())
}
