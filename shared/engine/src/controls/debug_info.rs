//! `DebugInfoObfuscation`: line tables, local names, source files and symbols. Packaging does it, a file at a time.

use formats::zip::Entry;

use crate::Error;
use crate::app::App;
use crate::edits::Edit;
use crate::inspect;

/// Marks every DEX file that devices load and every native library.
#[expect(clippy::unnecessary_wraps, reason = "the form of every control")]
pub(crate) fn remove(app: &mut App<'_>) -> Result<(), Error> {
    for name in inspect::dex_names(app.archive) {
        app.edits.set(&name, Edit::StripDex);
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
