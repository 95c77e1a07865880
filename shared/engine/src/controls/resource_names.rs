//! `ResourceNameObfuscation`: shows the whole app to what decides about names, and renames in the table and the archive.

use std::num::NonZero;
use std::thread;

use domain::control::ControlId;
use formats::axml::Document;
use formats::dex::Dex;
use formats::zip::Entry;

use crate::app::App;
use crate::inspect::{self, RESOURCES};
use crate::outcome::Change;
use crate::resource_names::{Found, Lookups, Mapping};
use crate::{Error, manifest};

/// Collapses what nothing in the app looks for by its name, and keeps the mapping.
pub(crate) fn collapse(app: &mut App<'_>) -> Result<(), Error> {
    if !app.has_resources() {
        return Ok(());
    }
    let mut lookups = Lookups::new(app.table()?)?;
    look_at_code(app, &mut lookups)?;
    look_at_documents(app, &mut lookups)?;
    look_at_files(app, &mut lookups)?;
    let entries: Vec<String> = app.edits.names(app.archive).map(str::to_owned).collect();
    let salt = app.facts.package.clone();
    let renaming = lookups.decide(salt.as_bytes(), entries.iter().map(String::as_str));
    let mapping = renaming.apply(app.table()?)?;
    for (path, new) in renaming.paths() {
        app.edits.rename(path, new.to_owned());
    }
    app.warnings.extend(renaming.warnings);
    app.changes.extend(changes(&mapping));
    app.mapping = Some(mapping).filter(|mapping| !(mapping.names.is_empty() && mapping.paths.is_empty()));
    Ok(())
}

fn changes(mapping: &Mapping) -> impl Iterator<Item = Change> {
    let counts = [("names of entries", mapping.names.len()), ("paths of files", mapping.paths.len())];
    counts.into_iter().filter(|(_, count)| *count > 0).map(|(what, count)| Change {
        entry: RESOURCES.to_owned(),
        element: String::new(),
        attribute: what.to_owned(),
        before: Some(format!("{count} that say something")),
        after: Some(format!("{count} that say nothing")),
    })
}

fn look_at_code(app: &App<'_>, lookups: &mut Lookups) -> Result<(), Error> {
    for name in inspect::dex_names(app.archive) {
        let bytes = app.archive.read_entry(&name, app.limits.dex_bytes).map_err(Error::content)?;
        let dex = Dex::parse(&bytes, app.limits).map_err(|reason| Error::Control {
            control: ControlId::RESOURCE_NAME_OBFUSCATION,
            entry: name.clone(),
            reason: reason.to_string(),
        })?;
        dex.method_names().for_each(|name| lookups.see_method(&name));
        dex.code_strings().for_each(|text| lookups.see_code(&text));
    }
    Ok(())
}

fn look_at_documents(app: &App<'_>, lookups: &mut Lookups) -> Result<(), Error> {
    lookups.see_document(&app.manifest).map_err(manifest::Error::from)?;
    let entries = app.archive.entries().iter();
    for entry in entries.filter(|entry| entry.name.starts_with("res/") && entry.name.ends_with(".xml")) {
        // What is no compiled XML (a raw resource of that name) is shown as bytes below.
        if let Ok(document) = Document::parse(&app.content(&entry.name)?, app.limits) {
            lookups.see_document(&document).map_err(manifest::Error::from)?;
        }
    }
    Ok(())
}

/// Everything that is neither code nor a compiled resource, on all cores.
fn look_at_files(app: &App<'_>, lookups: &mut Lookups) -> Result<(), Error> {
    let archive = app.archive;
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let scan = |entry: &Entry| -> Result<Option<Found>, Error> {
        if entry.is_folder() || !Lookups::needs_scan(&entry.name) {
            return Ok(None);
        }
        let mut scan = lookups.scan();
        let mut reader = archive.open(entry);
        while let Some(piece) = reader.next_piece().map_err(Error::content)? {
            scan.push(piece);
        }
        Ok(Some(scan.finish()))
    };
    let found = archive.map_entries(threads, &scan)?;
    for (entry, found) in archive.entries().iter().zip(found) {
        lookups.see_entry(&entry.name);
        found.iter().for_each(|found| lookups.see_file(&entry.name, found));
    }
    Ok(())
}
