//! The transition table: every state, every event, and the rows between them.

use super::{Failure, Output, State, Upload};
use crate::application::AppFacts;

/// The name of a state, as it stands in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StateName {
    /// See [`State::AwaitingUpload`].
    AwaitingUpload,
    /// See [`State::Queued`].
    Queued,
    /// See [`State::Running`].
    Running,
    /// See [`State::Completed`].
    Completed,
    /// See [`State::Failed`].
    Failed,
    /// See [`State::Deleted`].
    Deleted,
}

/// Something that happens to a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The object was seen in storage.
    Arrive(Upload),
    /// The object was seen and cannot be built.
    Reject(Failure),
    /// The customer gives the build up.
    Cancel,
    /// The customer gives the multipart upload up.
    Abort,
    /// The object did not arrive in time.
    Expire,
    /// A worker takes the job for some seconds.
    Lease {
        /// Length of the lease.
        seconds: i64,
    },
    /// The attempt read what the package says about its app.
    Identify {
        /// Whose lease it was.
        attempt: u32,
        /// What it says.
        app: AppFacts,
    },
    /// The last lease that the job may lose ran out.
    GiveUp(Failure),
    /// The infrastructure failed the attempt: the job waits for the next one.
    Retry {
        /// Whose lease it was.
        attempt: u32,
    },
    /// The attempt stored an output.
    Finish(Output),
    /// The attempt found that the package cannot be built.
    Fail {
        /// Whose lease it was.
        attempt: u32,
        /// Why.
        failure: Failure,
    },
    /// The reconciler looked and left the job waiting.
    Recheck,
    /// What an ended job left in storage was removed.
    Tidy,
    /// The customer deletes the build.
    Delete,
}

/// The name of an event, as it stands in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventName {
    /// See [`Event::Arrive`].
    Arrive,
    /// See [`Event::Reject`].
    Reject,
    /// See [`Event::Cancel`].
    Cancel,
    /// See [`Event::Abort`].
    Abort,
    /// See [`Event::Expire`].
    Expire,
    /// See [`Event::Lease`].
    Lease,
    /// See [`Event::Identify`].
    Identify,
    /// See [`Event::GiveUp`].
    GiveUp,
    /// See [`Event::Retry`].
    Retry,
    /// See [`Event::Finish`].
    Finish,
    /// See [`Event::Fail`].
    Fail,
    /// See [`Event::Recheck`].
    Recheck,
    /// See [`Event::Tidy`].
    Tidy,
    /// See [`Event::Delete`].
    Delete,
}

/// What a transition does to the tenant's ledger, in the same transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Slot {
    /// Nothing.
    Keep,
    /// Marks the slot as taken by an upload that is there; takes one where the reservation was lost.
    Take,
    /// Frees the slot; the build counts towards the week.
    Release,
    /// Frees the slot and gives the week's share back.
    GiveBack,
}

/// One row of the transition table.
#[derive(Clone, Copy, Debug)]
pub struct Transition {
    /// The state it starts from.
    pub from: StateName,
    /// What happens.
    pub event: EventName,
    /// The state it leads to.
    pub to: StateName,
    /// What becomes of the slot.
    pub slot: Slot,
    /// The condition, in words; [`Job::apply`] checks it.
    pub when: &'static str,
}

const fn transition(from: StateName, event: EventName, to: StateName, slot: Slot, when: &'static str) -> Transition {
    Transition { from, event, to, slot, when }
}

/// Every transition that exists. What is not here is refused.
#[rustfmt::skip]
pub const TRANSITIONS: &[Transition] = {
    use {EventName as E, Slot as S, StateName as N};
    &[
        transition(N::AwaitingUpload, E::Arrive, N::Queued, S::Take, "the object fits what was announced, and a slot is held or free"),
        transition(N::AwaitingUpload, E::Reject, N::Failed, S::Release, "the object is over 2 GB or not of the announced size"),
        transition(N::AwaitingUpload, E::Cancel, N::Failed, S::GiveBack, ""),
        transition(N::AwaitingUpload, E::Abort, N::Failed, S::GiveBack, ""),
        transition(N::AwaitingUpload, E::Expire, N::Failed, S::GiveBack, "24 hours have passed"),
        transition(N::AwaitingUpload, E::Recheck, N::AwaitingUpload, S::Keep, ""),
        transition(N::Queued, E::Lease, N::Running, S::Keep, ""),
        transition(N::Queued, E::Cancel, N::Failed, S::GiveBack, ""),
        transition(N::Queued, E::Recheck, N::Queued, S::Keep, ""),
        transition(N::Running, E::Lease, N::Running, S::Keep, "the lease ran out, for the first or second time"),
        transition(N::Running, E::Identify, N::Running, S::Keep, "by the holder of the latest lease, once"),
        transition(N::Running, E::GiveUp, N::Failed, S::Release, "the lease ran out for the third time"),
        transition(N::Running, E::Retry, N::Queued, S::Keep, "by the holder of the latest lease, within 24 hours of the first trouble"),
        transition(N::Running, E::Finish, N::Completed, S::Release, "by the holder of the latest lease"),
        transition(N::Running, E::Fail, N::Failed, S::Release, "by the holder of the latest lease"),
        transition(N::Running, E::Cancel, N::Failed, S::GiveBack, ""),
        transition(N::Completed, E::Tidy, N::Completed, S::Keep, ""),
        transition(N::Completed, E::Delete, N::Deleted, S::Keep, ""),
        transition(N::Failed, E::Tidy, N::Failed, S::Keep, "no worker can still hold a lease"),
        transition(N::Failed, E::Delete, N::Deleted, S::Keep, ""),
        transition(N::Deleted, E::Tidy, N::Deleted, S::Keep, "no worker can still hold a lease; the item goes"),
    ]
};

impl State {
    /// Its name in the table.
    pub const fn name(&self) -> StateName {
        match self {
            Self::AwaitingUpload => StateName::AwaitingUpload,
            Self::Queued { .. } => StateName::Queued,
            Self::Running { .. } => StateName::Running,
            Self::Completed { .. } => StateName::Completed,
            Self::Failed { .. } => StateName::Failed,
            Self::Deleted => StateName::Deleted,
        }
    }
}

impl Event {
    /// Its name in the table.
    pub const fn name(&self) -> EventName {
        match self {
            Self::Arrive(_) => EventName::Arrive,
            Self::Reject(_) => EventName::Reject,
            Self::Cancel => EventName::Cancel,
            Self::Abort => EventName::Abort,
            Self::Expire => EventName::Expire,
            Self::Lease { .. } => EventName::Lease,
            Self::Identify { .. } => EventName::Identify,
            Self::GiveUp(_) => EventName::GiveUp,
            Self::Retry { .. } => EventName::Retry,
            Self::Finish(_) => EventName::Finish,
            Self::Fail { .. } => EventName::Fail,
            Self::Recheck => EventName::Recheck,
            Self::Tidy => EventName::Tidy,
            Self::Delete => EventName::Delete,
        }
    }
}
