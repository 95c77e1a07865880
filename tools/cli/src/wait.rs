//! Waiting: for a free build slot, and for a build to end.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::{
    client::Client,
    console::Console,
    error::Error,
    wire::{JobId, JobState, Status, UploadGrant, UploadRequest},
};

/// How long waiting may take in all.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline {
    end: Instant,
    /// The time given.
    pub(crate) given: Duration,
}

impl Deadline {
    /// `given` from now on.
    pub(crate) fn after(given: Duration) -> Self {
        let now = Instant::now();
        // An instant that cannot be told is as good as never: a year.
        let end = now.checked_add(given).unwrap_or(now + Duration::from_secs(365 * 24 * 3600));
        Self { end, given }
    }

    fn left(&self) -> Duration {
        self.end.saturating_duration_since(Instant::now())
    }
}

/// Asks for an upload; where the limit of builds is reached and a slot is promised before the deadline, waits for it.
///
/// # Errors
/// See [`Error`]; a limit that lasts longer than the deadline is [`Error::Refused`] with 429.
pub(crate) async fn request_slot(
    client: &Client,
    request: &UploadRequest,
    idempotency_key: &str,
    deadline: Deadline,
    console: &Console,
) -> Result<UploadGrant, Error> {
    loop {
        let error = match client.request_upload(request, idempotency_key).await {
            Err(error) if error.refused_with() == Some(429) => error,
            outcome => return outcome,
        };
        let Some(pause) = error.retry_after().filter(|pause| *pause < deadline.left()) else {
            return Err(error);
        };
        console.say(&format!("{error}; trying again in {} s", pause.as_secs()));
        sleep(pause.max(client.pacing.first_retry)).await;
    }
}

/// Watches a job until it is over.
///
/// # Errors
/// [`Error::Build`] when it failed, [`Error::Timeout`] at the deadline, and what the API answers: a 404 counts only
/// after the grace that a new upload has, an unreachable service only after an outage of some minutes.
pub(crate) async fn watch(
    client: &Client,
    job: &JobId,
    deadline: Deadline,
    console: &Console,
) -> Result<Status, Error> {
    let begun = Instant::now();
    let mut last_answer = begun;
    let mut pause = client.pacing.first_poll;
    loop {
        let mut asked = None;
        match client.peek_status(job).await {
            Ok(status) => {
                last_answer = Instant::now();
                if let Some(outcome) = judge(status, console) {
                    return outcome;
                }
            }
            Err(error) if error.refused_with() == Some(404) && begun.elapsed() < client.pacing.arrival_grace => {
                last_answer = Instant::now();
                asked = error.retry_after();
            }
            Err(error) => {
                let throttled = error.refused_with() == Some(429);
                if !(throttled || error.is_transient()) || last_answer.elapsed() >= client.pacing.outage {
                    return Err(error);
                }
                asked = error.retry_after();
            }
        }
        let wait = pause.max(asked.unwrap_or_default());
        if deadline.left() <= wait {
            sleep(deadline.left()).await;
            return Err(Error::Timeout { job: job.clone(), seconds: deadline.given.as_secs() });
        }
        sleep(wait).await;
        pause = client.pacing.next_poll(pause);
    }
}

/// `None` while the build goes on.
fn judge(status: Status, console: &Console) -> Option<Result<Status, Error>> {
    match status.status {
        JobState::Completed => Some(Ok(status)),
        JobState::Failed => Some(Err(failure(&status))),
        JobState::Processing => {
            console.show_stage(&status);
            None
        }
    }
}

/// The error that a failed job stands for.
pub(crate) fn failure(status: &Status) -> Error {
    Error::Build {
        job: status.job_id.clone(),
        message: status.error_message.clone().unwrap_or_else(|| "the service gave no reason".to_owned()),
        code: status.failure_code.clone(),
    }
}
