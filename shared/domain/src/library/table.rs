//! The transition table of a library's builds: every state, every event, and the rows between them.

use super::{BuildState, Package};
use crate::job::Failure;

/// The name of a state, as it stands in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BuildStateName {
    /// See [`BuildState::Pending`].
    Pending,
    /// See [`BuildState::Building`].
    Building,
    /// See [`BuildState::Success`].
    Success,
    /// See [`BuildState::Failed`].
    Failed,
    /// See [`BuildState::Deleted`].
    Deleted,
}

/// Something that happens to a build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BuildEvent {
    /// A worker takes it for some seconds.
    Lease {
        /// Length of the lease.
        seconds: i64,
    },
    /// The last lease that it may lose ran out.
    GiveUp(Failure),
    /// The infrastructure failed the attempt: the build waits for the next one.
    Retry {
        /// Whose lease it was.
        attempt: u32,
    },
    /// The attempt stored a package.
    Finish(Package),
    /// The attempt found that the library cannot be built.
    Fail {
        /// Whose lease it was.
        attempt: u32,
        /// Why.
        failure: Failure,
    },
    /// Its tenant is purged.
    Cancel,
    /// The reconciler looked and left it waiting.
    Recheck,
    /// It makes room for a newer one, or its identifier is deleted.
    Delete,
    /// What it left in storage was removed.
    Tidy,
}

/// The name of an event, as it stands in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BuildEventName {
    /// See [`BuildEvent::Lease`].
    Lease,
    /// See [`BuildEvent::GiveUp`].
    GiveUp,
    /// See [`BuildEvent::Retry`].
    Retry,
    /// See [`BuildEvent::Finish`].
    Finish,
    /// See [`BuildEvent::Fail`].
    Fail,
    /// See [`BuildEvent::Cancel`].
    Cancel,
    /// See [`BuildEvent::Recheck`].
    Recheck,
    /// See [`BuildEvent::Delete`].
    Delete,
    /// See [`BuildEvent::Tidy`].
    Tidy,
}

/// One row of the transition table.
#[derive(Clone, Copy, Debug)]
pub struct BuildTransition {
    /// The state it starts from.
    pub from: BuildStateName,
    /// What happens.
    pub event: BuildEventName,
    /// The state it leads to; `None`: the build goes.
    pub to: Option<BuildStateName>,
    /// The condition, in words; [`super::Library::apply`] checks it.
    pub when: &'static str,
}

const fn row(from: BuildStateName, event: BuildEventName, to: BuildStateName, when: &'static str) -> BuildTransition {
    BuildTransition { from, event, to: Some(to), when }
}

/// Every transition that exists. What is not here is refused.
#[rustfmt::skip]
pub const TRANSITIONS: &[BuildTransition] = {
    use {BuildEventName as E, BuildStateName as N};
    &[
        row(N::Pending, E::Lease, N::Building, ""),
        row(N::Pending, E::Recheck, N::Pending, ""),
        row(N::Pending, E::Cancel, N::Failed, ""),
        row(N::Building, E::Lease, N::Building, "the lease ran out, for the first or second time"),
        row(N::Building, E::GiveUp, N::Failed, "the lease ran out for the third time"),
        row(N::Building, E::Retry, N::Pending, "by the holder of the latest lease, within 24 hours of the first trouble"),
        row(N::Building, E::Finish, N::Success, "by the holder of the latest lease"),
        row(N::Building, E::Fail, N::Failed, "by the holder of the latest lease"),
        row(N::Building, E::Cancel, N::Failed, ""),
        row(N::Success, E::Tidy, N::Success, ""),
        row(N::Success, E::Delete, N::Deleted, ""),
        row(N::Failed, E::Tidy, N::Failed, "no worker can still hold a lease"),
        row(N::Failed, E::Delete, N::Deleted, ""),
        BuildTransition { from: N::Deleted, event: E::Tidy, to: None, when: "no worker can still hold a lease" },
    ]
};

impl BuildState {
    /// Its name in the table.
    pub const fn name(&self) -> BuildStateName {
        match self {
            Self::Pending => BuildStateName::Pending,
            Self::Building { .. } => BuildStateName::Building,
            Self::Success { .. } => BuildStateName::Success,
            Self::Failed { .. } => BuildStateName::Failed,
            Self::Deleted { .. } => BuildStateName::Deleted,
        }
    }
}

impl BuildEvent {
    /// Its name in the table.
    pub const fn name(&self) -> BuildEventName {
        match self {
            Self::Lease { .. } => BuildEventName::Lease,
            Self::GiveUp(_) => BuildEventName::GiveUp,
            Self::Retry { .. } => BuildEventName::Retry,
            Self::Finish(_) => BuildEventName::Finish,
            Self::Fail { .. } => BuildEventName::Fail,
            Self::Cancel => BuildEventName::Cancel,
            Self::Recheck => BuildEventName::Recheck,
            Self::Delete => BuildEventName::Delete,
            Self::Tidy => BuildEventName::Tidy,
        }
    }
}
