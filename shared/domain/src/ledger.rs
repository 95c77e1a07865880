//! A tenant's ledger of builds: quotas as sets of start times, and the pace of earlier builds.
//!
//! Admission adds the start time to `active` and `recent` under size conditions; release removes it, and is idempotent
//! because removing from a set is. A start time stands in `arrived` once its upload is there.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::id::JobId;
use crate::job::RESERVATION_SECONDS;
use crate::plan::BuildLimits;

/// Seconds of the rolling week.
pub const WEEK_SECONDS: i64 = 7 * 24 * 3600;
/// Seconds after which a client that waits for a running build may look again: nobody knows when a build ends.
const RETRY_HINT_SECONDS: i64 = 30;
/// How far start times may run ahead of the clock, in seconds, before new builds have to wait.
const MAX_AHEAD_SECONDS: i64 = 60;

/// The ledger as it was read.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Ledger {
    /// Builds that hold a slot.
    pub active: BTreeSet<i64>,
    /// Those of them whose upload is there.
    pub arrived: BTreeSet<i64>,
    /// Builds that count towards the week.
    pub recent: BTreeSet<i64>,
    /// The latest start time that was given out.
    pub last: Option<i64>,
    /// Measured times of finished builds.
    #[serde(flatten)]
    pub pace: Pace,
}

/// Entries that no longer count and are removed before a build is refused for them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stale {
    /// Reservations of uploads that did not arrive in time: out of `active` and `recent`.
    pub reservations: Vec<i64>,
    /// Builds of more than a week ago: out of `recent`.
    pub aged: Vec<i64>,
}

impl Stale {
    /// Whether there is nothing to remove.
    pub fn is_empty(&self) -> bool {
        self.reservations.is_empty() && self.aged.is_empty()
    }
}

impl Ledger {
    /// The start time for a build that is asked for now: this second, or the next one that nobody has.
    pub fn next_id(&self, now: Timestamp) -> Result<JobId, Error> {
        let (now, after_last) = (now.as_second(), self.last.map_or(i64::MIN, |last| last + 1));
        match after_last - now.min(after_last) {
            ahead if ahead > MAX_AHEAD_SECONDS => Err(Error::LimitReached {
                code: "too_many_requests",
                message: "Too many builds were asked for at once".into(),
                limit: MAX_AHEAD_SECONDS.unsigned_abs().try_into().unwrap_or(u32::MAX),
                retry_after: u32::try_from(ahead - MAX_AHEAD_SECONDS).ok(),
            }),
            _ => Ok(JobId::from_start_time(now.max(after_last))),
        }
    }

    /// What no longer counts at `now`.
    pub fn stale(&self, now: Timestamp) -> Stale {
        let now = now.as_second();
        let lapsed = |id: &&i64| **id + RESERVATION_SECONDS <= now && !self.arrived.contains(id);
        Stale {
            reservations: self.active.iter().filter(lapsed).copied().collect(),
            aged: self.recent.iter().filter(|id| **id + WEEK_SECONDS <= now).copied().collect(),
        }
    }

    /// The answer to a build for which there is no room, or nothing where there is.
    pub fn check(&self, limits: BuildLimits, now: Timestamp) -> Result<(), Error> {
        let count = |set: &BTreeSet<i64>| u32::try_from(set.len()).unwrap_or(u32::MAX);
        if count(&self.active) >= limits.concurrent {
            let lapse = self.active.difference(&self.arrived).next().map(|id| id + RESERVATION_SECONDS);
            let wait = lapse.map_or(RETRY_HINT_SECONDS, |at| (at - now.as_second()).clamp(1, RETRY_HINT_SECONDS));
            return Err(Error::LimitReached {
                code: "concurrent_build_limit",
                message: format!("Concurrent build limit reached ({} builds)", limits.concurrent).into(),
                limit: limits.concurrent,
                retry_after: u32::try_from(wait).ok(),
            });
        }
        if count(&self.recent) >= limits.weekly {
            // A lowered limit may have more than one build above it.
            let above = count(&self.recent) - limits.weekly;
            let leaving = usize::try_from(above).ok().and_then(|above| self.recent.iter().nth(above));
            let free_at = leaving.map(|id| id + WEEK_SECONDS);
            return Err(Error::LimitReached {
                code: "weekly_build_limit",
                message: format!("Weekly build limit reached ({} builds in seven days)", limits.weekly).into(),
                limit: limits.weekly,
                retry_after: free_at.and_then(|at| u32::try_from((at - now.as_second()).max(1)).ok()),
            });
        }
        Ok(())
    }

    /// The build's place among the tenant's builds that have not ended, 1 for the next one: an estimate, since builds
    /// of other tenants run in between.
    pub fn position(&self, job: JobId) -> usize {
        self.arrived.range(..job.start_time()).count() + 1
    }
}

