//! The manifest of an Android package: what it says, and how controls edit it.

mod edit;
mod facts;

use domain::control::ControlId;
use formats::axml;

pub use facts::Facts;
pub(crate) use facts::inspect;

/// Path of the element that most controls edit.
pub(crate) const APPLICATION: &[&str] = &["manifest", "application"];

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
