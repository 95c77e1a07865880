//! A worker's side of a build: lease, report, and one of finish, fail and retry.

use domain::error::Error;
use domain::id::{JobId, TenantId};
use domain::job::{Event, Failure, Job, Output, Refusal, State, Upload};
use domain::ledger::PaceSample;
use domain::phase::Phase;
use domain::progress::Progress;

use crate::Service;
use crate::transition::Outcome;

/// What a worker that was woken has to do.
#[derive(Debug)]
pub enum Leased<A = Assignment> {
    /// Build this.
    Work(Box<A>),
    /// Come back when another worker's lease is over, in so many seconds.
    Busy {
        /// From now on.
        seconds: i64,
    },
    /// Nothing: the job is over, gone or has no upload.
    Nothing,
}

/// A job under a lease.
#[derive(Clone, Debug)]
pub struct Assignment {
    /// The job as it was leased.
    pub job: Job,
    /// The object to build.
    pub upload: Upload,
    /// Seconds until the lease is over.
    pub seconds: i64,
}

/// Whether a worker still holds its job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// It does.
    Held,
    /// The job was cancelled, or a later attempt has it.
    Lost,
}

/// What is left to do for a job after an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aftermath {
    /// Nothing: the job is over.
    Over,
    /// Another attempt, which runs already or has to be made: the wake-up is still needed.
    Unfinished,
}

impl Service {
    /// Takes a job for `seconds`. The third lease that ran out without a word fails the job instead.
    pub async fn lease(&self, tenant: &TenantId, id: JobId, seconds: i64) -> Result<Leased, Error> {
        let Some((job, progress)) = self.store.job(tenant, id).await? else { return Ok(Leased::Nothing) };
        let last_phase = progress.map_or(Phase::Downloading, |progress| progress.phase);
        let decide = |job: &Job| job.judge_lease(self.clock.now(), seconds, last_phase);
        match self.carry_out(job, decide).await? {
            Outcome::Done(job) => match job.state.clone() {
                State::Running { upload, .. } => Ok(Leased::Work(Box::new(Assignment { job, upload, seconds }))),
                _ => {
                    self.try_to_tidy(job).await;
                    Ok(Leased::Nothing)
                }
            },
            Outcome::Refused(_, Refusal::Leased { until }) => {
                Ok(Leased::Busy { seconds: until - self.clock.now().as_second() })
            }
            Outcome::Refused(..) | Outcome::NoRoom(..) => Ok(Leased::Nothing),
        }
    }

    /// Stores how far the build is, and learns whether it is still wanted.
    pub async fn report(&self, assignment: &Assignment, progress: &Progress) -> Result<Hold, Error> {
        let Assignment { job, .. } = assignment;
        self.store.put_progress(&job.tenant, job.id, progress).await?;
        let current = self.store.job(&job.tenant, job.id).await?;
        let held = current.is_some_and(|(now, _)| now.attempt == job.attempt && !now.has_ended());
        Ok(if held { Hold::Held } else { Hold::Lost })
    }

    /// Publishes the attempt's output, which is stored already.
    pub async fn finish(&self, assignment: Assignment, output: Output, milliseconds: u64) -> Result<Aftermath, Error> {
        let pace = PaceSample::measured(assignment.upload.size, milliseconds);
        let decide = |_: &Job| Ok(Event::Finish(output.clone()));
        let outcome = self.carry_out_measured(assignment.job, pace, decide).await?;
        self.conclude(outcome, output.attempt).await
    }

    /// Ends the job: its package cannot be built.
    pub async fn fail(&self, assignment: Assignment, failure: Failure) -> Result<Aftermath, Error> {
        let attempt = assignment.job.attempt;
        let decide = |_: &Job| Ok(Event::Fail { attempt, failure: failure.clone() });
        let outcome = self.carry_out(assignment.job, decide).await?;
        self.conclude(outcome, attempt).await
    }

    /// Gives the job back because the infrastructure failed the attempt; a day after the first time, ends it.
    pub async fn retry(&self, assignment: Assignment) -> Result<Aftermath, Error> {
        let attempt = assignment.job.attempt;
        let decide = |job: &Job| Ok(job.judge_trouble(attempt, self.clock.now()));
        let outcome = self.carry_out(assignment.job, decide).await?;
        self.conclude(outcome, attempt).await
    }

    /// Leaves a job that was lost: what this attempt may have stored for a job that is over is removed.
    pub async fn let_go(&self, assignment: &Assignment) -> Result<Aftermath, Error> {
        let Assignment { job, .. } = assignment;
        match self.store.job(&job.tenant, job.id).await? {
            Some((job, _)) => Ok(self.leave(job).await),
            None => Ok(Aftermath::Over),
        }
    }

    async fn conclude(&self, outcome: Outcome, attempt: u32) -> Result<Aftermath, Error> {
        let job = match outcome {
            Outcome::Done(job) => job,
            Outcome::Refused(job, _) | Outcome::NoRoom(job, _) => {
                tracing::info!(tenant.id = %job.tenant, build.id = %job.id, attempt, "the job was lost meanwhile");
                job
            }
        };
        Ok(self.leave(job).await)
    }

    async fn leave(&self, job: Job) -> Aftermath {
        if !job.has_ended() {
            return Aftermath::Unfinished;
        }
        self.try_to_tidy(job).await;
        Aftermath::Over
    }
}
