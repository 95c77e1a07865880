//! What a member of a tenant may do (page 001, "Permissions").

use std::collections::BTreeSet;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::Error;

/// One permission, in the order of page 001.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    /// Change, promote and push configuration; App Integrity settings.
    ModifyConfiguration,
    /// Upload and delete builds, manage signing keys.
    BuildApplications,
    /// Manage entries of Certificate Pinning.
    UpdateCertificates,
    /// Edit custom messages.
    ManageCustomMessages,
    /// Add and remove users, tokens, keys and group mappings.
    UserAndApiManagement,
    /// Rename the tenant; billing, SAML SSO, custom library identifiers.
    ModifyTenantSettings,
}

impl Permission {
    /// Every permission.
    pub const ALL: [Self; 6] = [
        Self::ModifyConfiguration,
        Self::BuildApplications,
        Self::UpdateCertificates,
        Self::ManageCustomMessages,
        Self::UserAndApiManagement,
        Self::ModifyTenantSettings,
    ];

    /// The internal key.
    pub const fn key(self) -> &'static str {
        match self {
            Self::ModifyConfiguration => "modify_configuration",
            Self::BuildApplications => "build_applications",
            Self::UpdateCertificates => "update_certificates",
            Self::ManageCustomMessages => "manage_custom_messages",
            Self::UserAndApiManagement => "user_and_api_management",
            Self::ModifyTenantSettings => "modify_tenant_settings",
        }
    }

    /// The label in the portal.
    pub const fn label(self) -> &'static str {
        match self {
            Self::ModifyConfiguration => "Configuration",
            Self::BuildApplications => "Builds",
            Self::UpdateCertificates => "Certificates",
            Self::ManageCustomMessages => "Custom Messages",
            Self::UserAndApiManagement => "Users & API Management",
            Self::ModifyTenantSettings => "Tenant Settings",
        }
    }
}

impl FromStr for Permission {
    type Err = Error;

    fn from_str(key: &str) -> Result<Self, Error> {
        let known = Self::ALL.into_iter().find(|permission| permission.key() == key);
        // Not the text itself: it is the caller's, and may be long.
        known.ok_or_else(|| Error::invalid("permissions", "Invalid permission"))
    }
}

/// A set of permissions, in the order of page 001.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Permissions(BTreeSet<Permission>);

impl Permissions {
    /// Everything: what the owner of a new tenant has.
    pub fn all() -> Self {
        Self(Permission::ALL.into_iter().collect())
    }

    /// Whether it is among them.
    pub fn has(&self, permission: Permission) -> bool {
        self.0.contains(&permission)
    }

    /// The internal keys.
    pub fn keys(&self) -> Vec<&'static str> {
        self.0.iter().map(|permission| permission.key()).collect()
    }

    /// Reads a list of keys; the same key twice counts once.
    pub fn of_keys<'a>(keys: impl IntoIterator<Item = &'a str>) -> Result<Self, Error> {
        keys.into_iter().map(str::parse).collect::<Result<_, _>>().map(Self)
    }
}

impl FromStr for Permissions {
    type Err = Error;

    /// Reads keys with commas between them (page 004), and white space around them. Nothing at all is no permission.
    fn from_str(text: &str) -> Result<Self, Error> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        Self::of_keys(text.split(',').map(str::trim))
    }
}

impl FromIterator<Permission> for Permissions {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        Self(permissions.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_list_is_read_as_page_004_shows_it() {
        let read: Permissions = "build_applications,modify_configuration".parse().unwrap();
        assert_eq!(read.keys(), ["modify_configuration", "build_applications"]);
        assert_eq!(" build_applications , build_applications ".parse::<Permissions>().unwrap().keys().len(), 1);
        assert_eq!("".parse::<Permissions>().unwrap(), Permissions::default());
        for text in [",", "build_applications,", "Build_Applications", "build_applications;x", "builds", "\0"] {
            assert!(text.parse::<Permissions>().is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn every_set_reads_back(permissions in proptest::sample::subsequence(&Permission::ALL[..], 0..=6)) {
            let permissions: Permissions = permissions.into_iter().collect();
            prop_assert_eq!(permissions.keys().join(",").parse::<Permissions>().unwrap(), permissions);
        }

        #[test]
        fn any_text_is_a_set_of_known_keys_or_an_error(text in ".{0,200}") {
            if let Ok(read) = text.parse::<Permissions>() {
                prop_assert!(text.trim().is_empty() || text.split(',').all(|key| read.keys().contains(&key.trim())));
            }
        }
    }
}
