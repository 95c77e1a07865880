//! The rules behind the table: which event applies to a job, and what it makes of it.

use jiff::Timestamp;

use super::table::{Event, EventName, Slot, StateName, TRANSITIONS, Transition};
use super::{
    Failure, GRACE_SECONDS, Job, RECHECK_SECONDS, SILENT_ENDS, State, TROUBLE_SECONDS, UPLOAD_EXPIRY_SECONDS, Upload,
};
use crate::phase::Phase;
use crate::time;
use crate::upload::MAX_BYTES;

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
            // An announced size is never 0.
            None if upload.size == 0 => Event::Reject(Failure::new(
                "upload_empty",
                "The upload is empty: send the package as the body of the PUT",
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
        if row.from != row.to || row.event == EventName::Lease {
            // Start times may run some seconds ahead of the clock.
            job.updated_at = now.as_second().max(job.id.start_time());
        }
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
            (Event::Identify { .. }, _) if self.app.is_some() => Err(Refusal::NotDue),
            (Event::Retry { attempt } | Event::Fail { attempt, .. } | Event::Identify { attempt, .. }, _) => {
                holds(*attempt)
            }
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
            (Event::Identify { app, .. }, before) => {
                self.app = Some(app);
                before
            }
            (Event::Delete, _) => State::Deleted,
            (Event::Recheck | Event::Tidy, before) => before,
        };
    }

    /// When the reconciler has to look next, Unix seconds.
    fn next_look(&self, now: Timestamp, event: EventName, before: &State) -> Option<i64> {
        let now = now.as_second();
        match self.state {
            State::AwaitingUpload | State::Queued { .. } => Some(now + RECHECK_SECONDS),
            State::Running { lease_until, .. } => Some(lease_until + GRACE_SECONDS),
            State::Completed { .. } | State::Failed { .. } | State::Deleted if event == EventName::Tidy => None,
            // As long as a worker may store an output.
            State::Deleted => self.due_at.or(Some(now + GRACE_SECONDS)),
            // Its worker may still store an output until its lease ends.
            State::Failed { .. } if event == EventName::Cancel => Some(before.lease_end(now) + GRACE_SECONDS),
            State::Completed { .. } | State::Failed { .. } => Some(now + GRACE_SECONDS),
        }
    }
}

fn row(from: StateName, event: EventName) -> Option<&'static Transition> {
    TRANSITIONS.iter().find(|row| row.from == from && row.event == event)
}

impl State {
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
