//! Requests to be called by sales (page 003, "Sales Contact Requests").

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::id::TenantId;
use crate::member::{EmailAddress, MemberId};
use crate::plan::Plan;

/// Seconds from one request of a user to the next: seven days.
pub const COOLDOWN_SECONDS: i64 = 7 * 24 * 3600;

/// Whose last request counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asker {
    /// Somebody who proved their address: one user, in whichever of their tenants they ask.
    Person(EmailAddress),
    /// A token of a tenant, or whomever its own identity provider names, which can name anybody: that counts nowhere else.
    Member(TenantId, MemberId),
}

/// A user's last request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SalesContact {
    /// The plan that the user asked about.
    pub tier: Plan,
    /// Unix seconds.
    pub requested_at: i64,
    /// When the user may ask again, Unix seconds.
    pub cooldown_until: i64,
}

impl SalesContact {
    /// A request that is made now.
    pub fn new(tier: Plan, now: Timestamp) -> Self {
        let requested_at = now.as_second();
        Self { tier, requested_at, cooldown_until: requested_at + COOLDOWN_SECONDS }
    }

    /// When the user may ask again, if that is not yet.
    pub fn cooldown(&self, now: Timestamp) -> Option<i64> {
        Some(self.cooldown_until).filter(|until| now.as_second() < *until)
    }

    /// Refuses a request before that.
    pub fn check(&self, now: Timestamp) -> Result<(), Error> {
        let Some(until) = self.cooldown(now) else { return Ok(()) };
        Err(Error::OnCooldown {
            code: "sales_contact_cooldown",
            message: "You have contacted sales within the last seven days",
            until,
            retry_after: u32::try_from(until - now.as_second()).unwrap_or(u32::MAX),
        })
    }
}

/// Reads the `tier` field.
pub fn tier(text: Option<&str>) -> Result<Plan, Error> {
    match text {
        Some("TEAM") => Ok(Plan::Team),
        Some("ENTERPRISE") => Ok(Plan::Enterprise),
        Some(_) => Err(Error::invalid("tier", "Tier must be TEAM or ENTERPRISE")),
        None => Err(Error::invalid("tier", "Tier is missing")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::at;

    #[test]
    fn a_user_asks_again_after_exactly_seven_days() {
        let contact = SalesContact::new(Plan::Team, at(1000));
        let until = 1000 + 604_800;
        assert_eq!(contact.cooldown(at(1000)), Some(until));
        assert_eq!(contact.cooldown(at(until - 1)), Some(until));
        assert!(matches!(contact.check(at(until - 1)), Err(Error::OnCooldown { retry_after: 1, .. })));
        assert_eq!(contact.cooldown(at(until)), None);
        contact.check(at(until)).unwrap();
    }

    #[test]
    fn the_tier_is_a_paid_plan_as_it_is_written() {
        assert_eq!(tier(Some("TEAM")).unwrap(), Plan::Team);
        assert_eq!(tier(Some("ENTERPRISE")).unwrap(), Plan::Enterprise);
        for text in [None, Some(""), Some("team"), Some("FREE")] {
            assert!(matches!(tier(text), Err(Error::Invalid { field: "tier", .. })));
        }
    }
}
