//! Deletes builds and applications (contracts, "Applications and builds"). A build that is deleted is gone for everybody at once; its
//! objects and then its item follow, now or by the reconciler.

use std::time::Duration;

use domain::error::Error;
use domain::id::{ApplicationId, JobId};
use domain::job::{Event, Job};
use futures_util::future::join_all;
use store::applications::Order;
use tokio::time::Instant;

use crate::access::Caller;
use crate::audit::Trail;
use crate::transition::Outcome;
use crate::{Service, no_such_job};

/// A request deletes builds so long, and leaves the rest to the next one: the gateway waits for 30 seconds.
const TIME: Duration = Duration::from_secs(15);

impl Service {
    /// Deletes a build that has ended, with everything that belongs to it. Sent again, it goes on.
    pub async fn delete_build(&self, caller: &Caller, id: JobId) -> Result<(), Error> {
        let (job, _) = self.store.job(&caller.tenant.id, id).await?.ok_or_else(no_such_job)?;
        let job = if job.is_visible() { self.delete_job(job, Some(&caller.trail)).await? } else { job };
        self.try_to_tidy(job).await;
        Ok(())
    }

    /// Deletes an application with all of its builds, none of which may be running. Sent again, it goes on.
    pub async fn delete_application(&self, caller: &Caller, id: &ApplicationId) -> Result<(), Error> {
        let (tenant, until) = (&caller.tenant.id, Instant::now() + TIME);
        let application = self.store.application(tenant, id).await?;
        application.ok_or(Error::NotFound("Application not found"))?;
        self.require_ended(caller, id).await?;
        let mut trail = Some(&caller.trail);
        loop {
            let builds = self.store.builds_of(tenant, id, None, Order::OldestFirst, self.clock.now()).await?;
            let mut deleted = Vec::new();
            for build in builds {
                if let Some((job, _)) = self.store.job(tenant, build).await?.filter(|(job, _)| job.is_visible()) {
                    deleted.push(self.delete_job(job, trail.take()).await?);
                }
            }
            // What is found is there no more.
            if deleted.is_empty() {
                return Ok(());
            }
            join_all(deleted.into_iter().map(|job| self.try_to_tidy(job))).await;
            if Instant::now() >= until {
                return Err(Error::Conflict {
                    code: "deletion_unfinished",
                    message: "The application has more builds than one call deletes: send it again",
                });
            }
        }
    }

    /// Refuses before anything is deleted where a build of the application has not ended.
    async fn require_ended(&self, caller: &Caller, id: &ApplicationId) -> Result<(), Error> {
        let tenant = &caller.tenant.id;
        for active in self.store.ledger(tenant).await?.active {
            let found = self.store.job(tenant, JobId::from_start_time(active)).await?;
            if found.is_some_and(|(job, _)| job.application_id().as_ref() == Some(id) && !job.has_ended()) {
                return Err(still_running());
            }
        }
        Ok(())
    }

    async fn delete_job(&self, job: Job, trail: Option<&Trail>) -> Result<Job, Error> {
        match self.carry_out_trailed(job, trail, |_| Ok(Event::Delete)).await? {
            Outcome::Done(job) => Ok(job),
            Outcome::Refused(job, _) | Outcome::NoRoom(job, _) => match job.has_ended() {
                // Somebody else was faster.
                true => Ok(job),
                false => Err(still_running()),
            },
        }
    }
}

const fn still_running() -> Error {
    Error::Conflict { code: "build_running", message: "The build has not ended yet" }
}
