//! An uploaded object arrives: it is pinned, and a worker is woken. Told by S3, by the client or by a status read; all
//! of them do the same, and doing it twice changes nothing.

use domain::error::Error;
use domain::job::{Job, Refusal, State, StateName, Upload};
use domain::ledger::Ledger;
use domain::tenant::Tenant;
use domain::upload::UploadPath;

use crate::Service;
use crate::audit::Trail;
use crate::transition::Outcome;

/// What a look at a job's upload found.
#[derive(Debug)]
pub enum Arrival {
    /// There is no object yet.
    NotThere(Job),
    /// It is pinned, now or before; the job as it is.
    Arrived(Job),
    /// It is there, but its slot went to another build meanwhile.
    NoRoom(Box<Job>, Ledger),
}

impl Service {
    /// A notification of S3 about an object of the uploads bucket.
    pub async fn notice_upload(&self, path: &UploadPath) -> Result<(), Error> {
        let Some((job, _)) = self.store.job(&path.tenant, path.job).await? else {
            return self.store.delete_upload(path).await;
        };
        if job.upload_path() != *path {
            return self.store.delete_upload(path).await;
        }
        match job.state.name() {
            StateName::AwaitingUpload => {
                let tenant = self.owner(&job.tenant).await?;
                self.arrive(&tenant, job, None).await?;
            }
            // The notification may be the second one because the first died before it woke a worker.
            StateName::Queued => self.store.send_wakeup(&job.tenant, job.id).await?,
            StateName::Running => {}
            StateName::Completed | StateName::Failed | StateName::Deleted => self.store.delete_upload(path).await?,
        }
        Ok(())
    }

    /// Looks for the object of a job that awaits it; pins it and wakes a worker where it is there.
    pub(crate) async fn arrive(&self, tenant: &Tenant, job: Job, trail: Option<&Trail>) -> Result<Arrival, Error> {
        let Some(upload) = self.store.head_upload(&job.upload_path()).await? else {
            return Ok(Arrival::NotThere(job));
        };
        self.pin(tenant, job, upload, trail).await
    }

    /// Pins the object that is known to be there and wakes a worker.
    pub(crate) async fn pin(
        &self,
        tenant: &Tenant,
        job: Job,
        upload: Upload,
        trail: Option<&Trail>,
    ) -> Result<Arrival, Error> {
        let decide = |job: &Job| match job.state {
            State::AwaitingUpload => Ok(job.judge_arrival(upload.clone())),
            _ => Err(Refusal::NoTransition),
        };
        match self.carry_out_taking_a_slot(tenant, job, trail, decide).await? {
            Outcome::Done(job) if job.has_ended() => {
                self.try_to_tidy(job.clone()).await;
                Ok(Arrival::Arrived(job))
            }
            Outcome::Done(job) => {
                self.store.send_wakeup(&job.tenant, job.id).await?;
                Ok(Arrival::Arrived(job))
            }
            Outcome::Refused(job, _) => Ok(Arrival::Arrived(job)),
            Outcome::NoRoom(job, ledger) => self.arrive_after_pruning(tenant, job, ledger, trail).await,
        }
    }

    /// Lapsed reservations of other builds must not keep an upload out that is there.
    async fn arrive_after_pruning(
        &self,
        tenant: &Tenant,
        job: Job,
        ledger: Ledger,
        trail: Option<&Trail>,
    ) -> Result<Arrival, Error> {
        let mut stale = ledger.stale(self.clock.now());
        stale.reservations.retain(|id| *id != job.id.start_time());
        if stale.is_empty() {
            return Ok(Arrival::NoRoom(Box::new(job), ledger));
        }
        self.store.prune_ledger(&tenant.id, &stale).await?;
        Box::pin(self.arrive(tenant, job, trail)).await
    }
}
