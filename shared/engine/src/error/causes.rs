//! What the errors of readers and writers mean for a build.

use std::io;

use domain::control::ControlId;
use formats::zip;

use super::{BundlePart, Error};
use crate::observe::Stop;
use crate::{document, resources};

impl Error {
    /// A document that cannot be read or written.
    pub(crate) fn of_document(part: BundlePart, entry: &str, error: document::Error) -> Self {
        match error {
            document::Error::Compiled(cause) => Self::Manifest(cause.into()),
            document::Error::Bundle(cause) => Self::Bundle { part, entry: entry.to_owned(), cause },
        }
    }

    /// A table that cannot be read or edited.
    pub(crate) fn of_table(entry: &str, error: resources::Error) -> Self {
        match error {
            resources::Error::Compiled(cause) => Self::Resources(cause),
            resources::Error::Bundle(cause) => {
                Self::Bundle { part: BundlePart::Resources, entry: entry.to_owned(), cause }
            }
        }
    }

    /// An archive that was refused while its structure was read.
    pub(crate) fn structure(error: zip::Error) -> Self {
        match error {
            zip::Error::Io(error) => Self::Source(error),
            error @ zip::Error::Limit { .. } => Self::TooLarge(error),
            error => Self::Archive(error),
        }
    }

    /// Reading the content of an entry through a [`Source`](formats::source::Source) failed: the source, or the entry.
    pub(crate) fn of_source(error: io::Error) -> Self {
        match error.downcast::<zip::Error>() {
            Ok(broken) => Self::content(broken),
            Err(error) => Self::Source(error),
        }
    }

    /// Code that cannot be read: the source, or the code.
    pub(crate) fn code_refused(entry: &str, error: formats::macho::Error) -> Self {
        match error {
            formats::macho::Error::Io(error) => Self::of_source(error),
            cause => Self::Code { entry: entry.to_owned(), cause },
        }
    }

    /// No entry of a certificate list can be enforced; `warnings` say why not, entry by entry.
    pub(crate) fn nothing_to_pin(warnings: &[String]) -> Self {
        let reasons =
            if warnings.is_empty() { "the certificate list is empty".to_owned() } else { warnings.join("; ") };
        Self::NothingToPin { control: ControlId::CERTIFICATE_PINNING, reasons }
    }

    /// An entry whose content was refused.
    pub(crate) fn content(error: zip::Error) -> Self {
        match error {
            zip::Error::Io(error) => Self::Source(error),
            error => Self::Damaged(error),
        }
    }
}

impl From<Stop> for Error {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Cancelled => Self::Cancelled,
            Stop::Deadline => Self::Deadline,
        }
    }
}
