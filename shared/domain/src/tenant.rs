//! A tenant: what it subscribed to, its settings, its deletion.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::document::TenantDocument;
use crate::error::Error;
use crate::id::{SigningKeyId, TenantId};
use crate::member::EmailAddress;
use crate::plan::{BuildLimits, CustomLimits, Plan};
use crate::platform::Platform;
use crate::tenant_name::TenantName;

/// Seconds from the mark to the purge of a deleted tenant: 30 days.
pub const GRACE_SECONDS: i64 = 30 * 24 * 3600;
/// Renames within any 24 hours (page 004).
pub const RENAMES_A_DAY: usize = 5;
const DAY_SECONDS: i64 = 24 * 3600;

/// A customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tenant {
    /// Its id.
    pub id: TenantId,
    /// Its name, for people.
    pub name: TenantName,
    /// What it subscribed to.
    pub plan: Plan,
    /// Counts changes: each is made on the condition that none came in between.
    #[serde(default)]
    pub revision: u64,
    /// Limits of its own.
    #[serde(default)]
    pub custom_limits: CustomLimits,
    /// Signs Android packages where a build names no key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_android_key: Option<SigningKeyId>,
    /// Signs iOS packages where a build names no key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_ios_key: Option<SigningKeyId>,
    /// Whether its plan is on trial.
    #[serde(default)]
    pub is_trial: bool,
    /// Whether it promotes configuration from environment to environment.
    #[serde(default)]
    pub deployment_environments: bool,
    /// What it pays on ENTERPRISE, where that was agreed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enterprise_pricing: Option<Pricing>,
    /// What it pays on TEAM, where that was agreed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team_pricing: Option<Pricing>,
    /// Whether the custom library was enabled for it.
    #[serde(default)]
    pub custom_library: bool,
    /// Documents of its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub documents: Vec<TenantDocument>,
    /// When it was renamed within the last day, Unix seconds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub renames: Vec<i64>,
    /// Set while it is marked for deletion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletion: Option<Deletion>,
    /// Set while people have to sign in through its own identity provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sso_only: Option<SsoOnly>,
}

/// A price that was agreed with a tenant (page 004, "Get Tenant Subscription").
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pricing {
    /// Its number in the price list.
    pub pricing_id: u32,
    /// For people.
    pub display_name: String,
    /// Hundredths of the currency.
    pub amount_cents: u64,
    /// ISO 4217, lowercase.
    pub currency: String,
    /// `month` or `year`.
    pub interval: String,
}

/// The mark on a tenant that is to be deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deletion {
    /// When it was marked, Unix seconds.
    pub requested_at: i64,
    /// By whom.
    pub requested_by: String,
    /// When everything of it goes, Unix seconds.
    pub purge_at: i64,
    /// Whether that has begun: from then on nothing can be restored.
    #[serde(default)]
    pub purging: bool,
}

/// Who may sign in past a tenant's identity provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SsoOnly {
    /// The one account, for when the provider is down.
    pub breakglass: EmailAddress,
}

impl Tenant {
    /// A tenant as it begins.
    pub fn new(id: TenantId, name: TenantName, plan: Plan) -> Self {
        Self {
            id,
            name,
            plan,
            revision: 0,
            custom_limits: CustomLimits::default(),
            default_android_key: None,
            default_ios_key: None,
            is_trial: false,
            deployment_environments: false,
            enterprise_pricing: None,
            team_pricing: None,
            custom_library: false,
            documents: Vec::new(),
            renames: Vec::new(),
            deletion: None,
            sso_only: None,
        }
    }

    /// Takes another name, at most [`RENAMES_A_DAY`] times within 24 hours. The same name again is no rename.
    pub fn rename(&mut self, name: TenantName, now: Timestamp) -> Result<(), Error> {
        let now = now.as_second();
        self.renames.retain(|at| *at + DAY_SECONDS > now);
        if self.name == name {
            return Ok(());
        }
        if let (true, Some(first)) = (self.renames.len() >= RENAMES_A_DAY, self.renames.first()) {
            return Err(Error::LimitReached {
                code: "rename_limit",
                message: "A tenant can be renamed up to five times per day".into(),
                limit: RENAMES_A_DAY.try_into().unwrap_or(u32::MAX),
                retry_after: u32::try_from(first + DAY_SECONDS - now).ok(),
            });
        }
        self.name = name;
        self.renames.push(now);
        Ok(())
    }

    /// Who may sign in past its identity provider, where people have to sign in through that. A plan without SAML demands nothing:
    /// nobody could sign in.
    pub fn enforced_sso(&self) -> Option<&SsoOnly> {
        self.sso_only.as_ref().filter(|_| self.plan >= Plan::Enterprise)
    }

    /// Marks it for deletion.
    pub fn mark_for_deletion(&mut self, by: String, now: Timestamp) -> Result<(), Error> {
        if self.deletion.is_some() {
            return Err(pending_deletion());
        }
        let requested_at = now.as_second();
        let purge_at = requested_at + GRACE_SECONDS;
        self.deletion = Some(Deletion { requested_at, requested_by: by, purge_at, purging: false });
        Ok(())
    }

