//! `AllowEmulatorArchitectures`, explicitly off: libraries that only emulators load are left out.

use std::collections::BTreeSet;

use domain::control::ControlId;

use crate::app::App;
use crate::bundle;
use crate::edits::Edit;
use crate::module::{Form, Module};
use crate::outcome::Change;
use crate::{Error, controls};

/// Folders of `lib/` for the processors of emulators.
const EMULATORS: [&str; 2] = ["x86", "x86_64"];
/// `Abi.AbiAlias` of the same processors.
const EMULATOR_CONSTANTS: [u32; 2] = [4, 5];
/// Folders of `lib/` for the processors of devices.
const DEVICES: [&str; 3] = ["arm64-v8a", "armeabi-v7a", "armeabi"];
/// What a module of a bundle says about its folders of assets.
const ASSETS: &str = "assets.pb";
/// What a module of a bundle says about its folders of libraries.
const LIBRARIES: &str = "native.pb";

/// Leaves out x86 libraries where the app also has libraries for devices; an app for emulators only stays whole. All modules of a bundle
/// have libraries for the same processors, so that it is decided for all of them together. Assets stay, whoever they are for.
pub(crate) fn drop_emulators(app: &mut App<'_>) -> Result<(), Error> {
    warn_of_assets(app)?;
    let modules: Vec<&Module> = app.parts().map(|part| part.module).collect();
    let entries = || app.archive.entries().iter();
    let of = |folders: &[&str], module: &Module, name: &str| {
        module.path(name).and_then(architecture).is_some_and(|found| folders.contains(&found))
    };
    let has = |module: &Module, folders: &[&str]| {
        entries().any(|entry| of(folders, module, &entry.name) && !entry.is_folder())
    };
    if !modules.iter().any(|module| has(module, &EMULATORS)) {
        return Ok(());
    }
    if modules.iter().any(|module| has(module, &EMULATORS) && !has(module, &DEVICES)) {
        app.warnings.push("the app has libraries for emulators only; they were kept".to_owned());
        app.is_left = true;
        return Ok(());
    }
    controls::require_no_code_transparency(app, ControlId::ALLOW_EMULATOR_ARCHITECTURES)?;
    for module in modules {
        for entry in app.archive.entries().iter().filter(|entry| of(&EMULATORS, module, &entry.name)) {
            app.edits.set(&entry.name, Edit::Drop);
            app.changes.push(Change::removed(&entry.name, "entry", format!("{} bytes", entry.size)));
        }
        unlist_libraries(app, module)?;
    }
    Ok(())
}

/// Tells of assets that packages for emulators alone get: which processor a folder is for stands in what the module says of it, or in
/// the folder's name.
fn warn_of_assets(app: &mut App<'_>) -> Result<(), Error> {
    let mut folders = BTreeSet::new();
    for module in app.parts().map(|part| part.module).filter(|module| module.form() == Form::Bundle) {
        let entry = module.entry(ASSETS);
        if app.archive.entry(&entry).is_some() {
            let listed = bundle::assets_for(&entry, &app.content(&entry)?, &EMULATOR_CONSTANTS)?;
            folders.extend(listed.iter().map(|folder| module.entry(folder)));
        }
        let named = app.archive.entries().iter().filter_map(|entry| folder_for_emulators(module, &entry.name));
        folders.extend(named.map(str::to_owned));
    }
    let count = folders.len();
    if let Some(first) = folders.first() {
        let first = first.escape_debug();
        app.warnings.push(format!(
            "assets for emulators were kept, since only libraries are left out: {first} (folders of this kind: {count})"
        ));
    }
    Ok(())
}

/// The folder of assets, named for a processor of emulators, that an entry stands in: `base/assets/textures#abi_x86`.
fn folder_for_emulators<'n>(module: &Module, name: &'n str) -> Option<&'n str> {
    let path = module.path(name).filter(|path| path.starts_with("assets/"))?;
    let mut end = name.len().saturating_sub(path.len());
    for part in path.split_inclusive('/').filter(|part| part.ends_with('/')) {
        end = end.saturating_add(part.len());
        let processor = part.strip_suffix('/').and_then(|part| part.split_once("#abi_"));
        if processor.is_some_and(|(_, processor)| EMULATORS.contains(&processor)) {
            return name.get(..end.saturating_sub(1));
        }
    }
    None
}

/// Takes the folders for emulators out of the list of folders that a module of a bundle has.
fn unlist_libraries(app: &mut App<'_>, module: &Module) -> Result<(), Error> {
    let entry = module.entry(LIBRARIES);
    if module.form() == Form::Apk || app.archive.entry(&entry).is_none() {
        return Ok(());
    }
    let goes = |path: &str| EMULATORS.iter().any(|folder| path.strip_prefix("lib/") == Some(*folder));
    let (left, gone) = bundle::without_libraries(&entry, &app.content(&entry)?, goes)?;
    if !gone.is_empty() {
        app.edits.set(&entry, Edit::Replace(left));
        app.changes.push(Change::removed(&entry, "folders of libraries", gone.join(", ")));
    }
    Ok(())
}

/// The folder of `lib/` that a path in a module stands in.
fn architecture(path: &str) -> Option<&str> {
    path.strip_prefix("lib/")?.split_once('/').map(|(architecture, _)| architecture)
}
