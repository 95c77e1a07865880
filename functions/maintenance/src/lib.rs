//! The reconciler, run by a schedule each minute.

use lambda_runtime::Error;
use serde::Serialize;
use service::Service;

/// What a run did, as the function's answer.
#[derive(Debug, Serialize)]
pub struct Answer {
    /// Jobs that were looked at.
    pub looked_at: u32,
    /// Jobs at which something failed; they are looked at again.
    pub failed: u32,
}

/// Looks at every due job.
pub async fn handle(service: &Service) -> Result<Answer, Error> {
    let done = service.reconcile().await?;
    // Without a dot, which metric filters cannot select.
    let overdue_seconds = done.overdue_seconds;
    tracing::info!(jobs.looked_at = done.looked_at, jobs.failed = done.failed, overdue_seconds, "reconciled");
    Ok(Answer { looked_at: done.looked_at, failed: done.failed })
}
