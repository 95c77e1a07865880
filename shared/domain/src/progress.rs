//! How far a running build is.

use serde::{Deserialize, Serialize};

use crate::phase::Phase;

/// What a worker last reported. Kept in an item of its own, since it changes often and decides nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// The attempt that reported it.
    pub attempt: u32,
    /// The stage.
    pub phase: Phase,
    /// 0 to 99, of the whole build.
    pub percent: u8,
}

impl Progress {
    /// The progress of `attempt` that has done `done` of the stage's `total` units.
    pub fn within(attempt: u32, phase: Phase, done: u64, total: u64) -> Self {
        let next = Phase::ALL.into_iter().find(|other| *other > phase).map_or(100, Phase::percent);
        let span = u64::from(next.saturating_sub(phase.percent()).saturating_sub(1));
        let part = span.saturating_mul(done.min(total)).checked_div(total).unwrap_or(0);
        Self { attempt, phase, percent: phase.percent().saturating_add(u8::try_from(part).unwrap_or(0)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_grows_within_and_between_stages_and_ends_below_100() {
        let mut last = 0;
        for phase in Phase::ALL {
            for done in 0..=10 {
                let percent = Progress::within(1, phase, done, 10).percent;
                assert!(percent >= last && percent < 100, "{phase:?} {done}");
                last = percent;
            }
        }
        assert_eq!(Progress::within(1, Phase::Signing, 5, 0).percent, Phase::Signing.percent());
    }
}
