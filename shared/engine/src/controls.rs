//! The controls, each in a file of its own, and the order in which they are applied.

mod architectures;
mod backup;
mod debug_info;
mod debuggable;
mod network;
mod resource_names;

use domain::control::ControlId;
use domain::platform::Platform;

use crate::Error;
use crate::app::App;
use crate::ios;
use crate::outcome::Applied;

/// Applies one control to the app.
type Apply = fn(&mut App<'_>) -> Result<(), Error>;

/// Every control that this engine applies to Android packages, in the order in which they are applied: what leaves entries out comes
/// first; cleartext is refused when the other controls have made their rules for connections; the names of resources come last, when
/// no control adds any more.
const CONTROLS: &[(ControlId, Apply)] = &[
    (ControlId::ALLOW_EMULATOR_ARCHITECTURES, architectures::drop_emulators),
    (ControlId::BACKUP_PREVENTION, backup::prevent),
    (ControlId::DEBUGGABLE_PREVENTION, debuggable::prevent),
    (ControlId::CERTIFICATE_PINNING, network::pin_certificates),
    (ControlId::CERTIFICATE_TRANSPARENCY_PREVENTION, network::demand_transparency),
    (ControlId::CLEARTEXT_PREVENTION, network::refuse_cleartext),
    (ControlId::DEBUG_INFO_OBFUSCATION, debug_info::remove),
    (ControlId::RESOURCE_NAME_OBFUSCATION, resource_names::collapse),
];

/// The controls that this engine applies to packages for `platform`.
pub fn implemented(platform: Platform) -> impl Iterator<Item = ControlId> {
    let android = CONTROLS.iter().map(|(control, _)| *control).filter(move |_| platform == Platform::Android);
    let ios = ios::controls::CONTROLS.iter().copied().filter(move |_| platform == Platform::Ios);
    android.chain(ios)
}

/// Whether a control may look at the app's resources.
pub(crate) fn reads_resources(control: ControlId) -> bool {
    let others =
        [ControlId::ALLOW_EMULATOR_ARCHITECTURES, ControlId::DEBUGGABLE_PREVENTION, ControlId::DEBUG_INFO_OBFUSCATION];
    !others.contains(&control)
}

/// Refuses a bundle whose code and libraries are signed for themselves: they would no longer be what was signed, and bundletool makes no
/// packages of them.
fn require_no_code_transparency(app: &App<'_>, control: ControlId) -> Result<(), Error> {
    match app.bundle.and_then(|bundle| bundle.code_transparency) {
        None => Ok(()),
        Some(entry) => {
            let reason = "code and libraries are signed for code transparency, and would change".to_owned();
            Err(Error::Control { control, entry: entry.to_owned(), reason })
        }
    }
}

/// Applies every control of the app's policy. One that cannot be applied fails the build: none is ever skipped.
pub(crate) fn apply(app: &mut App<'_>) -> Result<Vec<Applied>, Error> {
    let mut all = Vec::new();
    for (control, apply) in CONTROLS.iter().filter(|(control, _)| app.policy.has(*control)) {
        apply(app)?;
        let (changes, warnings) = (std::mem::take(&mut app.changes), std::mem::take(&mut app.warnings));
        let is_left = std::mem::take(&mut app.is_left);
        all.push(Applied { control: *control, changes, warnings, is_left });
    }
    Ok(all)
}
