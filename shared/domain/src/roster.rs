//! A tenant's roster: who and what belongs to it, as sets, so that every limit is a condition on the size of one and
//! giving back is idempotent by construction.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::credential::{ApiTokenId, AutomationKeyId};
use crate::error::Error;
use crate::id::SigningKeyId;
use crate::library::{AppIdentifier, too_many_identifiers};
use crate::member::EmailAddress;
use crate::platform::Platform;
use crate::tenant::Tenant;
use crate::ticket::{self, MOST_OPEN, TicketId};

/// API tokens of a tenant (page 001).
pub const MOST_TOKENS: u32 = 20;
/// Automation keys of a tenant (page 001).
pub const MOST_KEYS: u32 = 10;
/// Signing keys of a tenant for each platform (page 001).
pub const MOST_SIGNING_KEYS: u32 = 10;

/// The roster as it was read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Roster {
    /// Its people, the owner among them.
    pub people: BTreeSet<EmailAddress>,
    /// Those of them who hold Users & API Management: never none (contracts).
    pub admins: BTreeSet<EmailAddress>,
    /// Its API tokens.
    pub tokens: BTreeSet<ApiTokenId>,
    /// Its automation keys.
    pub keys: BTreeSet<AutomationKeyId>,
    /// Its signing keys for Android.
    pub android_keys: BTreeSet<SigningKeyId>,
    /// Its signing keys for iOS.
    pub ios_keys: BTreeSet<SigningKeyId>,
    /// Its support tickets that are not resolved.
    pub open_tickets: BTreeSet<TicketId>,
    /// Its app identifiers in the custom library.
    pub libraries: BTreeSet<AppIdentifier>,
    /// Who signs in when the identity provider is down: keeps Users & API Management and cannot be removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub breakglass: Option<EmailAddress>,
}

impl Roster {
    /// Refuses a person who is there already, or for whom there is no room.
    pub fn check_join(&self, person: &EmailAddress, most: u32) -> Result<(), Error> {
        if self.people.contains(person) {
            let message = "The user is already a member of this tenant";
            return Err(Error::Conflict { code: "user_exists", message });
        }
        has_room(self.people.len(), most, "user_limit", "users")
    }

    /// Refuses to take Users & API Management, or membership, from somebody without whom the tenant cannot be administered.
    pub fn check_dismissal(&self, person: &EmailAddress, tenant: &Tenant) -> Result<(), Error> {
        if tenant.enforced_sso().is_some() && self.breakglass.as_ref() == Some(person) {
            let message = "The break-glass account must keep Users & API Management";
            return Err(Error::Conflict { code: "breakglass_account", message });
        }
        if self.admins.len() <= 1 && self.admins.contains(person) {
            let message = "The last user with Users & API Management cannot be removed";
            return Err(Error::Conflict { code: "last_administrator", message });
        }
        Ok(())
    }

    /// Refuses somebody who may not be a break-glass account (page 004, "Update SAML Settings").
    pub fn check_breakglass(&self, person: &EmailAddress) -> Result<(), Error> {
        if self.admins.contains(person) {
            return Ok(());
        }
        Err(Error::invalid(
            "breakglass_account",
            "The break-glass account must be a tenant user with Users & API Management",
        ))
    }

    /// Refuses a token above [`MOST_TOKENS`].
    pub fn check_token(&self) -> Result<(), Error> {
        has_room(self.tokens.len(), MOST_TOKENS, "token_limit", "API tokens")
    }

    /// Refuses a key above [`MOST_KEYS`].
    pub fn check_key(&self) -> Result<(), Error> {
        has_room(self.keys.len(), MOST_KEYS, "key_limit", "automation keys")
    }

    /// Refuses a support ticket above [`MOST_OPEN`].
    pub fn check_ticket(&self) -> Result<(), Error> {
        if self.open_tickets.len() < usize::try_from(MOST_OPEN).unwrap_or(usize::MAX) {
            return Ok(());
        }
        Err(ticket::too_many_open())
    }

