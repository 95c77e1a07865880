//! A build job and the transition table that decides everything that may happen to it.
//!
//! The job item is the truth, queue messages are only wake-ups. Every change goes through [`Job::apply`], which looks
//! the row up in [`TRANSITIONS`], and is written on the condition that the job still has the revision that was read.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::file_name::FileName;
use crate::id::{JobId, Sha256Hex, SigningKeyId, TenantId};
use crate::phase::Phase;
use crate::platform::{ConfigVersion, Platform};
use crate::time;
use crate::upload::{ETag, MAX_BYTES, Parts, UploadPath};
use crate::upload_request::UploadRequest;

/// Seconds after its URL was made at which an upload that did not arrive gives its slot back: 75 minutes.
pub const RESERVATION_SECONDS: i64 = 75 * 60;
/// Seconds after which a job whose upload never arrived ends: 24 hours.
pub const UPLOAD_EXPIRY_SECONDS: i64 = 24 * 3600;
/// Seconds for which failures of the infrastructure are waited out: 24 hours.
pub const TROUBLE_SECONDS: i64 = 24 * 3600;
/// Leases that may run out without a word; with the last one the job fails.
pub const SILENT_ENDS: u32 = 3;

/// Seconds between two looks of the reconciler at a job that waits.
pub(crate) const RECHECK_SECONDS: i64 = 5 * 60;
/// Seconds past the end of a lease, or after the end of a job, at which the reconciler looks.
pub(crate) const GRACE_SECONDS: i64 = 15;

/// One build.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// Whose it is.
    pub tenant: TenantId,
    /// Its id, the second in which it was asked for.
    pub id: JobId,
    /// What the package runs on.
    pub platform: Platform,
    /// The configuration version that was asked for.
    pub version: ConfigVersion,
    /// The configuration document it is built with, pinned when it was asked for.
    pub config: Sha256Hex,
    /// The name of the package.
    pub file_name: FileName,
    /// The announced size in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub announced_size: Option<u64>,
    /// The multipart upload that was made for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upload_id: Option<String>,
    /// The key that signs the output; `None` leaves it unsigned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signing_key_id: Option<SigningKeyId>,
    /// The caller who asked for it.
    pub created_by: String,
    /// Last change, Unix seconds.
    pub updated_at: i64,
    /// What has become of it.
    pub state: State,
    /// Counts the writes of this item; each write is conditional on the one before.
    pub revision: u64,
    /// Counts the leases, and fences them: only the latest one may write.
    pub attempt: u32,
    /// Leases that ran out without a word.
    pub silent_ends: u32,
    /// When the infrastructure first failed this job, Unix seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble_since: Option<i64>,
    /// When the reconciler has to look at it, Unix seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<i64>,
}

/// The state of a job with what belongs to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum State {
    /// The URL was handed out, the object has not been seen.
    AwaitingUpload,
    /// The object is there and pinned.
    Queued {
        /// The object.
        upload: Upload,
    },
    /// A worker holds a lease.
    Running {
        /// The object.
        upload: Upload,
        /// When this attempt began, Unix seconds.
        since: i64,
        /// When the lease ends, Unix seconds.
        lease_until: i64,
    },
    /// The output is there.
    Completed {
        /// The output.
        output: Output,
    },
    /// It ended without an output.
    Failed {
        /// Why.
        failure: Failure,
    },
}

/// The uploaded object, as it was when it arrived.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upload {
    /// Every later read is conditional on it.
    pub etag: ETag,
    /// Bytes.
    pub size: u64,
}

/// The protected package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Output {
    /// The attempt under whose prefix it was stored.
    pub attempt: u32,
    /// SHA-256 of its bytes.
    pub sha256: Sha256Hex,
    /// Bytes.
    pub size: u64,
}

/// Why a job failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Stable, snake_case.
    pub code: Cow<'static, str>,
    /// What a person can act on.
    pub message: Cow<'static, str>,
}

impl Failure {
    /// A failure with a fixed or a made-up message.
    pub fn new(code: impl Into<Cow<'static, str>>, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code: code.into(), message: message.into() }
    }
}

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
        transition(N::Running, E::GiveUp, N::Failed, S::Release, "the lease ran out for the third time"),
        transition(N::Running, E::Retry, N::Queued, S::Keep, "by the holder of the latest lease, within 24 hours of the first trouble"),
        transition(N::Running, E::Finish, N::Completed, S::Release, "by the holder of the latest lease"),
        transition(N::Running, E::Fail, N::Failed, S::Release, "by the holder of the latest lease"),
        transition(N::Running, E::Cancel, N::Failed, S::GiveBack, ""),
        transition(N::Completed, E::Tidy, N::Completed, S::Keep, ""),
        transition(N::Failed, E::Tidy, N::Failed, S::Keep, "no worker can still hold a lease"),
    ]
};

