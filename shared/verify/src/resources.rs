//! XML resources of the output, found as a device finds them: the manifest's reference, the table, the file.

use std::collections::BTreeSet;

use formats::arsc::{self, Content};
use formats::axml::Value;
use formats::axml::tree::Element;
use formats::limits::Limits;
use formats::proto;
use formats::zip::Archive;

use crate::error::of_archive;
use crate::parts::Parts;
use crate::{Check, Error};

/// How many resources may stand for each other one after another.
const MOST_STEPS: usize = 20;

/// The files behind a reference, for all configurations; none for what is no reference to files, or to something else for some devices.
pub(crate) fn files(
    archive: &Archive<'_>,
    parts: &Parts,
    reference: Option<&Value>,
    limits: &Limits,
) -> Result<Vec<String>, Error> {
    let Some(Value::Reference(id)) = reference else { return Ok(Vec::new()) };
    let mut contents = Vec::new();
    for name in parts.tables().into_iter().filter(|table| archive.entry(table).is_some()) {
        let bytes = archive.read_entry(&name, limits.table_bytes);
        contents.push((name, bytes.map_err(|error| of_archive(Check::Controls, error))?));
    }
    let mut tables = Vec::new();
    for (name, bytes) in &contents {
        let folder = parts.split(name).map_or("", |(folder, _)| folder);
        tables.push((folder, AnyTable::parse(bytes, parts, limits).map_err(|error| Check::Controls.failed(error))?));
    }
    let (mut files, mut step) = (BTreeSet::new(), BTreeSet::from([*id]));
    for _ in 0..MOST_STEPS {
        let mut next = BTreeSet::new();
        for id in step {
            let found = tables.iter().map(|(folder, table)| (folder, table.values(id)));
            let Some((folder, values)) = found.into_iter().find(|(_, values)| !values.is_empty()) else {
                return Ok(Vec::new());
            };
            for value in values {
                match value {
                    Some(Value::String(path)) => drop(files.insert(format!("{folder}{path}"))),
                    Some(Value::Reference(alias)) if alias != 0 => drop(next.insert(alias)),
                    _ => return Ok(Vec::new()),
                }
            }
        }
        if next.is_empty() {
            return Ok(files.into_iter().collect());
        }
        step = next;
    }
    Ok(Vec::new())
}

/// A resource table in one of the forms.
enum AnyTable<'a> {
    Compiled(arsc::Table<'a>),
    Bundle(proto::Table<'a>),
}

impl<'a> AnyTable<'a> {
    fn parse(bytes: &'a [u8], parts: &Parts, limits: &Limits) -> Result<Self, String> {
        Ok(match parts {
            Parts::Apk => Self::Compiled(arsc::Table::parse(bytes, limits).map_err(|error| error.to_string())?),
            Parts::Bundle(_) => Self::Bundle(proto::Table::parse(bytes, limits).map_err(|error| error.to_string())?),
        })
    }

    /// The values of an entry, one for each configuration; `None` for one that is no single value.
    fn values(&self, id: u32) -> Vec<Option<Value>> {
        match self {
            Self::Compiled(table) => {
                let variants = table.resource(id).map(|resource| resource.variants).unwrap_or_default();
                let values = variants.into_iter().map(|variant| match variant.content {
                    Content::Simple(value) => Some(value),
                    Content::Complex { .. } => None,
                });
                values.collect()
            }
            Self::Bundle(table) => {
                let mut values: Vec<Option<Value>> = table.values_of(id).map(|(_, value)| Some(value)).collect();
                values.resize(table.variants_of(id).max(values.len()), None);
                values
            }
        }
    }
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