    /// Refuses an app identifier that is not among `most`.
    pub fn check_library(&self, identifier: &AppIdentifier, most: u32) -> Result<(), Error> {
        if self.libraries.contains(identifier) || u32::try_from(self.libraries.len()).is_ok_and(|count| count < most) {
            return Ok(());
        }
        Err(too_many_identifiers(most))
    }

    /// Its signing keys for a platform.
    pub const fn signing_keys(&self, platform: Platform) -> &BTreeSet<SigningKeyId> {
        match platform {
            Platform::Android => &self.android_keys,
            Platform::Ios => &self.ios_keys,
        }
    }

    /// Refuses a signing key above [`MOST_SIGNING_KEYS`].
    pub fn check_signing_key(&self, platform: Platform) -> Result<(), Error> {
        let what = match platform {
            Platform::Android => "signing keys for Android",
            Platform::Ios => "signing keys for iOS",
        };
        has_room(self.signing_keys(platform).len(), MOST_SIGNING_KEYS, "signing_key_limit", what)
    }
}

fn has_room(count: usize, most: u32, code: &'static str, what: &str) -> Result<(), Error> {
    if u32::try_from(count).is_ok_and(|count| count < most) {
        return Ok(());
    }
    let message = format!("The limit of {most} {what} is reached").into();
    Err(Error::LimitReached { code, message, limit: most, retry_after: None })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::TenantId;
    use crate::plan::Plan;
    use crate::tenant::SsoOnly;

    fn person(name: &str) -> EmailAddress {
        format!("{name}@example.com").parse().unwrap()
    }

    fn of_owner() -> Roster {
        let only = BTreeSet::from([person("owner")]);
        Roster { people: only.clone(), admins: only, ..Roster::default() }
    }

    #[test]
    fn limits_hold_at_their_last_place() {
        let mut roster = of_owner();
        roster.check_join(&person("second"), 2).unwrap();
        assert!(matches!(roster.check_join(&person("second"), 1), Err(Error::LimitReached { limit: 1, .. })));
        assert!(matches!(roster.check_join(&person("owner"), 9), Err(Error::Conflict { code: "user_exists", .. })));
        roster.tokens = (0..19).map(|number| format!("atk_{number}").parse().unwrap()).collect();
        roster.check_token().unwrap();
        roster.tokens.insert("atk_last".parse().unwrap());
        assert!(matches!(roster.check_token(), Err(Error::LimitReached { limit: 20, .. })));
        roster.keys = (0..9).map(|number| format!("auto_{number}").parse().unwrap()).collect();
        roster.check_key().unwrap();
        roster.keys.insert("auto_last".parse().unwrap());
        assert!(matches!(roster.check_key(), Err(Error::LimitReached { limit: 10, .. })));
        roster.ios_keys = (0..10).map(|number| format!("key-{number}").parse().unwrap()).collect();
        roster.check_signing_key(Platform::Android).unwrap();
        assert!(matches!(roster.check_signing_key(Platform::Ios), Err(Error::LimitReached { limit: 10, .. })));
    }

    #[test]
    fn somebody_always_administers() {
        let mut roster = of_owner();
        let mut tenant = Tenant::new(TenantId::from_bits(1), "Example".parse().unwrap(), Plan::Enterprise);
        tenant.sso_only = Some(SsoOnly { breakglass: person("owner") });
        let code_on = |roster: &Roster, name, plan| match roster
            .check_dismissal(&person(name), &Tenant { plan, ..tenant.clone() })
        {
            Err(Error::Conflict { code, .. }) => Some(code),
            _ => None,
        };
        let code = |roster: &Roster, name| code_on(roster, name, Plan::Enterprise);
        assert_eq!(code(&roster, "owner"), Some("last_administrator"));
        assert_eq!(code(&roster, "other"), None);
        roster.admins.insert(person("second"));
        assert_eq!(code(&roster, "owner"), None);
        roster.breakglass = Some(person("owner"));
        assert_eq!(code(&roster, "owner"), Some("breakglass_account"));
        assert_eq!(code_on(&roster, "owner", Plan::Team), None, "nobody is locked out there");
        roster.check_breakglass(&person("second")).unwrap();
        assert!(roster.check_breakglass(&person("other")).is_err());
    }
}
