//! XML resources of the output, found as a device finds them: the manifest's reference, the table, the file.

use formats::arsc::Table;
use formats::axml::tree::Element;
use formats::axml::{Document, Value};
use formats::limits::Limits;
use formats::zip::Archive;

use crate::error::of_archive;
use crate::{Check, Error};

/// The files behind a reference, one for each configuration; none for what is no reference to files.
pub(crate) fn files(archive: &Archive<'_>, reference: Option<&Value>, limits: &Limits) -> Result<Vec<String>, Error> {
    let (Some(Value::Reference(id)), Some(_)) = (reference, archive.entry("resources.arsc")) else {
        return Ok(Vec::new());
    };
    let bytes = archive.read_entry("resources.arsc", limits.table_bytes);
    let bytes = bytes.map_err(|error| of_archive(Check::Controls, error))?;
    let table = Table::parse(&bytes, limits).map_err(|error| Check::Controls.failed(error.to_string()))?;
    let resource = table.resource(*id);
    Ok(resource.into_iter().flat_map(|resource| resource.files().map(|file| file.path).collect::<Vec<_>>()).collect())
}

/// The documents in these files.
pub(crate) fn documents(archive: &Archive<'_>, files: &[String], limits: &Limits) -> Result<Vec<Element>, Error> {
    let read = |file: &String| {
        let bytes = archive.read_entry(file, limits.document_bytes);
        let bytes = bytes.map_err(|error| of_archive(Check::Controls, error))?;
        let tree = Document::parse(&bytes, limits).and_then(|document| document.to_tree(limits.document_bytes));
        tree.map_err(|error| Check::Controls.failed(format!("{}: {error}", file.escape_debug())))
    };
    files.iter().map(read).collect()
}
