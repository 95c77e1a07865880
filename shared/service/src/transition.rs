//! Carries an event out on a job, deciding again whenever somebody else was faster.

use domain::error::Error;
use domain::job::{Event, Job, Refusal};
use domain::ledger::{Ledger, PaceSample};
use domain::plan::BuildLimits;
use domain::tenant::Tenant;
use store::jobs::{Beside, Commit};

use crate::audit::Trail;
use crate::{Service, no_such_job};

/// Writers that may come in between before it is a failure.
pub(crate) const TRIES: u32 = 16;

/// No limit: for events that take no slot.
const UNLIMITED: BuildLimits = BuildLimits { concurrent: u32::MAX, weekly: u32::MAX };

/// What became of an event.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// It is written; the job as it is now.
    Done(Job),
    /// It does not apply to the job as it is.
    Refused(Job, Refusal),
    /// The upload came late and there is no slot for it.
    NoRoom(Job, Ledger),
}

impl Outcome {
    /// The job as it is now.
    pub(crate) fn into_job(self) -> Job {
        match self {
            Self::Done(job) | Self::Refused(job, _) | Self::NoRoom(job, _) => job,
        }
    }
}

impl Service {
    /// Carries out what `decide` says of the job, at first of the one that was read already.
    pub(crate) async fn carry_out(
        &self,
        job: Job,
        decide: impl Fn(&Job) -> Result<Event, Refusal>,
    ) -> Result<Outcome, Error> {
        self.carry_out_within(job, UNLIMITED, None, None, decide).await
    }

    /// As [`Self::carry_out`], for what may be a caller's own call, whose audit event is written with it.
    pub(crate) async fn carry_out_trailed(
        &self,
        job: Job,
        trail: Option<&Trail>,
        decide: impl Fn(&Job) -> Result<Event, Refusal>,
    ) -> Result<Outcome, Error> {
        self.carry_out_within(job, UNLIMITED, None, trail, decide).await
    }

    /// As [`Self::carry_out`], for an event that may take a slot of `tenant`, and may be a caller's own call.
    pub(crate) async fn carry_out_taking_a_slot(
        &self,
        tenant: &Tenant,
        job: Job,
        trail: Option<&Trail>,
        decide: impl Fn(&Job) -> Result<Event, Refusal>,
    ) -> Result<Outcome, Error> {
        self.carry_out_within(job, tenant.build_limits(), None, trail, decide).await
    }

    /// As [`Self::carry_out`], for a build that was measured.
    pub(crate) async fn carry_out_measured(
        &self,
        job: Job,
        pace: PaceSample,
        decide: impl Fn(&Job) -> Result<Event, Refusal>,
    ) -> Result<Outcome, Error> {
        self.carry_out_within(job, UNLIMITED, Some(pace), None, decide).await
    }

    async fn carry_out_within(
        &self,
        mut job: Job,
        limits: BuildLimits,
        pace: Option<PaceSample>,
        trail: Option<&Trail>,
        decide: impl Fn(&Job) -> Result<Event, Refusal>,
    ) -> Result<Outcome, Error> {
        for _ in 0..TRIES {
            let step = match decide(&job).and_then(|event| job.apply(event, self.clock.now())) {
                Ok(step) => step,
                Err(refusal) => return Ok(Outcome::Refused(job, refusal)),
            };
            let event = trail.map(|trail| trail.event_of_change(self.clock.now()));
            let shelving = self.shelving(&job, &step.job).await?;
            let beside = Beside { limits, pace, shelving, event: event.as_ref() };
            match self.store.commit(&step, &beside).await? {
                Commit::Done => {
                    trail.inspect(|trail| trail.close());
                    return Ok(Outcome::Done(step.job));
                }
                Commit::NoRoom(ledger) => return Ok(Outcome::NoRoom(job, ledger)),
                Commit::Changed => {
                    (job, _) = self.store.job(&job.tenant, job.id).await?.ok_or_else(no_such_job)?;
                }
            }
        }
        Err(Error::internal("a job was changed by others too often"))
    }
}
