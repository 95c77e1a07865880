//! `AllowEmulatorArchitectures`, explicitly off: libraries that only emulators load are left out.

use domain::control::ControlId;

use crate::app::App;
use crate::bundle;
use crate::edits::Edit;
use crate::module::{Form, Module};
use crate::outcome::Change;
use crate::{Error, controls};

/// Folders of `lib/` for the processors of emulators.
const EMULATORS: [&str; 2] = ["x86", "x86_64"];
/// Folders of `lib/` for the processors of devices.
const DEVICES: [&str; 3] = ["arm64-v8a", "armeabi-v7a", "armeabi"];
/// What a module of a bundle says about its folders of libraries.
const LIBRARIES: &str = "native.pb";

/// Leaves out x86 libraries where the app also has libraries for devices; an app for emulators only stays whole. All modules of a bundle
/// have libraries for the same processors, so that it is decided for all of them together.
pub(crate) fn drop_emulators(app: &mut App<'_>) -> Result<(), Error> {
    let modules: Vec<&Module> = app.parts().map(|part| part.module).collect();
    let entries = || app.archive.entries().iter();
    let of = |folders: &[&str], module: &Module, name: &str| {
        module.path_on_device(name).and_then(architecture).is_some_and(|found| folders.contains(&found))
    };
    let has = |module: &Module, folders: &[&str]| {
        entries().any(|entry| of(folders, module, &entry.name) && !entry.is_folder())
    };
    if !modules.iter().any(|module| has(module, &EMULATORS)) {
        return Ok(());
    }
    if modules.iter().any(|module| has(module, &EMULATORS) && !has(module, &DEVICES)) {
        app.warnings.push("the app has libraries for emulators only; they were kept".to_owned());
        return Ok(());
    }
    controls::require_no_code_transparency(app, ControlId::ALLOW_EMULATOR_ARCHITECTURES)?;
    for module in modules {
        for entry in app.archive.entries().iter().filter(|entry| of(&EMULATORS, module, &entry.name)) {
            app.edits.set(&entry.name, Edit::Drop);
            app.changes.push(Change::removed(&entry.name, "entry", format!("{} bytes", entry.size)));
        }
        forget_folders(app, module)?;
    }
    Ok(())
}

/// Takes the folders that are gone out of what a bundle says about them.
fn forget_folders(app: &mut App<'_>, module: &Module) -> Result<(), Error> {
    let entry = module.entry(LIBRARIES);
    if module.form() == Form::Apk || app.archive.entry(&entry).is_none() {
        return Ok(());
    }
    let goes = |path: &str| EMULATORS.iter().any(|folder| path.strip_prefix("lib/") == Some(*folder));
    if let Some(left) = bundle::without_libraries(&entry, &app.content(&entry)?, goes)? {
        app.edits.set(&entry, Edit::Replace(left));
        app.changes.push(Change::removed(&entry, "folders of libraries", "x86"));
    }
    Ok(())
}

/// The folder of `lib/` that a path on a device stands in.
fn architecture(path: &str) -> Option<&str> {
    path.strip_prefix("lib/")?.split_once('/').map(|(architecture, _)| architecture)
}
