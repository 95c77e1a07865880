//! The reconciler: looks at jobs and libraries that are due, for whatever should have happened to them and did not.

use domain::error::Error;
use domain::id::{JobId, TenantId};
use domain::job::{Event, Job, StateName};
use tokio::time::Instant;

use tracing::Instrument as _;

use crate::arrival::Arrival;
use crate::transition::Outcome;
use crate::{Service, build_span};

/// Jobs that one run looks at, and libraries.
const BATCH: i32 = 500;

/// What a run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reconciled {
    /// Jobs and libraries that were looked at.
    pub looked_at: u32,
    /// Those at which something failed; they stay due.
    pub failed: u32,
    /// Seconds for which one of them had been due, at most: it grows where nothing comes of looking.
    pub overdue_seconds: i64,
}

impl Reconciled {
    /// Whether something is still due, as it is now; then, for how long it has been is noted, whatever comes of looking at it.
    pub(crate) fn is_due(&mut self, due_at: Option<i64>, now: i64) -> bool {
        let overdue = due_at.map(|due| now - due).filter(|overdue| *overdue >= 0);
        self.overdue_seconds = self.overdue_seconds.max(overdue.unwrap_or(0));
        overdue.is_some()
    }

    fn count(&mut self, looked: Result<(), Error>) {
        self.looked_at += 1;
        if let Err(error) = looked {
            self.failed += 1;
            tracing::warn!(error = error.with_causes(), "could not reconcile");
        }
    }
}

impl Service {
    /// Looks at every due job once, and at every due library, until it is `until`. The index only says where to look: each is read again,
    /// and each action is a conditional write. One's failure does not keep the others waiting.
    pub async fn reconcile(&self, until: Instant) -> Result<Reconciled, Error> {
        let mut done = Reconciled::default();
        for hint in self.store.due_jobs(self.clock.now(), BATCH).await? {
            if Instant::now() >= until {
                break;
            }
            let (tenant, id) = hint.into_key();
            let span = build_span(&tenant, id);
            let looked = self.look_at(&tenant, id, &mut done).instrument(span.clone()).await;
            span.in_scope(|| done.count(looked));
        }
        for hint in self.store.due_libraries(self.clock.now(), BATCH).await? {
            if Instant::now() >= until {
                break;
            }
            let (tenant, identifier) = hint.into_key();
            let span = tracing::info_span!("library", tenant.id = %tenant);
            let looked = self.look_at_library(&tenant, &identifier, &mut done).instrument(span.clone()).await;
            span.in_scope(|| done.count(looked));
        }
        Ok(done)
    }

    async fn look_at(&self, tenant: &TenantId, id: JobId, done: &mut Reconciled) -> Result<(), Error> {
        let Some((job, _)) = self.store.job(tenant, id).await? else { return Ok(()) };
        if !done.is_due(job.due_at, self.clock.now().as_second()) {
            return Ok(());
        }
        match job.state.name() {
            StateName::AwaitingUpload => self.look_for_upload(job).await,
            StateName::Queued => {
                self.store.send_wakeup(tenant, id).await?;
                self.recheck(job).await
            }
            // Whoever takes the message decides whether the lease is over.
            StateName::Running => self.store.send_wakeup(tenant, id).await,
            StateName::Completed | StateName::Failed | StateName::Deleted => self.tidy(job).await,
        }
    }

    async fn look_for_upload(&self, job: Job) -> Result<(), Error> {
        let owner = self.owner(&job.tenant).await?;
        let job = match self.arrive(&owner, job, None).await? {
            Arrival::Arrived(_) => return Ok(()),
            Arrival::NotThere(job) => job,
            Arrival::NoRoom(job, _) => *job,
        };
        match self.carry_out(job, |_| Ok(Event::Expire)).await? {
            Outcome::Done(job) => self.tidy(job).await,
            Outcome::Refused(job, _) | Outcome::NoRoom(job, _) => self.recheck(job).await,
        }
    }

    /// Leaves the job waiting and comes back later. Refused where something happened to it meanwhile.
    async fn recheck(&self, job: Job) -> Result<(), Error> {
        self.carry_out(job, |_| Ok(Event::Recheck)).await.map(|_| ())
    }
}
