//! Builds protected packages and libraries: takes one from its queue, runs the engine, publishes the output.

mod build;
mod digest;
mod download;
mod identify;
mod library;
mod thread;
mod watch;

use std::time::Duration;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use domain::error::Error;
use serde::de::DeserializeOwned;
use service::library_work::library_span;
use service::work::{Aftermath, Leased};
use service::{Service, build_span};
use store::wakeups::{Queue, Wakeup};
use tokio::time::Instant;
use tracing::{Instrument as _, Span};

use build::Ended;

/// A message whose job is not over comes back after so many seconds.
const TROUBLE_SECONDS: i64 = 10;
/// A message that met a lease comes back so many seconds after its end.
const PAST_LEASE_SECONDS: i64 = 5;

/// How long a worker holds a job.
#[derive(Clone, Copy, Debug)]
pub struct Lease {
    /// Length of the lease: the function's timeout.
    pub seconds: u32,
    /// The engine stops this long before the end, so that there is time to say why.
    pub reserve: Duration,
}

impl Lease {
    /// A lease for a function with this timeout, in seconds.
    pub fn of(seconds: u32) -> Self {
        Self { seconds, reserve: Duration::from_secs(20.min(u64::from(seconds) / 4)) }
    }
}

impl Default for Lease {
    fn default() -> Self {
        Self::of(300)
    }
}

/// What becomes of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// Its work is done, here or elsewhere.
    Acknowledge,
    /// It comes back after some seconds.
    ComeBack(i64),
}

/// A worker over one stack.
#[derive(Clone, Debug)]
pub struct Worker {
    service: Service,
    lease: Lease,
}

impl Worker {
    /// Works with `service` under leases like `lease`.
    pub const fn new(service: Service, lease: Lease) -> Self {
        Self { service, lease }
    }

    /// Handles each message by itself; `left` is the time until the invocation is ended from outside.
    pub async fn handle(&self, event: SqsEvent, left: Duration) -> SqsBatchResponse {
        let end = Instant::now() + left.min(Duration::from_secs(u64::from(self.lease.seconds)));
        let mut response = SqsBatchResponse::default();
        for message in event.records {
            if !self.take(&message, end).await {
                response.add_failure(message.message_id.unwrap_or_default());
            }
        }
        response
    }

    /// Whether the message is done with.
    async fn take(&self, message: &SqsMessage, end: Instant) -> bool {
        let queue = self.service.store().queue_of(message.event_source_arn.as_deref().unwrap_or_default());
        // Boxed, or the compiler gives up on the layout of all that either does.
        match queue {
            Queue::Builds => {
                let wakeup: Option<Wakeup> = read(message);
                let span = wakeup.as_ref().map_or_else(Span::none, |wakeup| build_span(&wakeup.tenant, wakeup.job));
                self.conclude(message, queue, Box::pin(self.process(wakeup, end))).instrument(span).await
            }
            Queue::Libraries => {
                let wakeup = read(message);
                let span = wakeup.as_ref().map_or_else(Span::none, library_span);
                self.conclude(message, queue, Box::pin(self.make_library(wakeup, end))).instrument(span).await
            }
        }
    }

    async fn conclude(
        &self,
        message: &SqsMessage,
        queue: Queue,
        work: impl Future<Output = Result<Verdict, Error>>,
    ) -> bool {
        let verdict = work.await.unwrap_or_else(|error| {
            tracing::error!(error = error.with_causes(), "the wake-up comes back");
            Verdict::ComeBack(TROUBLE_SECONDS)
        });
        if let Verdict::ComeBack(seconds) = verdict {
            self.postpone(message, queue, seconds).await;
        }
        verdict == Verdict::Acknowledge
    }

    async fn process(&self, wakeup: Option<Wakeup>, end: Instant) -> Result<Verdict, Error> {
        let Some(Wakeup { tenant, job, .. }) = wakeup else { return Ok(unreadable()) };
        let assignment = match self.service.lease(&tenant, job, i64::from(self.lease.seconds)).await? {
            Leased::Work(assignment) => *assignment,
            Leased::Busy { seconds } => return Ok(Verdict::ComeBack(seconds + PAST_LEASE_SECONDS)),
            Leased::Nothing => return Ok(Verdict::Acknowledge),
        };
        let attempt = assignment.job.attempt;
        tracing::info!(attempt, "build starts");
        let started = Instant::now();
        let ended = build::run(&self.service, &assignment, end - self.lease.reserve).await;
        let milliseconds = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::info!(attempt, milliseconds, ended = ended.name(), "build ends");
        let aftermath = match ended {
            Ended::Built(output) => self.service.finish(assignment, output, milliseconds).await?,
            Ended::Broken(failure) => self.service.fail(assignment, failure).await?,
            Ended::Lost => self.service.let_go(&assignment).await?,
            Ended::Trouble(error) => {
                tracing::error!(error = error.with_causes(), "the infrastructure failed the build");
                self.service.retry(assignment).await?
            }
        };
        Ok(aftermath.into())
    }

    /// Where this fails, the message comes back after the queue's own visibility timeout.
    async fn postpone(&self, message: &SqsMessage, queue: Queue, seconds: i64) {
        let receipt = message.receipt_handle.as_deref().unwrap_or_default();
        if let Err(error) = self.service.store().postpone_wakeup(queue, receipt, seconds).await {
            tracing::warn!(error = error.with_causes(), "could not postpone a wake-up");
        }
    }
}

impl From<Aftermath> for Verdict {
    fn from(aftermath: Aftermath) -> Self {
        match aftermath {
            Aftermath::Over => Self::Acknowledge,
            Aftermath::Unfinished => Self::ComeBack(TROUBLE_SECONDS),
        }
    }
}

fn read<W: DeserializeOwned>(message: &SqsMessage) -> Option<W> {
    serde_json::from_str(message.body.as_deref().unwrap_or_default()).ok()
}

/// Not ours. It comes back at once until the queue hands it to the dead letters, where a person looks at it.
fn unreadable() -> Verdict {
    tracing::error!("a wake-up that cannot be read");
    Verdict::ComeBack(0)
}
