//! `DebugInfoObfuscation`: line tables, local names, source files and symbols. Packaging does it, a file at a time.

use domain::control::ControlId;
use formats::zip::Entry;

use crate::app::App;
use crate::edits::Edit;
use crate::module::{Form, Module};
use crate::{Error, controls};

/// Which methods devices compile when they install the app.
const BASELINE_PROFILE: &str = "assets/dexopt/baseline.prof";
/// Symbols of the libraries for Google Play's reports of crashes; no device gets them.
const DEBUG_SYMBOLS: &str = "BUNDLE-METADATA/com.android.tools.build.debugsymbols/";
/// The app's own names of what was obfuscated when it was built, likewise.
const OBFUSCATION_MAP: &str = "BUNDLE-METADATA/com.android.tools.build.obfuscation/";

/// Marks every DEX file that devices load and every native library, of all modules.
pub(crate) fn remove(app: &mut App<'_>) -> Result<(), Error> {
    controls::require_no_code_transparency(app, ControlId::DEBUG_INFO_OBFUSCATION)?;
    let modules: Vec<&Module> = app.parts().map(|part| part.module).collect();
    for module in &modules {
        if is_fixed(app, module) {
            let names = module.dex_names(app.archive);
            app.is_left |= !names.is_empty();
            let warning = |name: String| format!("{name} was left as it is: the format of watch faces prescribes it");
            app.warnings.extend(names.into_iter().map(warning));
        } else {
            module.dex_names(app.archive).iter().for_each(|name| app.edits.set(name, Edit::StripDex));
        }
        for library in app.archive.entries().iter().filter(|entry| is_library(module, entry)) {
            if !app.edits.is_dropped(&library.name) {
                app.edits.set(&library.name, Edit::StripLibrary);
            }
        }
    }
    warn_of_profile(app);
    if app.form() == Form::Bundle {
        warn_of_metadata(app);
    }
    Ok(())
}

/// bundletool compares the one DEX file of a watch face's base with the one that the format prescribes.
fn is_fixed(app: &App<'_>, module: &Module) -> bool {
    module.is_base() && app.is_watch_face()
}

fn warn_of_profile(app: &mut App<'_>) {
    let of_bundle = app.bundle.and_then(|bundle| bundle.baseline_profile).map(str::to_owned);
    let of_modules = app.parts().map(|part| part.module.entry(BASELINE_PROFILE));
    let profiles: Vec<String> =
        of_modules.filter(|profile| app.archive.entry(profile).is_some()).chain(of_bundle).collect();
    let warning = |profile: String| {
        format!(
            "{profile} was made for the code with debug information: devices recognise code by its checksum and ignore it"
        )
    };
    app.warnings.extend(profiles.into_iter().map(warning));
}

/// What stays in a bundle although it tells names: it goes to Google Play, which makes crash reports readable with it.
fn warn_of_metadata(app: &mut App<'_>) {
    let has = |folder: &&str| app.archive.entries().iter().any(|entry| entry.name.starts_with(*folder));
    for folder in [DEBUG_SYMBOLS, OBFUSCATION_MAP].into_iter().filter(has) {
        let warning = format!("{folder} was left as it is: Google Play reads it, and no device gets it");
        app.warnings.push(warning);
    }
}

fn is_library(module: &Module, entry: &Entry) -> bool {
    let path = module.path(&entry.name);
    path.is_some_and(|path| path.starts_with("lib/") && path.ends_with(".so"))
}
