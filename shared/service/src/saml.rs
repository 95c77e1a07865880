//! SAML SSO of a tenant: its settings and group mappings (page 004). The browser flow is not built yet.

use domain::error::Error;
use domain::saml::groups::{GroupMappings, GroupRequest};
use domain::saml::metadata::IdpMetadata;
use domain::saml::{SamlRequest, SamlSettings, SamlView};
use domain::tenant::Tenant;
use store::idempotency::Created;
use store::{Change, ReplayOwner};

use crate::Service;
use crate::access::Caller;
use crate::changing::{Answered, Attempt, IdempotentRequest};

impl Service {
    /// What may be shown of the settings.
    pub async fn saml_settings(&self, caller: &Caller) -> Result<SamlView, Error> {
        let settings = self.store.saml_settings(&caller.tenant.id).await?;
        Ok(SamlView::of(settings, &caller.tenant.id, &self.portal_url))
    }

    /// Replaces the settings.
    pub async fn save_saml_settings(&self, caller: &Caller, request: &SamlRequest) -> Result<(), Error> {
        let settings = SamlSettings::parse(request, &caller.tenant.id, &self.portal_url, self.clock.now())?;
        let settings = &settings;
        let attempt = |attempt: Attempt| async move {
            let tenant = Tenant { sso_only: settings.sso_only(), ..attempt.tenant.clone() };
            let change = self.store.save_saml_settings(&tenant, settings, attempt.record()).await?;
            if let (Change::Refused(roster), Some(account)) = (&change, &settings.breakglass_account) {
                roster.check_breakglass(account)?;
            }
            Ok(change)
        };
        self.change(caller, None, attempt).await.map(drop)
    }

    /// Removes the settings and the group mappings.
    pub async fn delete_saml_settings(&self, caller: &Caller) -> Result<(), Error> {
        let attempt = |attempt: Attempt| async move {
            let tenant = Tenant { sso_only: None, ..attempt.tenant.clone() };
            let mut groups = self.store.group_mappings(&tenant.id).await?;
            let has_groups = !groups.groups.is_empty();
            groups.clear();
            match self.store.delete_saml_settings(&tenant, &groups, attempt.record()).await? {
                // Mappings can be made before the settings.
                Change::Missing if has_groups => {
                    self.store.save_group_mappings(&attempt.tenant, &groups, attempt.record()).await
                }
                Change::Missing => Err(Error::NotFound("SAML is not configured")),
                change => Ok(change),
            }
        };
        self.change(caller, None, attempt).await.map(drop)
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
        let (owner, request) = (ReplayOwner::Tenant(&caller.tenant.id), request.as_ref());
        if self.earlier(owner, request).await?.is_some() {
            return Ok(Answered { value: (), replayed: true });
        }
        let attempt = |attempt: Attempt| async move {
            let mut groups = self.store.group_mappings(&attempt.tenant.id).await?;
            if let Err(refused) = groups.save(group, attempt.now) {
                // The mapping that stands in the way may be this request's own: its twin was faster.
                let Some(request) = request else { return Err(refused) };
                let earlier = self.store.idempotency_record(owner, &request.scope, attempt.now).await?;
                return earlier.map(Change::Repeated).ok_or(refused);
            }
            self.store.save_group_mappings(&attempt.tenant, &groups, attempt.record()).await
        };
        let earlier = self.change(caller, request.map(|request| (request, Created::Nothing)), attempt).await?;
        Ok(Answered { value: (), replayed: earlier.is_some() })
    }
}
