//! Between the engine, which runs on a thread, and the job: progress goes out, cancel and deadline come in.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use domain::phase::Phase;
use domain::progress::Progress;
use engine::{Observer, Stop};
use service::Service;
use service::work::{Assignment, Hold};
use tokio::time::Instant;

/// Progress is written, and the job looked at, at most this often.
const PERIOD: Duration = Duration::from_secs(1);

/// How far a build is, and whether it has to end.
#[derive(Debug)]
pub(crate) struct Watch {
    latest: Mutex<engine::Progress>,
    lost: AtomicBool,
    deadline: Instant,
}

impl Watch {
    pub(crate) fn new(deadline: Instant) -> Self {
        let latest = engine::Progress { phase: Phase::Downloading, done: 0, total: 0 };
        Self { latest: Mutex::new(latest), lost: AtomicBool::new(false), deadline }
    }

    /// Whether the job was cancelled or went to another attempt.
    pub(crate) fn is_lost(&self) -> bool {
        self.lost.load(Ordering::Relaxed)
    }

    /// Whether the time is up.
    pub(crate) fn is_late(&self) -> bool {
        Instant::now() >= self.deadline
    }

    /// Reports until it is dropped, or until the job is lost. A report that fails is no reason to end a build.
    pub(crate) async fn report(&self, service: &Service, assignment: &Assignment) {
        loop {
            let engine::Progress { phase, done, total } = *self.latest();
            let progress = Progress::within(assignment.job.attempt, phase, done, total);
            match service.report(assignment, &progress).await {
                Ok(Hold::Lost) => return self.lost.store(true, Ordering::Relaxed),
                Ok(Hold::Held) => {}
                Err(error) => tracing::warn!(error = error.with_causes(), "could not report progress"),
            }
            tokio::time::sleep(PERIOD).await;
        }
    }

    fn latest(&self) -> std::sync::MutexGuard<'_, engine::Progress> {
        self.latest.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Observer for Watch {
    fn observe(&self, progress: engine::Progress) -> Result<(), Stop> {
        *self.latest() = progress;
        if self.is_lost() {
            Err(Stop::Cancelled)
        } else if self.is_late() {
            Err(Stop::Deadline)
        } else {
            Ok(())
        }
    }
}
