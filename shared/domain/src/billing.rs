//! What a tenant pays for at Stripe, and what follows for its plan (page 003, "Billing Helpers").

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::plan::Plan;
use crate::tenant::Tenant;

/// Days for which the ids of Stripe's events are kept: it delivers an event again for three.
pub const EVENT_DAYS: i64 = 30;

/// A tenant as a customer of Stripe.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Billing {
    /// Names the customer.
    pub customer: String,
    /// What Stripe last said that is paid for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paid: Option<Plan>,
    /// Counts changes: each is made on the condition that none came in between.
    pub revision: u64,
}

impl Billing {
    /// A customer who has paid for nothing yet, in the place of `before`.
    pub fn new(customer: String, before: Option<&Self>) -> Self {
        Self { customer, paid: None, revision: before.map_or(0, |before| before.revision) + 1 }
    }

    /// Takes what Stripe says that is paid for. Where that changes, the tenant has that plan, or FREE once nothing is paid for any more;
    /// where it does not, a plan that an operator gave stays. Data above the limits of a lower plan stay; what is new is held to them.
    pub fn settle(&mut self, paid: Option<Plan>, tenant: &mut Tenant) {
        if self.paid != paid {
            tenant.plan = paid.unwrap_or(Plan::Free);
            tenant.is_trial = false;
            self.paid = paid;
        }
    }
}

/// Reads the `subscription` field: how Stripe's prices are called.
pub fn plan_key(text: Option<String>) -> Result<String, Error> {
    let key = text.ok_or_else(|| Error::invalid("subscription", "Subscription is missing"))?;
    let word =
        key.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_' || byte == b'-');
    if word && (1..=64).contains(&key.len()) { Ok(key) } else { Err(unknown_plan()) }
}

/// What is said of a subscription that is not sold.
pub fn unknown_plan() -> Error {
    Error::invalid("subscription", "Subscription must be an available plan, such as team or enterprise")
}

/// Reads the plan that a product gives.
pub fn plan_of_product(text: &str) -> Option<Plan> {
    Plan::ALL.into_iter().find(|plan| *plan != Plan::Free && plan.label().eq_ignore_ascii_case(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::TenantId;

    #[test]
    fn what_is_paid_for_is_the_plan_and_what_an_operator_gave_stays_until_that_changes() {
        let mut tenant = Tenant::new(TenantId::from_bits(1), "Example Tenant".parse().unwrap(), Plan::Enterprise);
        let mut billing = Billing::new("cus_1".to_owned(), None);
        billing.settle(None, &mut tenant);
        assert_eq!(tenant.plan, Plan::Enterprise, "nothing was ever paid for");
        tenant.is_trial = true;
        billing.settle(Some(Plan::Team), &mut tenant);
        assert_eq!((tenant.plan, tenant.is_trial), (Plan::Team, false));
        tenant.plan = Plan::Enterprise;
        billing.settle(Some(Plan::Team), &mut tenant);
        assert_eq!(tenant.plan, Plan::Enterprise);
        billing.settle(None, &mut tenant);
        assert_eq!((tenant.plan, billing.paid), (Plan::Free, None));
    }

    #[test]
    fn keys_and_products_are_read() {
        assert_eq!(plan_key(Some("team".to_owned())).unwrap(), "team");
        for text in [None, Some(""), Some("Team"), Some("a b"), Some("team]"), Some("tëam")] {
            assert!(matches!(plan_key(text.map(str::to_owned)), Err(Error::Invalid { field: "subscription", .. })));
        }
        assert_eq!(plan_of_product("team"), Some(Plan::Team));
        assert_eq!(plan_of_product("ENTERPRISE"), Some(Plan::Enterprise));
        assert_eq!(plan_of_product("free"), None);
        assert_eq!(plan_of_product("gold"), None);
    }
}
