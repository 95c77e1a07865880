//! `AllowEmulatorArchitectures`, explicitly off: libraries that only emulators load are left out.

use crate::Error;
use crate::app::App;
use crate::edits::Edit;
use crate::outcome::Change;

/// Folders of `lib/` for the processors of emulators.
const EMULATORS: [&str; 2] = ["x86", "x86_64"];
/// Folders of `lib/` for the processors of devices.
const DEVICES: [&str; 3] = ["arm64-v8a", "armeabi-v7a", "armeabi"];

/// Leaves out x86 libraries where the app also has libraries for devices; an app for emulators only stays whole.
#[expect(clippy::unnecessary_wraps, reason = "the form of every control")]
pub(crate) fn drop_emulators(app: &mut App<'_>) -> Result<(), Error> {
    let entries = || app.archive.entries().iter();
    let of = |folders: &[&str], name: &str| architecture(name).is_some_and(|found| folders.contains(&found));
    let emulators: Vec<_> = entries().filter(|entry| of(&EMULATORS, &entry.name)).collect();
    if !entries().any(|entry| of(&DEVICES, &entry.name) && !entry.is_folder()) {
        if !emulators.is_empty() {
            app.warnings.push("the app has libraries for emulators only; they were kept".to_owned());
        }
        return Ok(());
    }
    for entry in emulators {
        app.edits.set(&entry.name, Edit::Drop);
        app.changes.push(Change::removed(&entry.name, "entry", format!("{} bytes", entry.size)));
    }
    Ok(())
}

/// The folder of `lib/` that an entry stands in.
pub(crate) fn architecture(name: &str) -> Option<&str> {
    name.strip_prefix("lib/")?.split_once('/').map(|(architecture, _)| architecture)
}
