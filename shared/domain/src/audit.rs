//! Audit events: who called what, and what came of it (contracts, "Monitoring and logs").

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::id::TenantId;
use crate::member::MemberId;

/// Days for which events are kept (contracts).
pub const RETENTION_DAYS: i64 = 400;

/// The number of an event: microseconds since 1970, or the next free one of its log. Below 2⁵³, so that every JSON
/// reader takes it exactly, until the year 2255.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventNumber(u64);

impl EventNumber {
    /// The number for an event at this moment.
    pub fn at(moment: Timestamp) -> Self {
        Self(u64::try_from(moment.as_microsecond()).unwrap_or_default())
    }

    /// The one so many places after it.
    pub const fn after(self, places: u64) -> Self {
        Self(self.0.saturating_add(places))
    }

    /// As it is written.
    pub const fn value(self) -> u64 {
        self.0
    }
}

/// Whose log an event stands in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Log {
    /// A tenant's.
    Tenant(TenantId),
    /// A caller's own: of calls that concern no tenant, or one that the caller does not belong to.
    Member(MemberId),
}

/// One event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEvent {
    /// Its number.
    pub event: EventNumber,
    /// Who called: an e-mail address, a token, an automation key, or `operator`.
    pub user_id: String,
    /// The call's name, which is the last part of its path.
    pub api_call: String,
    /// Unix seconds.
    pub creation_time: i64,
    /// Whether it was carried out.
    pub successful: bool,
    /// What was asked for, of the fields that the call's row allows: nothing secret.
    pub raw_data: Map<String, Value>,
    /// The request in the service's log.
    pub request_id: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_follow_the_clock_and_fit_a_double() {
        let first = EventNumber::at(crate::time::at(1_732_740_000));
        assert_eq!(first.value(), 1_732_740_000_000_000);
        assert!(first < first.after(1) && first.after(1) < EventNumber::at(crate::time::at(1_732_740_001)));
        assert!(EventNumber::at(crate::time::at(9_000_000_000)).value() < 1 << 53);
    }
}
