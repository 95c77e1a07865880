//! Who asks for builds: the holder of an automation key, or a member of a tenant. Builds are the same for both.

use domain::access::{Demand, Effect};
use domain::credential::AutomationKeyId;
use domain::error::Error;
use domain::id::TenantId;
use domain::permission::Permissions;
use domain::tenant::Tenant;

use crate::access::Caller;
use crate::audit::Trail;

/// Somebody who asks for builds.
#[derive(Clone, Debug)]
pub struct Requester {
    /// The tenant.
    pub tenant: TenantId,
    /// Who it is, as `created_by` and the audit log name it.
    pub name: String,
    /// The call.
    pub trail: Trail,
    gate: Gate,
}

/// What the tenant has to be like when a build is read or changed.
#[derive(Clone, Debug)]
enum Gate {
    Automation,
    Member(Demand, Permissions),
}

impl Requester {
    /// The holder of an automation key.
    pub(crate) fn of_key(tenant: TenantId, key: &AutomationKeyId, trail: Trail) -> Self {
        Self { tenant, name: key.to_string(), trail, gate: Gate::Automation }
    }

    /// A member of a tenant.
    pub(crate) fn of_member(caller: &Caller) -> Self {
        Self {
            tenant: caller.tenant.id.clone(),
            name: caller.user_id.clone(),
            trail: caller.trail.clone(),
            gate: Gate::Member(caller.demand, caller.permissions.clone()),
        }
    }

    /// The tenant as it was read. A key's has to be on a plan with automation (page 000: 401 otherwise); a member's has to answer the
    /// call still; neither may be marked for deletion where something changes.
    pub(crate) fn admit(&self, tenant: Option<Tenant>, effect: Effect) -> Result<Tenant, Error> {
        match &self.gate {
            Gate::Automation => {
                let tenant = tenant.ok_or(Error::Unauthenticated)?;
                tenant.require_automation()?;
                Demand { effect, permission: None, plan: None }.check(&tenant, &Permissions::default())?;
                Ok(tenant)
            }
            Gate::Member(demand, permissions) => {
                let tenant = tenant.ok_or(Error::NotFound("The tenant no longer exists"))?;
                demand.check(&tenant, permissions)?;
                Ok(tenant)
            }
        }
    }
}