/// Why an event does not apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The table has no such row.
    #[error("the job's state does not allow it")]
    NoTransition,
    /// Another worker holds a lease.
    #[error("another worker holds the job until {until}")]
    Leased {
        /// Unix seconds.
        until: i64,
    },
    /// The lease was lost to a later attempt.
    #[error("a later attempt holds the job")]
    Superseded,
    /// The time for it has not come, or is over.
    #[error("the time for it has not come")]
    NotDue,
}

/// The next job and what its transition does to the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The job as it will be.
    pub job: Job,
    /// The effect on the ledger.
    pub slot: Slot,
}

impl Job {
    /// A job that was asked for now and waits for its upload. `config` and `signing_key_id` are pinned.
    pub fn asked_for(
        caller: (TenantId, String),
        id: JobId,
        request: &UploadRequest,
        config: Sha256Hex,
        signing_key_id: Option<SigningKeyId>,
        upload_id: Option<String>,
    ) -> Self {
        let (tenant, created_by) = caller;
        Self {
            tenant,
            id,
            platform: request.platform,
            version: request.version,
            config,
            file_name: request.file_name.clone(),
            announced_size: request.file_size,
            upload_id,
            signing_key_id,
            created_by,
            updated_at: id.start_time(),
            state: State::AwaitingUpload,
            revision: 0,
            attempt: 0,
            silent_ends: 0,
            trouble_since: None,
            due_at: Some(next_upload_check(id.start_time(), id.start_time())),
        }
    }

    /// Where the upload is stored.
    pub fn upload_path(&self) -> UploadPath {
        UploadPath {
            tenant: self.tenant.clone(),
            platform: self.platform,
            version: self.version,
            job: self.id,
            file_name: self.file_name.clone(),
        }
    }

    /// The parts of its multipart upload, where it has one.
    pub fn parts(&self) -> Option<Parts> {
        self.upload_id.as_ref().and(self.announced_size).and_then(Parts::plan)
    }

    /// Whether it is over.
    pub const fn has_ended(&self) -> bool {
        matches!(self.state, State::Completed { .. } | State::Failed { .. })
    }

    /// The event for an object that was seen in storage: arrival, or rejection with the reason.
    pub fn judge_arrival(&self, upload: Upload) -> Event {
        match self.announced_size {
            _ if upload.size > MAX_BYTES => Event::Reject(Failure::new(
                "upload_too_large",
                format!("The upload has {} bytes; the maximum is 2 GB ({MAX_BYTES} bytes)", upload.size),
            )),
            Some(announced) if announced != upload.size => Event::Reject(Failure::new(
                "upload_size_mismatch",
                format!("The upload has {} bytes, file_size announced {announced}", upload.size),
            )),
            _ => Event::Arrive(upload),
        }
    }

    /// The event with which a worker that was woken takes the job, or the reason for which it does not.
    /// `last_phase` is what the latest attempt last reported.
    pub fn judge_lease(&self, now: Timestamp, seconds: i64, last_phase: Phase) -> Result<Event, Refusal> {
        match self.state {
            State::Queued { .. } => Ok(Event::Lease { seconds }),
            State::Running { lease_until, .. } if lease_until > now.as_second() => {
                Err(Refusal::Leased { until: lease_until })
            }
            State::Running { .. } if self.silent_ends + 1 >= SILENT_ENDS => Ok(Event::GiveUp(Failure::new(
                "worker_lost",
                format!("The build stopped without an answer {SILENT_ENDS} times, last while {}", last_phase.text()),
            ))),
            State::Running { .. } => Ok(Event::Lease { seconds }),
            _ => Err(Refusal::NoTransition),
        }
    }

    /// The event for an attempt that the infrastructure failed: another try, or the end after a day of trouble.
    pub fn judge_trouble(&self, attempt: u32, now: Timestamp) -> Event {
        match self.trouble_since {
            Some(since) if now.as_second() - since >= TROUBLE_SECONDS => Event::Fail {
                attempt,
                failure: Failure::new(
                    "infrastructure",
                    "The build could not be carried out for 24 hours; upload again or contact support with the job ID",
                ),
            },
            _ => Event::Retry { attempt },
        }
    }

    /// Carries `event` out at `now`, as far as the table and its conditions allow.
    pub fn apply(&self, event: Event, now: Timestamp) -> Result<Step, Refusal> {
        let row = row(self.state.name(), event.name()).ok_or(Refusal::NoTransition)?;
        self.check(&event, now)?;
        let mut job = self.clone();
        job.revision += 1;
        job.updated_at =
            if row.from == row.to && row.event != EventName::Lease { job.updated_at } else { now.as_second() };
        job.advance(event, now);
        job.due_at = job.next_look(now, row.event, &self.state);
        Ok(Step { job, slot: row.slot })
    }

