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

/// The difference of two tables. A text that became another one is understood only where both are the names of a file, which `renamed`
/// has by its new name.
pub(super) fn judge(compared: Result<Same, String>, renamed: &BTreeMap<String, String>) -> Difference {
    let same = match compared {
        Ok(same) => same,
        Err(detail) => return Difference::Content { detail },
    };
    if let Some((old, new)) = same.paths.iter().find(|(old, new)| renamed.get(new) != Some(old)) {
        return Difference::Content { detail: format!("the text {old:?} became {new:?}") };
    }
    let mut changes: Vec<TableChange> = same.added.into_iter().map(added).collect();
    changes.extend((same.renamed > 0).then_some(TableChange::Names { count: same.renamed }));
    changes.extend((!renamed.is_empty()).then_some(TableChange::Files { count: renamed.len() }));
    Difference::Table { changes }
}

fn added(added: Added) -> TableChange {
    let Added { id, type_name, name, text } = added;
    TableChange::Added { id: format!("{id:#010x}"), name: format!("{type_name}/{name}"), file: text }
}
