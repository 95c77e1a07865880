//! The manifest of an Android package: what it says, and the controls that are edits of it.

mod facts;
mod harden;
#[cfg(test)]
mod tests;

use domain::control::ControlId;
use formats::axml;
use serde::Serialize;

pub use facts::{Facts, inspect};
pub use harden::{CONTROLS, harden};

/// What one control did to the manifest.
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
    /// The manifest was changed.
    Applied,
    /// The manifest already said what the control demands.
    AlreadyInPlace,
}

/// One changed attribute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Names of the elements from the root to the changed one, joined by `/`.
    pub element: String,
    /// The attribute with its usual prefix.
    pub attribute: String,
    /// Its value as in an XML source; `None` when it was absent.
    pub before: Option<String>,
    /// Its value from now on; `None` when it was removed.
    pub after: Option<String>,
}

/// A manifest that cannot be read, or on which a control cannot be applied. The build fails: a control is never skipped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The bytes are no sound manifest, or the edit is not possible.
    #[error("AndroidManifest.xml cannot be processed")]
    Document(#[from] axml::Error),
    /// There is nothing that the control could be set on.
    #[error("{control}: the manifest has no <application>")]
    NoApplication {
        /// The control.
        control: ControlId,
    },
    /// The app's own network security configuration decides, and not the manifest.
    #[error(
        "{control}: the app brings its own network security configuration ({configuration}), which overrides the manifest; \
         merging is not built yet"
    )]
    OwnNetworkSecurityConfig {
        /// The control.
        control: ControlId,
        /// The resource as it stands in the manifest.
        configuration: String,
    },
    /// More `<profileable>` than any build tool writes.
    #[error("{control}: the manifest has {count} <profileable> elements, and at most {limit} are edited")]
    TooManyProfileable {
        /// The control.
        control: ControlId,
        /// How many there are.
        count: usize,
        /// The limit.
        limit: usize,
    },
}
