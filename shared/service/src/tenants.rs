//! Tenants: chosen, made, renamed, deleted and restored (page 004).

use domain::audit::Log;
use domain::error::Error;
use domain::id::TenantId;
use domain::member::EmailAddress;
use domain::person::{self, Memberships};
use domain::plan::{Plan, TOKENS_NEED_TEAM};
use domain::session::{Session, SignIn};
use domain::tenant::Tenant;
use domain::tenant_name::TenantName;
use store::idempotency::Created;
use store::{Change, Record, ReplayOwner};
use uuid::Uuid;

use crate::Service;
use crate::access::{Caller, Credentials, Visitor};
use crate::changing::{Answered, IdempotentRequest, TRIES, unexpected};

impl Service {
    /// The tenants that a visitor may enter, in the order of their names.
    pub async fn tenants_of(&self, visitor: &Visitor) -> Result<Vec<Tenant>, Error> {
        let mut ids = match &visitor.credentials {
            Credentials::Token(tenant, _) => [tenant.clone()].into(),
            Credentials::Session(session) => self.store.memberships(&session.email).await?.tenants,
        };
        ids.retain(|id| visitor.credentials.may_enter(id));
        let mut tenants = self.store.tenants(&ids).await?;
        let is_token = matches!(visitor.credentials, Credentials::Token(..));
        if is_token && tenants.iter().any(|tenant| tenant.plan < Plan::Team) {
            return Err(Error::PlanRequired(TOKENS_NEED_TEAM));
        }
        tenants.sort_by(|a, b| (a.name.as_str(), &a.id).cmp(&(b.name.as_str(), &b.id)));
        Ok(tenants)
    }

    /// Makes a FREE tenant that the visitor owns.
    pub async fn create_tenant(
        &self,
        visitor: &Visitor,
        name: &TenantName,
        request: Option<IdempotentRequest>,
    ) -> Result<Answered<Tenant>, Error> {
        let owner = match &visitor.credentials {
            Credentials::Token(..) => return Err(Error::Forbidden("API tokens cannot create tenants")),
            Credentials::Session(Session { sign_in: SignIn::Saml(_), .. }) => {
                return Err(Error::Forbidden("Sign in without single sign-on to create a tenant"));
            }
            Credentials::Session(session) => &session.email,
        };
        if let Some(earlier) = self.earlier(ReplayOwner::Person(owner), request.as_ref()).await? {
            return self.created_before(earlier).await;
        }
        // Time-ordered, which nobody can tell from 32 digits and no rule relies on.
        let id = TenantId::from_bits(Uuid::now_v7().as_u128());
        let tenant = Tenant::new(id, name.clone(), Plan::Free);
        for _ in 0..TRIES {
            let seen = self.store.memberships(owner).await?;
            if let Err(refused) = self.check_creation(&seen).await {
                // The tenant that stands in the way may be this request's own: its twin was faster.
                return match self.earlier(ReplayOwner::Person(owner), request.as_ref()).await? {
                    Some(earlier) => self.created_before(earlier).await,
                    None => Err(refused),
                };
            }
            match self.try_to_create(visitor, &tenant, owner, &seen, request.as_ref()).await? {
                Change::Done => {
                    visitor.trail.close();
                    return Ok(Answered { value: tenant, replayed: false });
                }
                Change::PersonChanged => {}
                Change::Repeated(earlier) => match &request {
                    Some(request) => return self.created_before(request.repeat(earlier)?).await,
                    None => return Err(Error::internal("a record without a key was repeated")),
                },
                other => return Err(unexpected(&other)),
            }
        }
        Err(Error::internal("a person's tenants were changed by others too often"))
    }

    async fn check_creation(&self, seen: &Memberships) -> Result<(), Error> {
        person::check_creation(&self.store.tenants(&seen.tenants).await?)?;
        seen.check_join()
    }

    async fn try_to_create(
        &self,
        visitor: &Visitor,
        tenant: &Tenant,
        owner: &EmailAddress,
        seen: &Memberships,
        request: Option<&IdempotentRequest>,
    ) -> Result<Change, Error> {
        let now = self.clock.now();
        // The tenant's own log begins with it; a refusal stays in the visitor's.
        let (log, (_, event)) = (Log::Tenant(tenant.id.clone()), visitor.trail.event(now, true));
        let replay = request.map(|request| request.record(Created::Tenant(tenant.id.clone()), now));
        let replay = replay.as_ref().map(|record| (ReplayOwner::Person(owner), record));
        let made = self.store.create_tenant(tenant, owner, seen, Record { log: &log, event: &event, replay }).await;
        // Where the answer was lost, the tenant tells: nobody else makes one with its id.
        match made {
            Err(_) if matches!(self.store.tenant(&tenant.id).await, Ok(Some(_))) => Ok(Change::Done),
            made => made,
        }
    }

    /// Gives the caller's tenant another name.
    pub async fn rename_tenant(&self, caller: &Caller, name: &TenantName) -> Result<(), Error> {
        self.change_tenant(caller, |tenant, now| tenant.rename(name.clone(), now)).await
    }

    /// Switches deployment environments on or off.
    pub async fn set_deployment_environments(&self, caller: &Caller, enabled: bool) -> Result<(), Error> {
        let set = |tenant: &mut Tenant, _| {
            tenant.deployment_environments = enabled;
            Ok(())
        };
        self.change_tenant(caller, set).await
    }

    /// Marks the caller's tenant for deletion.
    pub async fn delete_tenant(&self, caller: &Caller) -> Result<(), Error> {
        self.change_tenant(caller, |tenant, now| tenant.mark_for_deletion(caller.user_id.clone(), now)).await
    }

    /// Takes the mark away again.
    pub async fn restore_tenant(&self, caller: &Caller) -> Result<(), Error> {
        self.change_tenant(caller, |tenant, _| tenant.restore()).await
    }

    async fn created_before(&self, earlier: Created) -> Result<Answered<Tenant>, Error> {
        let Created::Tenant(id) = earlier else { return Err(Error::IdempotencyKeyReused) };
        let tenant = self.store.tenant(&id).await?.ok_or(Error::NotFound("The tenant no longer exists"))?;
        Ok(Answered { value: tenant, replayed: true })
    }
}
