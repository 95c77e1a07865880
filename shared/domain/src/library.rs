//! Custom Library: the app identifiers for which a tenant gets libraries, and their builds (page 003, "Custom Library / BYOA").
//!
//! An identifier and its builds are one item, so that whoever deletes it and whoever starts or ends a build of it meet there. Every
//! change goes through [`Library::start`], [`Library::delete`] or [`Library::apply`], which looks its row up in [`TRANSITIONS`], and is
//! written on the condition that the item still has the revision that was read.

mod identifier;
mod rules;
mod table;

pub use identifier::AppIdentifier;
pub use table::{BuildEvent, BuildEventName, BuildStateName, BuildTransition, TRANSITIONS};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::id::{Sha256Hex, TenantId, uuid_id};
use crate::job::Failure;
use crate::platform::Platform;

/// Identifiers of a tenant without a limit of its own (page 003, `max_identifiers` of the example).
pub const USUAL_IDENTIFIERS: u32 = 3;
/// The most identifiers that a tenant's own limit may allow: they stand in its roster, one item of 400 KB.
pub const MOST_IDENTIFIERS: u32 = 100;
/// Builds of an identifier that are kept: the oldest make room for new ones.
pub const MOST_BUILDS: usize = 20;
/// Seconds after a successful build in which its platform is not built again and its identifier is not deleted: 30 days.
pub const COOLDOWN_SECONDS: i64 = 30 * DAY_SECONDS;
const DAY_SECONDS: i64 = 24 * 3600;

uuid_id!(
    /// Names a build of a library within its tenant.
    LibraryBuildId,
    "build_id",
    "Invalid build ID"
);

/// An app identifier and its builds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Library {
    /// Whose it is.
    pub tenant: TenantId,
    /// The app that the libraries are for.
    pub app_identifier: AppIdentifier,
    /// When it was set, Unix seconds.
    pub set_at: i64,
    /// By whom.
    pub set_by: String,
    /// The oldest first; one at most of each platform has not ended.
    pub builds: Vec<LibraryBuild>,
    /// When it was deleted, Unix seconds: nobody sees it any more, and when nothing is left of its builds, the item goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<i64>,
    /// Counts the writes of this item; each write is conditional on the one before.
    pub revision: u64,
}

/// One build of a library.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LibraryBuild {
    /// Names it.
    pub build_id: LibraryBuildId,
    /// What the library is for.
    pub platform: Platform,
    /// Unix seconds.
    pub created_at: i64,
    /// What has become of it.
    pub state: BuildState,
    /// Counts the leases, and fences them: only the latest one may write.
    pub attempt: u32,
    /// Leases that ran out without a word.
    pub silent_ends: u32,
    /// When the infrastructure first failed it, Unix seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble_since: Option<i64>,
    /// When the reconciler has to look at it, Unix seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<i64>,
}

/// The state of a build with what belongs to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum BuildState {
    /// It waits for a worker.
    Pending,
    /// A worker holds a lease.
    Building {
        /// When the lease ends, Unix seconds.
        lease_until: i64,
    },
    /// The package is there.
    Success {
        /// The package.
        package: Package,
        /// Unix seconds.
        completed_at: i64,
    },
    /// It ended without a package.
    Failed {
        /// Why.
        failure: Failure,
        /// Unix seconds.
        completed_at: i64,
    },
    /// It ended and was deleted; when its objects are gone it goes too.
    Deleted {
        /// When it had ended, Unix seconds.
        completed_at: i64,
    },
}

/// A library as it is downloaded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Package {
    /// The attempt under whose prefix it was stored.
    pub attempt: u32,
    /// SHA-256 of its bytes.
    pub sha256: Sha256Hex,
    /// Bytes.
    pub size: u64,
    /// The number of the live policy in it; 0 for one that was never published.
    pub policy_version: u64,
}

impl BuildState {
    /// As page 003 writes it.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Building { .. } => "building",
            Self::Success { .. } => "success",
            Self::Failed { .. } => "failed",
            Self::Deleted { .. } => "deleted",
        }
    }
}

impl LibraryBuild {
    /// Whether it is over.
    pub const fn has_ended(&self) -> bool {
        self.completed_at().is_some()
    }

    /// When it ended, Unix seconds.
    pub const fn completed_at(&self) -> Option<i64> {
        match &self.state {
            BuildState::Pending | BuildState::Building { .. } => None,
            BuildState::Success { completed_at, .. }
            | BuildState::Failed { completed_at, .. }
            | BuildState::Deleted { completed_at } => Some(*completed_at),
        }
    }

    /// Its package, where it has one.
    pub const fn package(&self) -> Option<&Package> {
        match &self.state {
            BuildState::Success { package, .. } => Some(package),
            _ => None,
        }
    }

    /// The version of the library: the day on which it was asked for, in UTC, as three numbers. Both platforms take that, and within one
    /// cooldown there is no second success of a platform.
    pub fn version(&self) -> String {
        crate::time::at(self.created_at).strftime("%Y.%-m.%-d").to_string()
    }

    /// The name under which its package is downloaded.
    pub fn file_name(&self, app_identifier: &AppIdentifier) -> String {
        let extension = match self.platform {
            Platform::Android => "aar",
            Platform::Ios => "xcframework.zip",
        };
        format!("{app_identifier}-{}.{extension}", self.version())
    }
}

impl Library {
    /// A build of it.
    pub fn build(&self, id: &LibraryBuildId) -> Option<&LibraryBuild> {
        self.builds.iter().find(|build| build.build_id == *id)
    }

    /// The latest build of a platform that was not deleted, whatever became of it.
    pub fn latest(&self, platform: Platform) -> Option<&LibraryBuild> {
        let kept = |build: &&LibraryBuild| !matches!(build.state, BuildState::Deleted { .. });
        self.builds.iter().rev().filter(|build| build.platform == platform).find(kept)
    }

    /// The latest build of a platform that has a package.
    pub fn latest_success(&self, platform: Platform) -> Option<&LibraryBuild> {
        self.builds.iter().rev().find(|build| build.platform == platform && build.package().is_some())
    }

    /// Seconds for which a platform is neither built again nor deleted.
    pub fn cooldown(&self, platform: Platform, now: Timestamp) -> i64 {
        let completed = self.latest_success(platform).and_then(LibraryBuild::completed_at);
        completed.map_or(0, |completed| (completed + COOLDOWN_SECONDS - now.as_second()).max(0))
    }

    /// Whether nobody sees it any more.
    pub const fn is_deleted(&self) -> bool {
        self.deleted_at.is_some()
    }

    /// When the reconciler has to look at it, Unix seconds.
    pub fn due_at(&self) -> Option<i64> {
        let of_builds = self.builds.iter().filter_map(|build| build.due_at).min();
        if self.builds.is_empty() { self.deleted_at } else { of_builds }
    }
}

/// Days that hold so many seconds.
pub const fn whole_days(seconds: i64) -> i64 {
    seconds.div_euclid(DAY_SECONDS) + if seconds.rem_euclid(DAY_SECONDS) > 0 { 1 } else { 0 }
}

/// Refuses one identifier more than `most` (page 003, "Common Errors": exceeded feature limit).
pub fn too_many_identifiers(most: u32) -> Error {
    let message = format!("The limit of {most} app identifiers is reached");
    Error::NotReady { code: "app_identifier_limit", message: message.into() }
}
