//! Completes and aborts multipart uploads.

use domain::access::Effect;
use domain::error::Error;
use domain::id::JobId;
use domain::job::{Event, Job, Refusal, State, StateName, Upload};
use domain::tenant::Tenant;
use domain::upload::{NamedPart, UploadPath};
use store::uploads::Completion;

use crate::arrival::Arrival;
use crate::requester::Requester;
use crate::transition::Outcome;
use crate::{Service, no_such_job, visible};

/// A client's claim to an upload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadClaim {
    /// `file_path`, as the client wrote it.
    pub file_path: String,
    /// `upload_id`, as the client wrote it.
    pub upload_id: String,
}

impl UploadClaim {
    /// The path, if it lies in the caller's tenant. Nothing of another tenant's path is read.
    fn path(&self, caller: &Requester) -> Result<UploadPath, Error> {
        let own = self.file_path.split('/').next() == Some(caller.tenant.as_str());
        if !own {
            return Err(Error::Forbidden("The upload path does not belong to this tenant"));
        }
        self.file_path.parse().map_err(|_| no_such_job())
    }
}

impl Service {
    /// Joins the parts of an upload and queues its job. Sent twice, it answers the same.
    pub async fn complete_upload(
        &self,
        caller: &Requester,
        claim: &UploadClaim,
        parts: &[NamedPart],
    ) -> Result<JobId, Error> {
        let (tenant, job) = self.claimed_job(caller, claim).await?;
        if !matches!(job.state, State::AwaitingUpload) {
            return completed(&job);
        }
        let joined = self.join_parts(&job, &claim.upload_id, parts).await?;
        let id = job.id;
        let arrival = match joined {
            Some(upload) => self.pin(&tenant, job, upload, Some(&caller.trail)).await?,
            None => self.arrive(&tenant, job, Some(&caller.trail)).await?,
        };
        match arrival {
            Arrival::Arrived(job) => completed(&job),
            Arrival::NotThere(job) => self.explain_absence(&job).await,
            Arrival::NoRoom(_, ledger) => match ledger.check(tenant.build_limits(), self.clock.now()) {
                Err(refused) => Err(refused),
                // A slot came free in between: the reconciler takes it.
                Ok(()) => Ok(id),
            },
        }
    }

    /// Drops an upload and ends its job. Sent twice, it answers the same.
    pub async fn abort_upload(&self, caller: &Requester, claim: &UploadClaim) -> Result<(), Error> {
        let (_, job) = self.claimed_job(caller, claim).await?;
        match self.carry_out_trailed(job, Some(&caller.trail), |_| Ok(Event::Abort)).await? {
            Outcome::Done(job) => {
                self.store.abort_multipart(&job.upload_path(), &claim.upload_id).await?;
                self.try_to_tidy(job).await;
                Ok(())
            }
            Outcome::Refused(job, Refusal::NoTransition) if job.state.name() == StateName::Failed => Ok(()),
            _ => Err(Error::Conflict { code: "upload_completed", message: "The upload was completed already" }),
        }
    }

    /// The job that a claim names, and its tenant.
    async fn claimed_job(&self, caller: &Requester, claim: &UploadClaim) -> Result<(Tenant, Job), Error> {
        let path = claim.path(caller);
        let id = path.as_ref().map_or(JobId::from_start_time(0), |path| path.job);
        let (tenant, job) = tokio::try_join!(self.store.tenant(&caller.tenant), self.store.job(&caller.tenant, id))?;
        let tenant = caller.admit(tenant, Effect::Change)?;
        let path = path?;
        let (job, _) = visible(job.filter(|(job, _)| job.upload_path() == path))?;
        match &job.upload_id {
            Some(upload_id) if *upload_id == claim.upload_id => Ok((tenant, job)),
            Some(_) => Err(Error::invalid("upload_id", "upload_id is not the one of this upload")),
            None => Err(Error::invalid("upload_id", "This upload is not a multipart upload")),
        }
    }

    /// Why there is no object although its parts were joined: the build may have been given up meanwhile.
    async fn explain_absence(&self, job: &Job) -> Result<JobId, Error> {
        let (job, _) = self.store.job(&job.tenant, job.id).await?.ok_or_else(no_such_job)?;
        match job.state {
            State::AwaitingUpload => Err(Error::invalid("upload_id", "There is no such multipart upload")),
            _ => completed(&job),
        }
    }

    /// Checks the parts, here and against what storage holds, and joins them to the object that is returned; nothing is
    /// returned where they were joined before.
    async fn join_parts(&self, job: &Job, upload_id: &str, named: &[NamedPart]) -> Result<Option<Upload>, Error> {
        let parts = job.parts().ok_or_else(|| Error::internal("a multipart upload without a size"))?;
        parts.check_named(named)?;
        let path = job.upload_path();
        let Some(stored) = self.store.stored_parts(&path, upload_id).await? else { return Ok(None) };
        parts.check_stored(named, &stored)?;
        match self.store.complete_multipart(&path, upload_id, named).await? {
            Completion::Completed(etag) => Ok(Some(Upload { etag, size: parts.total })),
            Completion::NoSuchUpload => Ok(None),
            Completion::Refused => Err(Error::invalid("parts", "parts: storage refused them; upload the file again")),
        }
    }
}

/// The answer for a job that no longer waits: its upload was completed, unless it was given up before.
fn completed(job: &Job) -> Result<JobId, Error> {
    match &job.state {
        State::Failed { failure } if matches!(&*failure.code, "cancelled" | "upload_aborted" | "upload_expired") => {
            Err(already_ended())
        }
        _ => Ok(job.id),
    }
}

/// The answer to a change of a build that is over.
pub(crate) const fn already_ended() -> Error {
    Error::Conflict { code: "build_ended", message: "The build has already ended" }
}
