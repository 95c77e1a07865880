//! Why an output is not given to anybody.

use std::io;

use formats::zip;

use crate::Check;

/// Why an output is not given to anybody.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A check failed: the output is not what was asked for.
    #[error("The protected package failed its {} check: {detail}.", .check.name())]
    Failed {
        /// The check.
        check: Check,
        /// What is wrong.
        detail: String,
    },
    /// Input or output cannot be read; nothing is said about them.
    #[error("Reading the package failed.")]
    Source(#[source] io::Error),
    /// The caller ended the check.
    #[error("The check was stopped.")]
    Stopped,
}

impl Error {
    /// A stable name of the variant.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Failed { .. } => "verification_failed",
            Self::Source(_) => "source_failed",
            Self::Stopped => "stopped",
        }
    }
}

/// What an archive's error means for a check.
pub(crate) fn of_archive(check: Check, error: zip::Error) -> Error {
    match error {
        zip::Error::Io(error) => Error::Source(error),
        zip::Error::Stopped => Error::Stopped,
        error => check.failed(error.to_string()),
    }
}
