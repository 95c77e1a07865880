//! What a call demands of its caller and of the tenant, once both are known (pages 001 and 004).

use crate::error::Error;
use crate::permission::{Permission, Permissions};
use crate::plan::Plan;
use crate::tenant::Tenant;

/// What a call does to a tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing: it is answered also while the tenant is marked for deletion.
    Read,
    /// It changes something: refused while the tenant is marked for deletion.
    Change,
    /// It takes the mark away.
    Restore,
    /// It ends what the tenant has elsewhere, or what is the caller's own: answered also while the tenant is marked for deletion.
    Leave,
}

/// The lowest plan that has something, and what is said below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlanGate {
    /// The lowest plan.
    pub minimum: Plan,
    /// The answer to a lower one.
    pub message: &'static str,
}

/// What a call demands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Demand {
    /// What it does.
    pub effect: Effect,
    /// The permission that its caller has to have.
    pub permission: Option<Permission>,
    /// The plan that the tenant has to have.
    pub plan: Option<PlanGate>,
}

impl Demand {
    /// Refuses a caller with these permissions in this tenant: first for the permission, then for the plan, then for the
    /// tenant's state.
    pub fn check(&self, tenant: &Tenant, permissions: &Permissions) -> Result<(), Error> {
        if let Some(permission) = self.permission.filter(|permission| !permissions.has(*permission)) {
            return Err(Error::PermissionDenied(permission));
        }
        if let Some(gate) = self.plan.filter(|gate| tenant.plan < gate.minimum) {
            return Err(Error::PlanRequired(gate.message));
        }
        if self.effect == Effect::Change { tenant.require_kept() } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::TenantId;
    use crate::time::at;

    const DEMAND: Demand = Demand {
        effect: Effect::Change,
        permission: Some(Permission::UserAndApiManagement),
        plan: Some(PlanGate { minimum: Plan::Team, message: "API tokens require a Team or Enterprise plan" }),
    };

    fn tenant(plan: Plan) -> Tenant {
        Tenant::new(TenantId::from_bits(1), "Example Tenant".parse().unwrap(), plan)
    }

    #[test]
    fn a_refusal_says_what_is_missing_as_page_001_does() {
        let text = |plan, permissions| DEMAND.check(&tenant(plan), &permissions).unwrap_err().to_string();
        assert_eq!(
            text(Plan::Team, Permissions::default()),
            "You don't have permission to do this. The 'Users & API Management' permission is required."
        );
        assert_eq!(text(Plan::Free, Permissions::all()), "API tokens require a Team or Enterprise plan");
        DEMAND.check(&tenant(Plan::Team), &Permissions::all()).unwrap();
        DEMAND.check(&tenant(Plan::Enterprise), &Permissions::all()).unwrap();
    }

    #[test]
    fn a_marked_tenant_is_read_and_restored_and_nothing_else() {
        let mut tenant = tenant(Plan::Team);
        tenant.mark_for_deletion("owner@example.com".to_owned(), at(0)).unwrap();
        let check = |effect| Demand { effect, ..DEMAND }.check(&tenant, &Permissions::all());
        check(Effect::Read).unwrap();
        check(Effect::Restore).unwrap();
        check(Effect::Leave).unwrap();
        assert!(matches!(check(Effect::Change), Err(Error::Conflict { code: "tenant_pending_deletion", .. })));
    }
}
