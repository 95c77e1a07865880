//! SAML SSO of a tenant: its settings and group mappings (page 004). The browser flow is not built yet.

use domain::error::Error;
use domain::saml::groups::{GroupMappings, GroupRequest};
use domain::saml::metadata::IdpMetadata;
use domain::saml::{SamlRequest, SamlSettings, SamlView};
use domain::tenant::Tenant;
use store::idempotency::Created;
use store::{Change, Record, ReplayOwner};

use crate::Service;
use crate::access::Caller;
use crate::changing::{Answered, IdempotentRequest, TRIES, unexpected};

/// What is to be done with the settings.
enum Settings<'a> {
    Save(&'a SamlSettings),
    Delete,
}

impl Service {
    /// What may be shown of the settings.
    pub async fn saml_settings(&self, caller: &Caller) -> Result<SamlView, Error> {
        let settings = self.store.saml_settings(&caller.tenant.id).await?;
        Ok(SamlView::of(settings, &caller.tenant.id, &self.portal_url))
    }

    /// Replaces the settings.
    pub async fn save_saml_settings(&self, caller: &Caller, request: &SamlRequest) -> Result<(), Error> {
        let settings = SamlSettings::parse(request, &caller.tenant.id, &self.portal_url, self.clock.now())?;
        self.set_saml(caller, &Settings::Save(&settings)).await
    }

    /// Removes the settings and the group mappings.
    pub async fn delete_saml_settings(&self, caller: &Caller) -> Result<(), Error> {
        self.set_saml(caller, &Settings::Delete).await
    }

    /// What an identity provider says of itself.
    pub fn parse_saml_metadata(&self, xml: &str) -> Result<IdpMetadata, Error> {
        IdpMetadata::parse(xml, self.clock.now())
    }

    /// The group mappings.
    pub async fn saml_groups(&self, caller: &Caller) -> Result<GroupMappings, Error> {
        self.store.group_mappings(&caller.tenant.id).await
    }

    /// Creates or updates a group mapping.
    pub async fn save_saml_group(
        &self,
        caller: &Caller,
        group: &GroupRequest,
        request: Option<IdempotentRequest>,
    ) -> Result<Answered<()>, Error> {
        let owner = ReplayOwner::Tenant(&caller.tenant.id);
        if self.earlier(owner, request.as_ref()).await?.is_some() {
            return Ok(Answered { value: (), replayed: true });
        }
        let mut tenant = caller.tenant.clone();
        for _ in 0..TRIES {
            let now = self.clock.now();
            let mut groups = self.store.group_mappings(&tenant.id).await?;
            groups.save(group, now)?;
            let (log, event) = caller.trail.event_of_change(now);
            let replay = request.as_ref().map(|request| request.record(Created::Nothing, now));
            let replay = replay.as_ref().map(|record| (owner, record));
            match self.store.save_group_mappings(&tenant, &groups, Record { log: &log, event: &event, replay }).await? {
                Change::Done => {
                    caller.trail.close();
                    return Ok(Answered { value: (), replayed: false });
                }
                Change::TenantChanged => tenant = self.readmit(caller).await?,
                Change::GroupsChanged => {}
                Change::Repeated(earlier) => {
                    request.as_ref().map(|request| request.repeat(earlier)).transpose()?;
                    return Ok(Answered { value: (), replayed: true });
                }
                other => return Err(unexpected(&other)),
            }
        }
        Err(Error::internal("group mappings were changed by others too often"))
    }

    async fn set_saml(&self, caller: &Caller, settings: &Settings<'_>) -> Result<(), Error> {
        let mut tenant = caller.tenant.clone();
        for _ in 0..TRIES {
            let (log, event) = caller.trail.event_of_change(self.clock.now());
            match self.try_saml(&tenant, settings, Record { log: &log, event: &event, replay: None }).await? {
                Change::Done => {
                    caller.trail.close();
                    return Ok(());
                }
                Change::TenantChanged => tenant = self.readmit(caller).await?,
                Change::GroupsChanged => {}
                Change::Missing => return Err(Error::NotFound("SAML is not configured")),
                Change::Refused(roster) => {
                    if let Settings::Save(SamlSettings { breakglass_account: Some(account), .. }) = settings {
                        roster.check_breakglass(account)?;
                    }
                }
                other => return Err(unexpected(&other)),
            }
        }
        Err(Error::internal("a tenant was changed by others too often"))
    }

    async fn try_saml(&self, tenant: &Tenant, settings: &Settings<'_>, record: Record<'_>) -> Result<Change, Error> {
        match settings {
            Settings::Save(settings) => {
                let tenant = Tenant { sso_only: settings.sso_only(), ..tenant.clone() };
                self.store.save_saml_settings(&tenant, settings, record).await
            }
            Settings::Delete => {
                let tenant = Tenant { sso_only: None, ..tenant.clone() };
                let mut groups = self.store.group_mappings(&tenant.id).await?;
                groups.clear();
                self.store.delete_saml_settings(&tenant, &groups, record).await
            }
        }
    }
}