/// Sums over finished builds, from which the time of the next one is estimated by a straight line over its size.
/// Plain sums, so that each finished build is added in the transaction that ends it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Pace {
    /// Builds.
    pub pace_builds: f64,
    /// Σ size, KiB.
    pub pace_size: f64,
    /// Σ time, milliseconds.
    pub pace_time: f64,
    /// Σ size².
    pub pace_size_size: f64,
    /// Σ size × time.
    pub pace_size_time: f64,
}

/// One finished build.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PaceSample {
    /// Size of the upload in KiB.
    pub size: u64,
    /// From lease to end, milliseconds.
    pub time: u64,
}

impl PaceSample {
    /// What was measured of a build of `bytes` bytes that took `milliseconds`.
    pub const fn measured(bytes: u64, milliseconds: u64) -> Self {
        Self { size: bytes / 1024, time: milliseconds }
    }
}

impl Pace {
    /// Seconds that a build of `bytes` bytes takes, from earlier builds; `None` without any.
    pub fn estimate_seconds(&self, bytes: u64) -> Option<u64> {
        if self.pace_builds < 1.0 {
            return None;
        }
        #[expect(clippy::cast_precision_loss, reason = "an estimate of seconds")]
        let size = (bytes / 1024) as f64;
        let mean = self.pace_time / self.pace_builds;
        let spread = self.pace_builds * self.pace_size_size - self.pace_size * self.pace_size;
        let together = self.pace_builds * self.pace_size_time - self.pace_size * self.pace_time;
        let slope = if spread > 0.0 { (together / spread).max(0.0) } else { 0.0 };
        let milliseconds = mean + slope * (size - self.pace_size / self.pace_builds);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "held above zero")]
        Some((milliseconds.max(0.0) / 1000.0).ceil() as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::at;

    const LIMITS: BuildLimits = BuildLimits { concurrent: 2, weekly: 3 };

    fn ledger(active: &[i64], arrived: &[i64], recent: &[i64]) -> Ledger {
        let set = |ids: &[i64]| ids.iter().copied().collect();
        Ledger { active: set(active), arrived: set(arrived), recent: set(recent), last: None, pace: Pace::default() }
    }

    #[test]
    fn the_next_id_is_this_second_or_the_next_free_one() {
        let mut ledger = Ledger::default();
        assert_eq!(ledger.next_id(at(100)).unwrap().start_time(), 100);
        ledger.last = Some(100);
        assert_eq!(ledger.next_id(at(100)).unwrap().start_time(), 101);
        assert_eq!(ledger.next_id(at(500)).unwrap().start_time(), 500);
        ledger.last = Some(170);
        assert!(matches!(ledger.next_id(at(100)), Err(Error::LimitReached { retry_after: Some(11), .. })));
    }

    #[test]
    fn an_upload_that_did_not_arrive_lapses_after_75_minutes_and_an_arrived_one_never() {
        let ledger = ledger(&[100, 200], &[200], &[100, 200]);
        assert!(ledger.stale(at(100 + 75 * 60 - 1)).is_empty());
        assert_eq!(ledger.stale(at(200 + 75 * 60)).reservations, [100]);
    }

    #[test]
    fn a_week_is_exactly_seven_days_and_its_refusal_names_the_second() {
        let ledger = ledger(&[], &[], &[100, 200, 300]);
        let now = at(100 + WEEK_SECONDS - 5);
        assert!(ledger.stale(now).is_empty());
        let Err(Error::LimitReached { retry_after, limit, .. }) = ledger.check(LIMITS, now) else { panic!() };
        assert_eq!((retry_after, limit), (Some(5), 3));
        assert_eq!(ledger.stale(at(100 + WEEK_SECONDS)).aged, [100]);
    }

    #[test]
    fn a_lowered_limit_waits_for_as_many_builds_as_are_above_it() {
        let ledger = ledger(&[], &[], &[100, 200, 300, 400, 500]);
        let Err(Error::LimitReached { retry_after, .. }) = ledger.check(LIMITS, at(WEEK_SECONDS)) else { panic!() };
        assert_eq!(retry_after, Some(300), "the third one leaves room for one");
    }

    #[test]
    fn the_estimate_is_a_line_through_what_was_measured() {
        let mut pace = Pace::default();
        assert_eq!(pace.estimate_seconds(1), None);
        for (size, time) in [(1024.0, 2000.0), (3072.0, 4000.0)] {
            pace.pace_builds += 1.0;
            pace.pace_size += size;
            pace.pace_time += time;
            pace.pace_size_size += size * size;
            pace.pace_size_time += size * time;
        }
        assert_eq!(pace.estimate_seconds(2048 * 1024), Some(3));
        assert_eq!(pace.estimate_seconds(5120 * 1024), Some(6));
    }
}
