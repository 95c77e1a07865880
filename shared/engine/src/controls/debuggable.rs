//! `DebuggablePrevention`: no debugger and no profiler may be attached.

use domain::control::ControlId;
use formats::axml::AndroidAttribute;

use crate::Error;
use crate::app::App;
use crate::manifest::{self, APPLICATION};

const PROFILEABLE: &[&str] = &["manifest", "application", "profileable"];
/// The platform expects one; each costs a walk through the document, which a hostile manifest could ask for without end.
const PROFILEABLE_LIMIT: usize = 16;

/// What is absent is off. A reference counts as on, since it can be anything on a device; the attribute is set and not removed, so
/// that every reader of the manifest sees the decision.
pub(crate) fn prevent(app: &mut App<'_>) -> Result<(), Error> {
    let control = ControlId::DEBUGGABLE_PREVENTION;
    let application = app.application(control)?;
    app.turn_off_where_present(APPLICATION, application.element, AndroidAttribute::DEBUGGABLE)?;
    let profileable = app.manifest.select(PROFILEABLE);
    if profileable.len() > PROFILEABLE_LIMIT {
        let (count, limit) = (profileable.len(), PROFILEABLE_LIMIT);
        return Err(manifest::Error::TooManyProfileable { control, count, limit }.into());
    }
    for element in profileable {
        app.turn_off_where_present(PROFILEABLE, element, AndroidAttribute::SHELL)?;
        app.turn_off_where_present(PROFILEABLE, element, AndroidAttribute::ENABLED)?;
    }
    Ok(())
}
