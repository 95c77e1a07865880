//! `DebuggablePrevention`: no debugger and no profiler may be attached.

use domain::control::ControlId;
use formats::axml::{AndroidAttribute, Manifest};

use crate::Error;
use crate::app::{App, Part};
use crate::manifest::{self, APPLICATION};
use crate::outcome::Change;

const CONTROL: ControlId = ControlId::DEBUGGABLE_PREVENTION;
const PROFILEABLE: &[&str] = &["manifest", "application", "profileable"];
/// The platform expects one; each costs a walk through the document, which a hostile manifest could ask for without end.
const PROFILEABLE_LIMIT: usize = 16;

/// What is absent is off. A reference counts as on, since it can be anything on a device; the attribute is set and not removed, so
/// that every reader of the manifest sees the decision. Devices look at the app's own manifest; the switches of other modules, which
/// tools may merge into it, go off too.
pub(crate) fn prevent(app: &mut App<'_>) -> Result<(), Error> {
    app.application(CONTROL)?;
    for part in std::iter::once(&mut app.base).chain(&mut app.features) {
        app.changes.extend(turn_off(part)?);
    }
    Ok(())
}

fn turn_off(part: &mut Part<'_>) -> Result<Vec<Change>, manifest::Error> {
    let mut changes = Vec::new();
    if let Some(application) = Manifest::read(&part.manifest)?.application {
        changes.extend(part.turn_off_where_present(APPLICATION, application.element, AndroidAttribute::DEBUGGABLE)?);
    }
    let profileable = part.manifest.select(PROFILEABLE);
    if profileable.len() > PROFILEABLE_LIMIT {
        let (count, limit) = (profileable.len(), PROFILEABLE_LIMIT);
        return Err(manifest::Error::TooManyProfileable { control: CONTROL, count, limit });
    }
    for element in profileable {
        for switch in [AndroidAttribute::SHELL, AndroidAttribute::ENABLED] {
            changes.extend(part.turn_off_where_present(PROFILEABLE, element, switch)?);
        }
    }
    Ok(changes)
}
