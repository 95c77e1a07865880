//! The time of a test.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};

use jiff::{SignedDuration, Timestamp};
use service::Clock;

/// The system's time plus what the test adds: signed URLs are checked by the stand-in's own clock. No two readings are the
/// same, as on AWS, where requests are microseconds apart.
#[derive(Clone, Debug, Default)]
pub struct TestClock {
    ahead: Arc<AtomicI64>,
    stopped: Arc<OnceLock<Timestamp>>,
    readings: Arc<AtomicI64>,
}

impl TestClock {
    /// Lets `seconds` pass.
    pub fn pass(&self, seconds: i64) {
        self.ahead.fetch_add(seconds, Ordering::SeqCst);
    }

    /// From now on, time passes only when the test lets it.
    pub fn stop(&self) {
        self.stopped.get_or_init(|| domain::time::at(Clock::system().now().as_second()));
    }

    /// Unix seconds.
    pub fn now(&self) -> i64 {
        self.clock().now().as_second()
    }

    /// As the use cases take it.
    pub fn clock(&self) -> Clock {
        let (time, system) = (self.clone(), Clock::system());
        Clock::new(move || {
            let ahead = SignedDuration::from_secs(time.ahead.load(Ordering::SeqCst));
            let now = match time.stopped.get() {
                Some(second) => *second + SignedDuration::from_micros(time.readings.fetch_add(1, Ordering::SeqCst)),
                None => system.now(),
            };
            now + ahead
        })
    }
}
