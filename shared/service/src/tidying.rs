//! Removes what an ended job left in storage.

use domain::error::Error;
use domain::job::{Event, Job, Refusal, State};

use crate::Service;

impl Service {
    /// Removes the upload and every output that was not published, then marks the job as tidy. A job that was cancelled
    /// under a worker stays due until the worker's lease is over, since the worker may still store an output.
    pub(crate) async fn tidy(&self, job: Job) -> Result<(), Error> {
        // Judged first: what a worker stores between the removals and the end of its lease must not be missed.
        let settled = job.apply(Event::Tidy, self.clock.now()).is_ok();
        let path = job.upload_path();
        if let Some(upload_id) = &job.upload_id {
            self.store.abort_multipart(&path, upload_id).await?;
        }
        self.store.delete_upload(&path).await?;
        self.store.delete_unpublished(&job).await?;
        match settled {
            false => Ok(()),
            // Nothing else happens to it any more.
            true if job.state == State::Deleted => self.store.remove_job(&job).await,
            true => self.mark_tidy(job).await,
        }
    }

    /// A job that was deleted meanwhile has left more.
    async fn mark_tidy(&self, job: Job) -> Result<(), Error> {
        let seen = job.state.clone();
        let decide = |now: &Job| if now.state == seen { Ok(Event::Tidy) } else { Err(Refusal::NoTransition) };
        self.carry_out(job, decide).await.map(drop)
    }

    /// Tidies now if that works; the reconciler does it otherwise.
    pub(crate) async fn try_to_tidy(&self, job: Job) {
        let (tenant, id) = (job.tenant.clone(), job.id);
        if let Err(error) = self.tidy(job).await {
            tracing::warn!(tenant.id = %tenant, build.id = %id, error = error.with_causes(), "left to the reconciler");
        }
    }
}
