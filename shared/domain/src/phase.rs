//! The stages of a running build, in order (reference: the progress stages of the status call).

use serde::{Deserialize, Serialize};

/// A stage of a build that has not ended. The order of the variants is the order of the stages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// The upload is there, no worker has taken the job yet.
    Queued,
    /// A worker fetches the upload.
    Downloading,
    /// The package is read and checked.
    Inspecting,
    /// Controls are applied.
    Protecting,
    /// The output archive is laid out and written.
    Packaging,
    /// Signatures are made.
    Signing,
    /// The output is checked against what was asked for.
    Verifying,
    /// The output goes to storage.
    Uploading,
}

impl Phase {
    /// Every stage, in order.
    pub const ALL: [Self; 8] = [
        Self::Queued,
        Self::Downloading,
        Self::Inspecting,
        Self::Protecting,
        Self::Packaging,
        Self::Signing,
        Self::Verifying,
        Self::Uploading,
    ];

    /// The human text of the documentation (`"progress": "Queued"`).
    pub const fn text(self) -> &'static str {
        match self {
            Self::Queued => "Queued",
            Self::Downloading => "Downloading",
            Self::Inspecting => "Inspecting",
            Self::Protecting => "Protecting",
            Self::Packaging => "Packaging",
            Self::Signing => "Signing",
            Self::Verifying => "Verifying",
            Self::Uploading => "Uploading",
        }
    }

    /// Percent of the whole build at which the stage begins.
    pub const fn percent(self) -> u8 {
        match self {
            Self::Queued => 0,
            Self::Downloading => 5,
            Self::Inspecting => 30,
            Self::Protecting => 40,
            Self::Packaging => 50,
            Self::Signing => 65,
            Self::Verifying => 75,
            Self::Uploading => 85,
        }
    }
}
