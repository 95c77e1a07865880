//! What operators do and no call can: found a tenant of any plan, set its plan, limits, trial, prices and
//! library. Audited as everything else, with `operator` as the caller.

use domain::access::{Demand, Effect};
use domain::audit::Log;
use domain::error::Error;
use domain::id::TenantId;
use domain::member::EmailAddress;
use domain::permission::Permissions;
use domain::plan::{LimitChanges, Plan};
use domain::tenant::{Pricing, Tenant};
use serde::Serialize;
use serde_json::{Map, Value};
use store::{Change, Record};

use crate::Service;
use crate::access::Caller;
use crate::audit::Trail;
use crate::changing::{TRIES, unexpected};

/// As the audit log names operators.
pub const OPERATOR: &str = "operator";

/// What an operator sets of a tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Setting {
    /// What it subscribed to.
    Plan(Plan),
    /// Limits of its own: those that are named.
    CustomLimits(LimitChanges),
    /// Whether its plan is on trial.
    Trial(bool),
    /// The price that was agreed for a plan; `None` takes it away.
    Pricing(Plan, Option<Pricing>),
    /// Whether the custom library is enabled for it.
    CustomLibrary(bool),
}

impl Service {
    /// An operator in a tenant, who makes `call`.
    pub async fn operator(&self, tenant: &TenantId, call: &'static str) -> Result<Caller, Error> {
        let tenant = self.store.tenant(tenant).await?.ok_or(Error::NotFound("Tenant not found"))?;
        tenant.require_not_purging()?;
        let trail = Trail::begin(Log::Tenant(tenant.id.clone()), OPERATOR, call, "");
        let demand = Demand { effect: Effect::Read, permission: None, plan: None };
        let user_id = OPERATOR.to_owned();
        Ok(Caller { user_id, sign_in: None, tenant, permissions: Permissions::all(), demand, trail })
    }

    /// Makes `tenant` as it stands there, owned by `owner`, whatever else `owner` has.
    pub async fn found_tenant(&self, tenant: &Tenant, owner: &EmailAddress) -> Result<(), Error> {
        let trail = Trail::begin(Log::Tenant(tenant.id.clone()), OPERATOR, "found_tenant", "");
        let fields = [("owner", owner.to_string()), ("tenant_name", tenant.name.to_string())];
        trail.note(fields.map(|(name, value)| (name.to_owned(), value.into())));
        trail.note([("plan".to_owned(), serde_json::to_value(tenant.plan).map_err(Error::internal)?)]);
        for _ in 0..TRIES {
            let seen = self.store.memberships(owner).await?;
            seen.check_join()?;
            let (log, event) = trail.event(self.clock.now(), true);
            let record = Record { log: &log, event: &event, replay: None };
            match self.store.create_tenant(tenant, owner, &seen, record).await? {
                Change::Done => return Ok(()),
                Change::PersonChanged => {}
                Change::TenantChanged => {
                    return Err(Error::Conflict { code: "tenant_exists", message: "The tenant is there already" });
                }
                other => return Err(unexpected(&other)),
            }
        }
        Err(Error::internal("a person's tenants were changed by others too often"))
    }

    /// Sets something of a tenant; returns the tenant as it is then.
    pub async fn set(&self, tenant: &TenantId, setting: &Setting) -> Result<Tenant, Error> {
        let caller = self.operator(tenant, "operator_set").await?;
        if let Value::Object(fields) = serde_json::to_value(setting).map_err(Error::internal)? {
            caller.trail.note(fields.into_iter().collect::<Map<_, _>>());
        }
        self.ending_trail(&caller, self.change_tenant(&caller, |tenant, _| setting.apply(tenant))).await?;
        self.readmit(&caller).await
    }

    /// What comes of an operator's call, whose event is written then.
    pub(crate) async fn ending_trail<T>(
        &self,
        caller: &Caller,
        call: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let answer = call.await;
        self.end_trail(&caller.trail, answer.is_ok()).await?;
        answer
    }
}

impl Setting {
    fn apply(&self, tenant: &mut Tenant) -> Result<(), Error> {
        match self {
            Self::Plan(plan) => tenant.plan = *plan,
            Self::CustomLimits(changes) => tenant.custom_limits = tenant.custom_limits.with(*changes),
            Self::Trial(trial) => tenant.is_trial = *trial,
            Self::Pricing(Plan::Team, pricing) => tenant.team_pricing.clone_from(pricing),
            Self::Pricing(Plan::Enterprise, pricing) => tenant.enterprise_pricing.clone_from(pricing),
            Self::Pricing(Plan::Free, _) => return Err(Error::invalid("plan", "FREE has no price")),
            Self::CustomLibrary(enabled) => tenant.custom_library = *enabled,
        }
        Ok(())
    }
}
