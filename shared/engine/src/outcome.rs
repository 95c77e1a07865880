//! What the controls did, one row for each.

use domain::control::ControlId;
use serde::Serialize;

/// What one control did to the package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ControlOutcome {
    /// The control.
    pub control: ControlId,
    /// Whether there was anything to do.
    pub status: Status,
    /// What was changed, in order; empty when everything was in place.
    pub changes: Vec<Change>,
    /// What this build leaves open, for the person who reads the report.
    pub warnings: Vec<String>,
}

/// Whether a control found anything to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The package was changed.
    Applied,
    /// The package already was what the control demands.
    AlreadyInPlace,
    /// The control left the package as it is, for a reason that its warnings tell.
    NotApplied,
    /// The control permits something, and without it the build would have failed.
    PermissionUsed,
    /// The control permits something that this package did not need.
    PermissionUnused,
}

/// One change of an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The entry's name in the input; in the output, where the entry is new.
    pub entry: String,
    /// In an XML document, names of the elements from the root to the changed one, joined by `/`; else empty.
    pub element: String,
    /// What was changed: an attribute with its usual prefix, a section, a kind of information.
    pub attribute: String,
    /// Its value; `None` when it was absent.
    pub before: Option<String>,
    /// Its value from now on; `None` when it was removed.
    pub after: Option<String>,
}

impl Change {
    /// Something that an entry has and did not have.
    pub(crate) fn added(entry: &str, what: impl Into<String>, after: impl ToString) -> Self {
        let after = Some(after.to_string());
        Self { entry: entry.to_owned(), element: String::new(), attribute: what.into(), before: None, after }
    }

    /// Something that an entry had and has no longer.
    pub(crate) fn removed(entry: &str, what: impl Into<String>, before: impl ToString) -> Self {
        let before = Some(before.to_string());
        Self { entry: entry.to_owned(), element: String::new(), attribute: what.into(), before, after: None }
    }
}

/// What one control did, as it is collected.
#[derive(Clone, Debug)]
pub(crate) struct Applied {
    pub(crate) control: ControlId,
    pub(crate) changes: Vec<Change>,
    pub(crate) warnings: Vec<String>,
    /// Whether the control left as it is what it would have changed.
    pub(crate) is_left: bool,
}

impl From<Applied> for ControlOutcome {
    fn from(applied: Applied) -> Self {
        let Applied { control, changes, warnings, is_left } = applied;
        let status = match changes.is_empty() {
            false => Status::Applied,
            true if is_left => Status::NotApplied,
            true => Status::AlreadyInPlace,
        };
        Self { control, status, changes, warnings }
    }
}
