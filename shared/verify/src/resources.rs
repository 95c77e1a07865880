//! XML resources of the output, found as a device finds them: the manifest's reference, the table, the file.

use formats::arsc::{self, Config};
use formats::axml::Value;
use formats::axml::tree::Element;
use formats::limits::Limits;
use formats::proto;
use formats::zip::Archive;

use crate::error::of_archive;
use crate::parts::Parts;
use crate::{Check, Error};

/// The files behind a reference, one for each configuration; none for what is no reference to files.
pub(crate) fn files(
    archive: &Archive<'_>,
    parts: &Parts,
    reference: Option<&Value>,
    limits: &Limits,
) -> Result<Vec<String>, Error> {
    let Some(Value::Reference(id)) = reference else { return Ok(Vec::new()) };
    let mut files = Vec::new();
    for table in parts.tables().iter().filter(|table| archive.entry(table).is_some()) {
        let bytes = archive.read_entry(table, limits.table_bytes);
        let bytes = bytes.map_err(|error| of_archive(Check::Controls, error))?;
        let folder = parts.split(table).map_or("", |(folder, _)| folder);
        let found = files_of(&bytes, *id, parts, limits).map_err(|error| Check::Controls.failed(error))?;
        files.extend(found.into_iter().map(|path| format!("{folder}{path}")));
    }
    Ok(files)
}

fn files_of(bytes: &[u8], id: u32, parts: &Parts, limits: &Limits) -> Result<Vec<String>, String> {
    if parts.is_bundle() {
        let table = proto::Table::parse(bytes, limits).map_err(|error| error.to_string())?;
        let text = |(_, value): (Config, Value)| match value {
            Value::String(path) => Some(path),
            _ => None,
        };
        // An entry that is something else for some devices is no file that could be looked at.
        return Ok(table.values_of(id).map(text).collect::<Option<_>>().unwrap_or_default());
    }
    let table = arsc::Table::parse(bytes, limits).map_err(|error| error.to_string())?;
    let Some(resource) = table.resource(id) else { return Ok(Vec::new()) };
    let files: Vec<String> = resource.files().map(|file| file.path).collect();
    Ok(if files.len() == resource.variants.len() { files } else { Vec::new() })
}

/// The documents in these files.
pub(crate) fn documents(
    archive: &Archive<'_>,
    parts: &Parts,
    files: &[String],
    limits: &Limits,
) -> Result<Vec<Element>, Error> {
    let read = |file: &String| {
        let bytes = archive.read_entry(file, limits.document_bytes);
        let bytes = bytes.map_err(|error| of_archive(Check::Controls, error))?;
        let tree = parts.document(&bytes, limits);
        tree.map_err(|error| Check::Controls.failed(format!("{}: {error}", file.escape_debug())))
    };
    files.iter().map(read).collect()
}
