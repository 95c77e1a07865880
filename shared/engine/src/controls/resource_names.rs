//! `ResourceNameObfuscation`: shows the whole app to what decides about names, and renames in the tables, the archive and the references.

use std::collections::{BTreeSet, HashSet};
use std::num::NonZero;
use std::thread;

use domain::control::ControlId;
use formats::dex::Dex;
use formats::paths::is_document_resource;
use formats::proto::NewNames;
use formats::zip::Entry;

use crate::app::App;
use crate::edits::Edit;
use crate::error::BundlePart;
use crate::module::{Form, Module};
use crate::outcome::Change;
use crate::resource_names::{Found, Lookups, Mapping, PathMapping, Renaming};
use crate::{Error, manifest};

/// Collapses what nothing in the app looks for by its name, and keeps the mapping.
pub(crate) fn collapse(app: &mut App<'_>) -> Result<(), Error> {
    let mut lookups = start(app)?;
    if !app.parts().any(|part| part.has_resources()) {
        return Ok(());
    }
    look_at_code(app, &mut lookups)?;
    let unread = look_at_documents(app, &mut lookups)?;
    look_at_files(app, &mut lookups, &unread)?;
    keep_what_tools_know(app, &mut lookups);
    let entries: Vec<String> = app.edits.names(app.archive).map(str::to_owned).collect();
    let modules: Vec<&Module> = app.parts().map(|part| part.module).collect();
    let paths = entries.iter().flat_map(|entry| modules.iter().filter_map(|module| module.path_on_device(entry)));
    let bundle = app.bundle;
    let packs_alike = |old: &str, new: &str| bundle.is_none_or(|bundle| bundle.packs_alike(old, new));
    let renaming = lookups.decide(app.facts.package.as_bytes(), paths, packs_alike);
    let mapping = rename(app, &renaming, &entries, &unread)?;
    app.is_left = renaming.keeps_all_names;
    app.warnings.extend(renaming.warnings);
    app.mapping = Some(mapping).filter(|mapping| !(mapping.names.is_empty() && mapping.paths.is_empty()));
    Ok(())
}

/// The names of all tables.
fn start(app: &mut App<'_>) -> Result<Lookups, Error> {
    let limits = app.limits;
    let mut tables = Vec::new();
    for part in std::iter::once(&mut app.base).chain(&mut app.features).filter(|part| part.has_resources()) {
        tables.push(&*part.table(limits)?);
    }
    Lookups::new(&tables).map_err(|error| Error::of_table(&app.base.module.table(), error))
}

/// What bundletool, and whoever shows a watch face, find by name or path.
fn keep_what_tools_know(app: &App<'_>, lookups: &mut Lookups) {
    let Some(bundle) = app.bundle else { return };
    bundle.names().for_each(|name| lookups.keep_name(name));
    if let Some(unknown) = bundle.packing_is_unknown() {
        lookups.keep_all_paths(&format!("the patterns of what is not compressed are not understood: {unknown}"));
    }
    if app.is_watch_face() {
        lookups.keep_everything("watches find the parts of a watch face by name");
    }
}

/// Carries the renaming out. Documents of a bundle, whose references carry names, follow when they are packed.
fn rename(
    app: &mut App<'_>,
    renaming: &Renaming,
    entries: &[String],
    unread: &BTreeSet<String>,
) -> Result<Mapping, Error> {
    let limits = app.limits;
    let mut renamed = Vec::new();
    for part in std::iter::once(&mut app.base).chain(&mut app.features).filter(|part| part.has_resources()) {
        let table = part.module.table();
        let names = renaming.apply(part.table(limits)?).map_err(|error| Error::of_table(&table, error))?;
        app.changes.extend(count(&table, "names of entries", names.len()));
        renamed.extend(names);
    }
    let names: NewNames = renamed.iter().flat_map(|row| row.ids.iter().map(|id| (*id, row.after.clone()))).collect();
    for part in std::iter::once(&mut app.base).chain(&mut app.features).filter(|part| part.has_resources()) {
        let table = part.module.table();
        part.table(limits)?.rename_references(&names).map_err(|error| Error::of_table(&table, error))?;
    }
    if app.form() == Form::Bundle && !names.is_empty() {
        rename_references(app, names, entries, unread)?;
    }
    let paths = move_files(app, renaming, entries);
    let package = app.table()?.own_package_name().unwrap_or_default();
    Ok(Mapping::new(package, renamed, paths))
}

