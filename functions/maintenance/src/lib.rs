//! What has to happen by itself, run by a schedule each minute: the reconciler, mail, purges.

use std::time::Duration;

use lambda_runtime::Error;
use serde::Serialize;
use service::Service;
use service::mailing::{Mailed, Mailer};
use service::purging::Purged;
use service::reconciliation::Reconciled;
use tokio::time::{Instant, timeout_at};

/// For the whole run. Each part leaves what it does not need to the next one.
pub const TIME: Duration = Duration::from_secs(50);
/// Shares of the whole, in hundredths, after which a part begins nothing more.
const RECONCILED_BY: u32 = 40;
const MAILED_BY: u32 = 60;
/// For what a part has begun by then.
const GRACE: Duration = Duration::from_secs(3);
/// A purge that takes longer needs somebody who looks.
const OVERDUE_SECONDS: i64 = 24 * 3600;

/// What a run did, as the function's answer.
#[derive(Debug, Serialize)]
pub struct Answer {
    /// Builds that were due.
    pub jobs: Jobs,
    /// Mail that was due.
    pub mail: Mails,
    /// Tenants whose purge was due.
    pub tenants: Tenants,
}

/// Builds that were due.
#[derive(Debug, Serialize)]
pub struct Jobs {
    /// Were looked at.
    pub looked_at: u32,
    /// Something failed; they are looked at again.
    pub failed: u32,
}

/// Mail that was due.
#[derive(Debug, Serialize)]
pub struct Mails {
    /// On its way.
    pub sent: u32,
    /// Waits for another try.
    pub postponed: u32,
    /// Nobody would take it, or not within a day.
    pub dropped: u32,
    /// Something failed; it is tried again.
    pub failed: u32,
}

/// Tenants whose purge was due.
#[derive(Debug, Serialize)]
pub struct Tenants {
    /// Gone.
    pub purged: u32,
    /// The next run goes on.
    pub unfinished: u32,
}

/// Looks at every due job, sends the mail that waits, goes on with purges, one after the other. A part that fails does not
/// keep the others from their work.
pub async fn handle(service: &Service, mailer: &dyn Mailer, time: Duration) -> Result<Answer, Error> {
    let begin = Instant::now();
    let by = |percent: u32| begin + time * percent / 100;
    let (reconciled, mailed, purged) = (by(RECONCILED_BY), by(MAILED_BY), by(100));
    let jobs = within(reconciled, Box::pin(reconcile(service, reconciled))).await;
    let mail = within(mailed, Box::pin(send_mail(service, mailer, mailed))).await;
    let tenants = within(purged, Box::pin(purge(service, purged))).await;
    Ok(Answer { jobs: jobs?, mail: mail?, tenants: tenants? })
}

/// Logs a part's failure: the function's error tells of one only.
async fn within<T>(until: Instant, part: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let done = timeout_at(until + GRACE, part).await.unwrap_or_else(|_| Err("a part took too long".into()));
    done.inspect_err(|error| tracing::error!(%error, "maintenance failed"))
}

async fn reconcile(service: &Service, until: Instant) -> Result<Jobs, Error> {
    let Reconciled { looked_at, failed, overdue_seconds } = service.reconcile(until).await?;
    // Without a dot, which metric filters cannot select.
    tracing::info!(jobs.looked_at = looked_at, jobs.failed = failed, overdue_seconds, "reconciled");
    Ok(Jobs { looked_at, failed })
}

async fn send_mail(service: &Service, mailer: &dyn Mailer, until: Instant) -> Result<Mails, Error> {
    let done = service.deliver_mail(mailer, until).await?;
    let Mailed { sent, postponed, dropped, failed } = done;
    if done != Mailed::default() {
        tracing::info!(
            mail.sent = sent,
            mail.postponed = postponed,
            mail.dropped = dropped,
            mail.failed = failed,
            "mailed"
        );
    }
    Ok(Mails { sent, postponed, dropped, failed })
}

/// Fails where a tenant's purge did, or does not come to an end: nobody would notice otherwise.
async fn purge(service: &Service, until: Instant) -> Result<Tenants, Error> {
    let done = service.purge(until).await?;
    let Purged { gone, unfinished, failed, overdue_seconds } = done;
    if done != Purged::default() {
        tracing::info!(
            tenants.purged = gone,
            tenants.unfinished = unfinished,
            tenants.failed = failed,
            tenants.overdue_seconds = overdue_seconds,
            "purged"
        );
    }
    if failed > 0 {
        return Err(format!("{failed} tenants could not be purged").into());
    }
    if overdue_seconds > OVERDUE_SECONDS {
        return Err(format!("a purge has been due for {overdue_seconds} s").into());
    }
    Ok(Tenants { purged: gone, unfinished })
}