    /// Takes the mark away, until the purge has begun.
    pub fn restore(&mut self) -> Result<(), Error> {
        match &self.deletion {
            None => Err(Error::Conflict {
                code: "tenant_not_pending_deletion",
                message: "The tenant is not pending deletion",
            }),
            Some(Deletion { purging: true, .. }) => Err(purging()),
            Some(_) => {
                self.deletion = None;
                Ok(())
            }
        }
    }

    /// Refuses what a tenant that is marked for deletion does not do.
    pub const fn require_kept(&self) -> Result<(), Error> {
        if self.deletion.is_some() { Err(pending_deletion()) } else { Ok(()) }
    }

    /// The people that it may have, its owner among them.
    pub fn max_users(&self) -> u32 {
        self.custom_limits.max_users(self.plan)
    }

    /// Its build limits: the plan's, or its own.
    pub fn build_limits(&self) -> BuildLimits {
        self.custom_limits.build_limits(self.plan)
    }

    /// Whether it has the custom library, where this installation makes libraries (page 003, "Custom Library / BYOA").
    pub fn has_library(&self) -> bool {
        self.custom_library && self.plan >= Plan::Enterprise
    }

    /// The key that signs where a build names none.
    pub const fn default_key(&self, platform: Platform) -> Option<&SigningKeyId> {
        match platform {
            Platform::Android => self.default_android_key.as_ref(),
            Platform::Ios => self.default_ios_key.as_ref(),
        }
    }

    /// Lets another key, or none, sign where a build names none.
    pub fn set_default_key(&mut self, platform: Platform, key: Option<SigningKeyId>) {
        *match platform {
            Platform::Android => &mut self.default_android_key,
            Platform::Ios => &mut self.default_ios_key,
        } = key;
    }

    /// Refuses automation on a plan without it, as any other credential that opens nothing (page 000: 401).
    pub const fn require_automation(&self) -> Result<(), Error> {
        if self.plan.allows_automation() { Ok(()) } else { Err(Error::Unauthenticated) }
    }
}

/// The key that a build asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SigningKeyChoice {
    /// The tenant's default, or none where it has none.
    Default,
    /// `none`: the output stays unsigned.
    Unsigned,
    /// This one.
    Key(SigningKeyId),
}

impl SigningKeyChoice {
    /// Reads the `signing_key_id` field.
    pub fn parse(field: Option<&str>) -> Result<Self, Error> {
        match field {
            None => Ok(Self::Default),
            Some("none") => Ok(Self::Unsigned),
            Some(id) => Ok(Self::Key(id.parse()?)),
        }
    }
}

pub(crate) const fn purging() -> Error {
    Error::Conflict { code: "tenant_purging", message: "The tenant is being deleted for good" }
}

const fn pending_deletion() -> Error {
    Error::Conflict { code: "tenant_pending_deletion", message: "The tenant is pending deletion" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::at;

    fn tenant() -> Tenant {
        Tenant::new(TenantId::from_bits(1), "Example Tenant".parse().unwrap(), Plan::Team)
    }

    #[test]
    fn the_sixth_rename_of_a_day_waits_for_the_first_to_be_a_day_old() {
        let mut tenant = tenant();
        for number in 0..5 {
            tenant.rename(format!("Tenant {number}").parse().unwrap(), at(100 + number)).unwrap();
        }
        tenant.rename("Tenant 4".parse().unwrap(), at(110)).unwrap();
        let refused = tenant.rename("Tenant 5".parse().unwrap(), at(110));
        let Err(Error::LimitReached { retry_after, limit, .. }) = refused else { panic!() };
        assert_eq!((retry_after, limit), (Some(100 + 24 * 3600 - 110), 5));
        assert_eq!(tenant.name.as_str(), "Tenant 4");
        assert!(tenant.rename("Tenant 5".parse().unwrap(), at(100 + 24 * 3600 - 1)).is_err());
        tenant.rename("Tenant 5".parse().unwrap(), at(100 + 24 * 3600)).unwrap();
        assert_eq!(tenant.renames.len(), 5);
    }

    #[test]
    fn a_mark_is_restored_until_the_purge_begins() {
        let mut tenant = tenant();
        assert!(matches!(tenant.restore(), Err(Error::Conflict { code: "tenant_not_pending_deletion", .. })));
        tenant.mark_for_deletion("owner@example.com".to_owned(), at(1000)).unwrap();
        assert_eq!(tenant.deletion.as_ref().unwrap().purge_at, 1000 + 30 * 24 * 3600);
        assert!(tenant.mark_for_deletion("owner@example.com".to_owned(), at(1001)).is_err());
        assert!(tenant.require_kept().is_err());
        tenant.restore().unwrap();
        tenant.require_kept().unwrap();
        tenant.mark_for_deletion("owner@example.com".to_owned(), at(1002)).unwrap();
        tenant.deletion.as_mut().unwrap().purging = true;
        assert!(matches!(tenant.restore(), Err(Error::Conflict { code: "tenant_purging", .. })));
    }

    #[test]
    fn a_limit_of_its_own_replaces_the_plans() {
        let mut tenant = tenant();
        assert_eq!(tenant.max_users(), 20);
        tenant.custom_limits.max_users = Some(25);
        assert_eq!(tenant.max_users(), 25);
        tenant.custom_limits.max_users = Some(u32::MAX);
        assert_eq!(tenant.max_users(), crate::plan::MOST_USERS);
    }
}