/// Gives files their new paths, in every module that has one of these.
fn move_files(app: &mut App<'_>, renaming: &Renaming, entries: &[String]) -> Vec<PathMapping> {
    let known: HashSet<&str> = entries.iter().map(String::as_str).collect();
    let mut paths = Vec::new();
    let modules: Vec<&Module> = app.parts().map(|part| part.module).collect();
    for module in modules {
        let moved = renaming.paths().map(|(before, after)| (module.entry(before), module.entry(after)));
        let moved = moved.filter(|(before, _)| known.contains(before.as_str()));
        let moved: Vec<_> = moved.map(|(before, after)| PathMapping { before, after }).collect();
        app.changes.extend(count(&module.table(), "paths of files", moved.len()));
        paths.extend(moved);
    }
    for PathMapping { before, after } in &paths {
        app.edits.rename(before, after.clone());
    }
    paths
}

/// Every document among the resources. Those that another control has changed or added are in memory anyway. What is none stays as it is,
/// with the names that it may have, and is told of.
fn rename_references(
    app: &mut App<'_>,
    names: NewNames,
    entries: &[String],
    unread: &BTreeSet<String>,
) -> Result<(), Error> {
    let mut no_documents = Vec::new();
    let modules: Vec<&Module> = app.parts().map(|part| part.module).collect();
    for entry in entries.iter().filter(|entry| modules.iter().any(|module| is_document(module, entry))) {
        match app.edits.content(entry) {
            None if unread.contains(entry) => match formats::proto::xml::read(&app.content(entry)?, app.limits) {
                Ok(_) => app.edits.set(entry, Edit::RenameReferences),
                Err(reason) => no_documents.push((entry, reason)),
            },
            None => app.edits.set(entry, Edit::RenameReferences),
            Some(content) => {
                let renamed = formats::proto::xml::rename_references(content, &names, app.limits);
                let refused = |cause| Error::Bundle { part: BundlePart::Resources, entry: entry.clone(), cause };
                if let Some(renamed) = renamed.map_err(refused)? {
                    app.edits.replace(entry, renamed);
                }
            }
        }
    }
    if let Some((first, reason)) = no_documents.first() {
        let (first, count) = (first.escape_debug(), no_documents.len());
        app.warnings.push(format!(
            "files that are no documents were left as they are, with names of resources that they may have: {first}: {reason} (files of \
             this kind: {count})"
        ));
    }
    app.edits.set_new_names(names);
    Ok(())
}

/// Whether an entry has the place and the name of a compiled document.
fn is_document(module: &Module, entry: &str) -> bool {
    module.path(entry).is_some_and(is_document_resource)
}

/// How many of a table's names or paths changed.
fn count(table: &str, what: &str, count: usize) -> Option<Change> {
    (count > 0).then(|| Change {
        entry: table.to_owned(),
        element: String::new(),
        attribute: what.to_owned(),
        before: Some(format!("{count} that say something")),
        after: Some(format!("{count} that say nothing")),
    })
}

fn look_at_code(app: &App<'_>, lookups: &mut Lookups) -> Result<(), Error> {
    for name in app.parts().flat_map(|part| part.module.dex_names(app.archive)) {
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

/// Returns the documents that cannot be read: they are looked at as bytes.
fn look_at_documents(app: &App<'_>, lookups: &mut Lookups) -> Result<BTreeSet<String>, Error> {
    let mut unread = BTreeSet::new();
    for part in app.parts() {
        lookups.see_document(&part.manifest).map_err(manifest::Error::from)?;
        for entry in app.archive.entries().iter().filter(|entry| is_document(part.module, &entry.name)) {
            match app.document(&entry.name)? {
                Ok(document) => lookups.see_document(&document).map_err(manifest::Error::from)?,
                Err(_) => drop(unread.insert(entry.name.clone())),
            }
        }
    }
    Ok(unread)
}

/// Everything that is neither code nor a compiled resource that could be read, on all cores.
fn look_at_files(app: &App<'_>, lookups: &mut Lookups, unread: &BTreeSet<String>) -> Result<(), Error> {
    let archive = app.archive;
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let modules: Vec<&Module> = app.parts().map(|part| part.module).collect();
    let scan = |entry: &Entry| -> Result<Option<Found>, Error> {
        let is_wanted = path_on_device(&modules, entry).is_some_and(Lookups::needs_scan);
        if entry.is_folder() || !(is_wanted || unread.contains(&entry.name)) {
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
        if let Some(path) = path_on_device(&modules, entry) {
            lookups.see_entry(path);
        }
        found.iter().for_each(|found| lookups.see_file(&entry.name, found));
    }
    Ok(())
}

fn path_on_device<'e>(modules: &[&Module], entry: &'e Entry) -> Option<&'e str> {
    modules.iter().find_map(|module| module.path_on_device(&entry.name))
}
