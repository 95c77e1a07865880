//! A tenant, as far as builds need it.

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::id::{SigningKeyId, TenantId};
use crate::plan::{BuildLimits, CustomLimits, Plan};
use crate::platform::Platform;

/// A customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tenant {
    /// Its id.
    pub id: TenantId,
    /// Its name, for people.
    pub name: String,
    /// What it subscribed to.
    pub plan: Plan,
    /// Limits of its own.
    #[serde(default)]
    pub custom_limits: CustomLimits,
    /// Signs Android packages where a build names no key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_android_key: Option<SigningKeyId>,
    /// Signs iOS packages where a build names no key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_ios_key: Option<SigningKeyId>,
}

impl Tenant {
    /// Its build limits: the plan's, or its own.
    pub fn build_limits(&self) -> BuildLimits {
        self.custom_limits.build_limits(self.plan)
    }

    /// The key that signs where a build names none.
    pub const fn default_key(&self, platform: Platform) -> Option<&SigningKeyId> {
        match platform {
            Platform::Android => self.default_android_key.as_ref(),
            Platform::Ios => self.default_ios_key.as_ref(),
        }
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
