//! How long to wait, and for how often: every pause of the program in one place.

use std::{
    hash::{BuildHasher, RandomState},
    time::Duration,
};

use crate::error::Error;

/// Pauses and bounds; tests shorten them.
#[derive(Debug, Clone, Copy)]
pub struct Pacing {
    /// Attempts of one request before its error is final.
    pub attempts: u32,
    /// First pause between attempts; each following one is twice as long.
    pub first_retry: Duration,
    /// Longest pause between attempts, also when an answer asks for more.
    pub longest_retry: Duration,
    /// First pause between two looks at a job.
    pub first_poll: Duration,
    /// Longest pause between two looks at a job.
    pub longest_poll: Duration,
    /// How long after an upload a 404 still means "not yet" (documented: "can briefly return 404").
    pub arrival_grace: Duration,
    /// How long the service may stay away during a build before that is an error.
    pub outage: Duration,
}

impl Default for Pacing {
    fn default() -> Self {
        Self {
            attempts: 5,
            first_retry: Duration::from_millis(500),
            longest_retry: Duration::from_secs(30),
            first_poll: Duration::from_millis(400),
            longest_poll: Duration::from_secs(10),
            arrival_grace: Duration::from_secs(90),
            outage: Duration::from_secs(120),
        }
    }
}

impl Pacing {
    /// Runs `attempt` until it succeeds, fails for good, or has failed `attempts` times.
    pub(crate) async fn retry<T>(&self, mut attempt: impl AsyncFnMut() -> Result<T, Error>) -> Result<T, Error> {
        let mut failures = 0;
        loop {
            match attempt().await {
                Err(error) if error.is_transient() && failures + 1 < self.attempts => {
                    let pause = error.retry_after().unwrap_or_else(|| self.backoff(failures));
                    failures += 1;
                    tokio::time::sleep(pause.min(self.longest_retry)).await;
                }
                outcome => return outcome,
            }
        }
    }

    /// Doubles with each failure; the jitter of up to a half keeps many pipelines from returning at the same moment.
    fn backoff(&self, failures: u32) -> Duration {
        let pause = self.first_retry.saturating_mul(2_u32.saturating_pow(failures)).min(self.longest_retry);
        let chance = RandomState::new().hash_one(failures) % 512;
        pause.mul_f64(0.75 + f64::from(u32::try_from(chance).unwrap_or(0)) / 1024.0)
    }

    /// The pause after `pause` between two looks at a job.
    pub(crate) fn next_poll(&self, pause: Duration) -> Duration {
        (pause * 5 / 4).min(self.longest_poll)
    }
}
