//! Resource tables: every resource with its values, whatever its name and place.

use formats::zip::Entry;
use serde::Serialize;

use super::{Comparison, Difference};
use crate::Error;

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
        /// The file that it is.
        file: String,
    },
    /// Names of resources are others.
    Names {
        /// How many.
        count: usize,
    },
    /// Paths of files are others.
    Files {
        /// How many.
        count: usize,
    },
}

pub(super) fn compare(_: &Comparison<'_>, old: &Entry, new: &Entry) -> Result<Difference, Error> {
    Ok(Difference::Content { detail: format!("{} bytes became {} others", old.size, new.size) })
}
