//! What a client may know of a build.

use domain::access::Effect;
use domain::error::Error;
use domain::id::JobId;
use domain::job::{Failure, Job, Output, State};
use domain::ledger::Ledger;
use domain::phase::Phase;
use domain::progress::Progress;

use crate::arrival::Arrival;
use crate::requester::Requester;
use crate::{Service, no_such_job, visible};

/// A build as it is now.
#[derive(Clone, Debug)]
pub struct BuildStatus {
    /// The job.
    pub job: Job,
    /// What has become of it.
    pub standing: Standing,
}

/// What has become of a build.
#[derive(Clone, Debug)]
pub enum Standing {
    /// It waits or runs.
    Processing {
        /// The stage.
        phase: Phase,
        /// 0 to 99.
        percent: u8,
        /// The place among the tenant's builds, 1 for the next one, while it waits: an estimate.
        queue_position: Option<usize>,
        /// Seconds to its end, from measured times of earlier builds.
        eta_seconds: Option<u64>,
    },
    /// The output is there.
    Completed {
        /// The output.
        output: Output,
        /// A signed URL of the build report.
        report_url: String,
    },
    /// It ended without an output.
    Failed(Failure),
}

/// An output to be downloaded.
#[derive(Clone, Debug)]
pub struct Download {
    /// The job.
    pub job: Job,
    /// The output.
    pub output: Output,
    /// A signed URL.
    pub url: String,
    /// A signed URL of the build report.
    pub report_url: String,
    /// A signed URL of the mapping of renamed resources, where there is one.
    pub mapping_url: Option<String>,
}

impl Service {
    /// The build's status. One that still awaits its upload is looked for in storage, so that a lost notification costs
    /// nothing; it is not found as long as there is no object.
    pub async fn build_status(&self, caller: &Requester, id: JobId) -> Result<BuildStatus, Error> {
        let (tenant, found, ledger) = tokio::try_join!(
            self.store.tenant(&caller.tenant),
            self.store.job(&caller.tenant, id),
            self.store.ledger(&caller.tenant),
        )?;
        let tenant = caller.admit(tenant, Effect::Read)?;
        let (mut job, progress) = visible(found)?;
        if matches!(job.state, State::AwaitingUpload) {
            job = match self.arrive(&tenant, job, None).await? {
                Arrival::NotThere(_) => return Err(no_such_job()),
                Arrival::Arrived(job) => job,
                Arrival::NoRoom(job, _) => *job,
            };
        }
        let standing = self.standing(&job, progress, &ledger).await?;
        Ok(BuildStatus { job, standing })
    }

    /// A signed URL for the output of a completed build.
    pub async fn download(&self, caller: &Requester, id: JobId) -> Result<Download, Error> {
        let (tenant, job) = tokio::try_join!(self.store.tenant(&caller.tenant), self.store.job(&caller.tenant, id))?;
        caller.admit(tenant, Effect::Read)?;
        let (job, _) = visible(job)?;
        let State::Completed { output } = &job.state else { return Err(not_completed(&job)) };
        let output = output.clone();
        let url = self.store.presign_output(&job, &output).await?;
        let report_url = self.store.presign_report(&job, &output).await?;
        let mapping_url = self.store.presign_mapping(&job, &output).await?;
        Ok(Download { job, output, url, report_url, mapping_url })
    }

    async fn standing(&self, job: &Job, progress: Option<Progress>, ledger: &Ledger) -> Result<Standing, Error> {
        let waiting = |size: Option<u64>| {
            let position = ledger.position(job.id);
            let one = size.and_then(|size| ledger.pace.estimate_seconds(size));
            let places = u64::try_from(position).unwrap_or(u64::MAX);
            Standing::Processing {
                phase: Phase::Queued,
                percent: Phase::Queued.percent(),
                queue_position: Some(position),
                eta_seconds: one.map(|seconds| seconds.saturating_mul(places)),
            }
        };
        Ok(match &job.state {
            State::AwaitingUpload => waiting(job.announced_size),
            State::Queued { upload } => waiting(Some(upload.size)),
            State::Running { upload, since, .. } => {
                let reported = job.progress(progress);
                let gone = u64::try_from(self.clock.now().as_second() - since).unwrap_or(0);
                let eta = ledger.pace.estimate_seconds(upload.size).and_then(|whole| whole.checked_sub(gone));
                Standing::Processing {
                    phase: reported.phase,
                    percent: reported.percent,
                    queue_position: None,
                    eta_seconds: eta,
                }
            }
            State::Completed { output } => {
                let report_url = self.store.presign_report(job, output).await?;
                Standing::Completed { output: output.clone(), report_url }
            }
            State::Failed { failure } => Standing::Failed(failure.clone()),
            State::Deleted => return Err(no_such_job()),
        })
    }
}

/// The answer where a build has no output.
pub(crate) fn not_completed(job: &Job) -> Error {
    let message = match &job.state {
        State::Failed { failure } => format!("Job not completed: it failed: {}", failure.message).into(),
        _ => "Job not completed".into(),
    };
    Error::NotReady { code: "job_not_completed", message }
}
