//! `DebugInfoObfuscation`: line tables, local names, source files and symbols. Packaging does it, a file at a time.

use formats::zip::Entry;

use crate::Error;
use crate::app::App;
use crate::edits::Edit;
use crate::inspect;

/// Which methods devices compile when they install the app.
const BASELINE_PROFILE: &str = "assets/dexopt/baseline.prof";

/// Marks every DEX file that devices load and every native library.
#[expect(clippy::unnecessary_wraps, reason = "the form of every control")]
pub(crate) fn remove(app: &mut App<'_>) -> Result<(), Error> {
    for name in inspect::dex_names(app.archive) {
        app.edits.set(&name, Edit::StripDex);
    }
    if app.archive.entry(BASELINE_PROFILE).is_some() {
        app.warnings.push(format!(
            "{BASELINE_PROFILE} was made for the code with debug information: devices recognise code by its checksum and ignore it"
        ));
    }
    for library in app.archive.entries().iter().filter(|entry| is_library(entry)) {
        if !app.edits.is_dropped(&library.name) {
            app.edits.set(&library.name, Edit::StripLibrary);
        }
    }
    Ok(())
}

fn is_library(entry: &Entry) -> bool {
    entry.name.starts_with("lib/") && entry.name.ends_with(".so")
}
