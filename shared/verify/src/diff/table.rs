//! Resource tables: every resource has the value it had, whatever its name and place.

use std::collections::BTreeMap;

use formats::arsc::{Added, Same};
use serde::Serialize;

use super::Difference;

/// What is different in a resource table whose resources all have the values they had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum TableChange {
    /// A resource that was not there.
    Added {
        /// Its id, as `0x7f…`.
        id: String,
        /// Its type and name.
        name: String,
        /// The file that it is; `None` for another value.
        file: Option<String>,
    },
    /// Names of resources are others.
    Names {
        /// How many, counted for each configuration.
        count: usize,
    },
    /// Paths of files are others; the files are compared like all entries.
    Files {
        /// How many.
        count: usize,
    },
}

/// The difference of two tables. A text that became another one is understood only where both are the names of a file in the folder of the
/// module, which `renamed` has by its new name.
pub(super) fn judge(compared: Result<Same, String>, folder: &str, renamed: &BTreeMap<String, String>) -> Difference {
    let same = match compared {
        Ok(same) => same,
        Err(detail) => return Difference::Content { detail },
    };
    let is_file = |(old, new): &(String, String)| {
        renamed.get(&format!("{folder}{new}")).is_some_and(|known| known.strip_prefix(folder) == Some(old))
    };
    if let Some((old, new)) = same.paths.iter().find(|pair| !is_file(pair)) {
        return Difference::Content { detail: format!("the text {old:?} became {new:?}") };
    }
    let mut changes: Vec<TableChange> = same.added.into_iter().map(added).collect();
    changes.extend((same.renamed > 0).then_some(TableChange::Names { count: same.renamed }));
    let files = renamed.keys().filter(|new| new.starts_with(folder)).count();
    changes.extend((files > 0).then_some(TableChange::Files { count: files }));
    Difference::Table { changes }
}

fn added(added: Added) -> TableChange {
    let Added { id, type_name, name, text } = added;
    TableChange::Added { id: format!("{id:#010x}"), name: format!("{type_name}/{name}"), file: text }
}