    fn check(&self, event: &Event, now: Timestamp) -> Result<(), Refusal> {
        let holds = |attempt: u32| if attempt == self.attempt { Ok(()) } else { Err(Refusal::Superseded) };
        match (event, &self.state) {
            (Event::Lease { .. } | Event::GiveUp(_), State::Running { lease_until, .. }) => {
                let last_lease = self.silent_ends + 1 >= SILENT_ENDS;
                match *lease_until > now.as_second() {
                    true => Err(Refusal::Leased { until: *lease_until }),
                    false if last_lease == matches!(event, Event::GiveUp(_)) => Ok(()),
                    false => Err(Refusal::NotDue),
                }
            }
            (Event::Retry { attempt } | Event::Fail { attempt, .. }, _) => holds(*attempt),
            (Event::Finish(output), _) => holds(output.attempt),
            (Event::Tidy, _) if self.due_at.is_some_and(|due| due - GRACE_SECONDS > now.as_second()) => {
                Err(Refusal::NotDue)
            }
            (Event::Expire, _) if now < time::after(self.id.time(), UPLOAD_EXPIRY_SECONDS) => Err(Refusal::NotDue),
            _ => Ok(()),
        }
    }

    fn advance(&mut self, event: Event, now: Timestamp) {
        let now = now.as_second();
        let failed = |code: &'static str, message: &'static str| State::Failed { failure: Failure::new(code, message) };
        self.state = match (event, std::mem::replace(&mut self.state, State::AwaitingUpload)) {
            (Event::Arrive(upload), _) => State::Queued { upload },
            (Event::Reject(failure) | Event::GiveUp(failure) | Event::Fail { failure, .. }, _) => {
                State::Failed { failure }
            }
            (Event::Cancel, _) => failed("cancelled", "Cancelled"),
            (Event::Abort, _) => failed("upload_aborted", "The multipart upload was aborted"),
            (Event::Expire, _) => {
                failed("upload_expired", "The upload did not arrive, or found no free build slot, within 24 hours")
            }
            (Event::Lease { seconds }, before) => {
                self.attempt += 1;
                self.silent_ends += u32::from(matches!(before, State::Running { .. }));
                before.leased(now, now.saturating_add(seconds))
            }
            (Event::Retry { .. }, before) => {
                self.trouble_since = self.trouble_since.or(Some(now));
                before.queued()
            }
            (Event::Finish(output), _) => State::Completed { output },
            (Event::Recheck | Event::Tidy, before) => before,
        };
    }

    /// When the reconciler has to look next, Unix seconds.
    fn next_look(&self, now: Timestamp, event: EventName, before: &State) -> Option<i64> {
        let now = now.as_second();
        match self.state {
            State::AwaitingUpload => Some(next_upload_check(self.id.start_time(), now)),
            State::Queued { .. } => Some(now + RECHECK_SECONDS),
            State::Running { lease_until, .. } => Some(lease_until + GRACE_SECONDS),
            State::Completed { .. } | State::Failed { .. } if event == EventName::Tidy => None,
            // Its worker may still store an output until its lease ends.
            State::Failed { .. } if event == EventName::Cancel => Some(before.lease_end(now) + GRACE_SECONDS),
            State::Completed { .. } | State::Failed { .. } => Some(now + GRACE_SECONDS),
        }
    }
}

/// When an upload that has not arrived is looked for again: often while its URL works, then once more when it expires.
pub fn next_upload_check(created: i64, now: i64) -> i64 {
    let expiry = created + UPLOAD_EXPIRY_SECONDS;
    if now < created + RESERVATION_SECONDS { now + RECHECK_SECONDS } else { expiry.max(now + RECHECK_SECONDS) }
}

fn row(from: StateName, event: EventName) -> Option<&'static Transition> {
    TRANSITIONS.iter().find(|row| row.from == from && row.event == event)
}

impl State {
    /// Its name in the table.
    pub const fn name(&self) -> StateName {
        match self {
            Self::AwaitingUpload => StateName::AwaitingUpload,
            Self::Queued { .. } => StateName::Queued,
            Self::Running { .. } => StateName::Running,
            Self::Completed { .. } => StateName::Completed,
            Self::Failed { .. } => StateName::Failed,
        }
    }

    fn leased(self, since: i64, lease_until: i64) -> Self {
        match self {
            Self::Queued { upload } | Self::Running { upload, .. } => Self::Running { upload, since, lease_until },
            other => other,
        }
    }

    fn lease_end(&self, now: i64) -> i64 {
        match self {
            Self::Running { lease_until, .. } => now.max(*lease_until),
            _ => now,
        }
    }

    fn queued(self) -> Self {
        match self {
            Self::Running { upload, .. } => Self::Queued { upload },
            other => other,
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
            Self::GiveUp(_) => EventName::GiveUp,
            Self::Retry { .. } => EventName::Retry,
            Self::Finish(_) => EventName::Finish,
            Self::Fail { .. } => EventName::Fail,
            Self::Recheck => EventName::Recheck,
            Self::Tidy => EventName::Tidy,
        }
    }
}
