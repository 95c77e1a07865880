//! What is known of a person across tenants: which ones they belong to.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::id::TenantId;
use crate::plan::Plan;
use crate::tenant::Tenant;

/// Tenants that one person may belong to: as many as one read answers.
pub const MOST_TENANTS: u32 = 100;

/// The tenants of a person as they were read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Memberships {
    /// The tenants.
    pub tenants: BTreeSet<TenantId>,
    /// Grows with each change.
    pub revision: u64,
}

impl Memberships {
    /// Refuses one more tenant.
    pub fn check_join(&self) -> Result<(), Error> {
        if u32::try_from(self.tenants.len()).is_ok_and(|count| count < MOST_TENANTS) {
            return Ok(());
        }
        let message = format!("A user can belong to at most {MOST_TENANTS} tenants").into();
        Err(Error::LimitReached { code: "tenant_limit", message, limit: MOST_TENANTS, retry_after: None })
    }
}

/// Refuses a new tenant to a person who is in a trial tenant, or whose only tenant is a FREE one (page 004, "Create
/// Tenant"). A tenant that is marked for deletion still counts: it can be restored.
pub fn check_creation(tenants: &[Tenant]) -> Result<(), Error> {
    if tenants.iter().any(|tenant| tenant.is_trial) {
        let message = "A new tenant cannot be created while you are in a trial tenant";
        return Err(Error::Conflict { code: "in_trial_tenant", message });
    }
    match tenants {
        [only] if only.plan == Plan::Free => {
            let message = "A new tenant cannot be created while your only tenant is a Free tenant";
            Err(Error::Conflict { code: "only_free_tenant", message })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tenant(number: u128, plan: Plan) -> Tenant {
        Tenant::new(TenantId::from_bits(number), "Example Tenant".parse().unwrap(), plan)
    }

    #[test]
    fn creation_is_refused_in_a_trial_and_beside_a_single_free_tenant() {
        check_creation(&[]).unwrap();
        check_creation(&[tenant(1, Plan::Team)]).unwrap();
        check_creation(&[tenant(1, Plan::Free), tenant(2, Plan::Free)]).unwrap();
        let code = |tenants: &[Tenant]| match check_creation(tenants) {
            Err(Error::Conflict { code, .. }) => code,
            other => panic!("{other:?}"),
        };
        assert_eq!(code(&[tenant(1, Plan::Free)]), "only_free_tenant");
        let trial = Tenant { is_trial: true, ..tenant(3, Plan::Enterprise) };
        assert_eq!(code(&[tenant(1, Plan::Team), trial]), "in_trial_tenant");
    }

    #[test]
    fn a_person_belongs_to_a_hundred_tenants_at_most() {
        let mut memberships = Memberships { tenants: (1..=99).map(TenantId::from_bits).collect(), revision: 0 };
        memberships.check_join().unwrap();
        memberships.tenants.insert(TenantId::from_bits(100));
        assert!(matches!(memberships.check_join(), Err(Error::LimitReached { limit: 100, .. })));
    }
}
