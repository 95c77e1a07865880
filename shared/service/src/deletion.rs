//! Deletes builds and applications (contracts, "Applications and builds"). A build that is deleted is gone for everybody at once; its
//! objects and then its item follow, now or by the reconciler.

use domain::error::Error;
use domain::id::{ApplicationId, JobId};
use domain::job::{Event, Job, Refusal, State};
use futures_util::future::join_all;
use store::applications::Order;
use tokio::time::Instant;

use crate::access::Caller;
use crate::audit::Trail;
use crate::{Service, no_such_job};

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
        let (tenant, until) = (&caller.tenant.id, Instant::now() + self.deletion_time);
        let application = self.store.application(tenant, id).await?;
        application.ok_or(Error::NotFound("Application not found"))?;
        self.require_ended(caller, id).await?;
        let mut trail = Some(&caller.trail);
        loop {
            let builds = self.store.builds_of(tenant, id, None, Order::OldestFirst, self.clock.now()).await?;
            let (mut deleted, mut is_late) = (Vec::new(), false);
            for build in builds {
                is_late = trail.is_none() && Instant::now() >= until;
                if is_late {
                    break;
                }
                if let Some((job, _)) = self.store.job(tenant, build).await?.filter(|(job, _)| job.is_visible()) {
                    deleted.push(self.delete_job(job, trail.take()).await?);
                }
            }
            let found_any = !deleted.is_empty();
            join_all(deleted.into_iter().map(|job| self.try_to_tidy(job))).await;
            match (is_late, found_any) {
                (true, _) => return Err(unfinished()),
                (false, true) => {}
                // What is listed is there no more.
                (false, false) => return Ok(()),
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

    /// An upload that has not arrived is given up first.
    async fn delete_job(&self, job: Job, trail: Option<&Trail>) -> Result<Job, Error> {
        let give_up = |job: &Job| match job.state {
            State::AwaitingUpload => Ok(Event::Cancel),
            _ => Err(Refusal::NoTransition),
        };
        let job = self.carry_out(job, give_up).await?.into_job();
        let job = self.carry_out_trailed(job, trail, |_| Ok(Event::Delete)).await?.into_job();
        // Where it was refused to a job that has ended, somebody else was faster.
        if job.has_ended() { Ok(job) } else { Err(still_running()) }
    }
}

const fn unfinished() -> Error {
    Error::Conflict {
        code: "deletion_unfinished",
        message: "The application has more builds than one call deletes: send it again",
    }
}

const fn still_running() -> Error {
    Error::Conflict { code: "build_running", message: "The build has not ended yet" }
}
