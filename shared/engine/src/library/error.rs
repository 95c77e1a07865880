//! Why a library package is not made.

use std::io;

use formats::{plist, zip};

/// Why a library package is not made. All but [`Sink`](Self::Sink) end the same way when they are tried again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No app can have this identifier.
    #[error(
        "the app identifier {found:?} is not made of 1 to 255 letters, digits, '-' and '_' in segments with dots between them"
    )]
    Identifier {
        /// The identifier, or its beginning.
        found: String,
    },
    /// A version that Apple's tools do not take.
    #[error("the version {found:?} is not made of one to three numbers with dots between them")]
    Version {
        /// The version, or its beginning.
        found: String,
    },
    /// A policy that apps would refuse.
    #[error("the policy is refused: {reason}")]
    Policy {
        /// What is wrong with it.
        reason: String,
    },
    /// A part of the agent that does not belong into the package.
    #[error("the agent's {part} is refused: {reason}")]
    Agent {
        /// Which part.
        part: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The object file cannot be written.
    #[error("the object file cannot be written: {0}")]
    Object(#[source] object::write::Error),
    /// The static library cannot be written.
    #[error("the static library cannot be written: {0}")]
    StaticLibrary(#[source] io::Error),
    /// `apptego.json` cannot be written.
    #[error("the package's description cannot be written: {0}")]
    Description(#[source] serde_json::Error),
    /// A property list cannot be written.
    #[error("a property list cannot be written: {0}")]
    PropertyList(#[source] plist::Error),
    /// More entries or bytes than an archive has room for.
    #[error("the package cannot be written: {0}")]
    Layout(#[source] zip::Error),
    /// The sink failed.
    #[error("writing the package failed")]
    Sink(#[source] io::Error),
}

impl Error {
    /// A stable name of the variant.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Identifier { .. } => "identifier_invalid",
            Self::Version { .. } => "version_invalid",
            Self::Policy { .. } => "policy_invalid",
            Self::Agent { .. } => "agent_invalid",
            Self::Object(_)
            | Self::StaticLibrary(_)
            | Self::Description(_)
            | Self::PropertyList(_)
            | Self::Layout(_) => "layout_failed",
            Self::Sink(_) => "sink_failed",
        }
    }

    pub(super) fn policy(reason: impl Into<String>) -> Self {
        Self::Policy { reason: reason.into() }
    }

    pub(super) fn agent(part: impl Into<String>, reason: impl ToString) -> Self {
        Self::Agent { part: part.into(), reason: reason.to_string() }
    }

    pub(super) fn writing(error: zip::Error) -> Self {
        match error {
            zip::Error::Io(error) => Self::Sink(error),
            error => Self::Layout(error),
        }
    }
}
