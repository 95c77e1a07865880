//! What goes wrong on demand.

use std::collections::VecDeque;
use std::time::Duration;

use http::StatusCode;
use serde::Deserialize;

/// Faults that wait at most.
const MAX: usize = 1000;
/// A wait at most.
const LONGEST: Duration = Duration::from_secs(60);

/// What happens to the next call, which uses it up.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Nothing: the call after this one is meant.
    Pass,
    /// This status, from 400, before anything is done.
    Status(u16),
    /// This status, and a wait in seconds that the answer asks for.
    StatusAfter(u16, u64),
    /// The connection is cut before anything is done.
    DropBefore,
    /// What was asked is done, and the connection is cut in place of the answer.
    DropAfter,
    /// Milliseconds before anything is done; another call with the same idempotency key meets this one running.
    Delay(u64),
}

/// The faults to come.
#[derive(Debug, Default)]
pub(crate) struct Faults(VecDeque<Fault>);

impl Faults {
    /// One for each of the next calls; those beyond the limit are let go.
    pub(crate) fn add(&mut self, faults: impl IntoIterator<Item = Fault>) {
        self.0.extend(faults);
        self.0.truncate(MAX);
    }

    pub(crate) fn next(&mut self) -> Fault {
        self.0.pop_front().unwrap_or(Fault::Pass)
    }
}

impl Fault {
    pub(crate) fn status(&self) -> Option<(StatusCode, Option<u64>)> {
        let (status, wait) = match self {
            Self::Status(status) => (*status, None),
            Self::StatusAfter(status, wait) => (*status, Some(*wait)),
            _ => return None,
        };
        let status = StatusCode::from_u16(status).ok().filter(|status| status.as_u16() >= 400);
        Some((status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), wait))
    }

    pub(crate) fn delay(&self) -> Duration {
        if let Self::Delay(millis) = self { Duration::from_millis(*millis).min(LONGEST) } else { Duration::ZERO }
    }
}
