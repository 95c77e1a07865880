//! Sign-in through a tenant's own identity provider (page 004, "SAML SSO"): its settings.

pub mod certificates;
pub mod groups;
pub mod metadata;
mod xml;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::https_url::HttpsUrl;
use crate::id::TenantId;
use crate::member::EmailAddress;
use crate::tenant::SsoOnly;
use certificates::Certificates;

/// The attribute that names a person's groups where the settings name none (contracts).
pub const GROUP_ATTRIBUTE: &str = "groups";
/// Characters of a group's or an attribute's name at most.
pub const MAX_NAME: usize = 256;

/// What a customer sends (page 004, "Update SAML Settings"). Null and the empty text are as good as absent.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct SamlRequest {
    /// Names the identity provider. Required.
    pub entity_id: Option<String>,
    /// Where browsers are sent. Required.
    pub sso_url: Option<String>,
    /// What the provider signs with, PEM. Required.
    pub x509_cert: Option<String>,
    /// Names the tenant towards the provider. Required.
    pub sp_entity_id: Option<String>,
    /// Where the provider sends browsers back to. Required.
    pub acs_url: Option<String>,
    /// Where the provider sends browsers when a session ends. Required.
    pub sls_url: Option<String>,
    /// Whether groups decide on permissions.
    pub use_group_authorization: Option<bool>,
    /// The attribute that names a person's groups.
    pub group_attribute_name: Option<String>,
    /// Whether people can sign in through the provider.
    pub enabled: Option<bool>,
    /// Whether they have to.
    pub enforce_sso_only: Option<bool>,
    /// Who can sign in without it all the same.
    pub breakglass_account: Option<String>,
}

/// The settings of a tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SamlSettings {
    /// Names the identity provider.
    pub entity_id: HttpsUrl,
    /// Where browsers are sent.
    pub sso_url: HttpsUrl,
    /// What the provider signs with.
    pub x509_cert: Certificates,
    /// Whether groups decide on permissions.
    pub use_group_authorization: bool,
    /// The attribute that names a person's groups.
    pub group_attribute_name: String,
    /// Whether people can sign in through the provider.
    pub enabled: bool,
    /// Whether they have to.
    pub enforce_sso_only: bool,
    /// Who can sign in without it all the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub breakglass_account: Option<EmailAddress>,
    /// Unix seconds.
    pub updated_at: i64,
}

impl SamlSettings {
    /// Reads the fields as they came; an absent required field is named. The tenant's own three values are compared, so
    /// that a provider that was set up with others is noticed before anybody signs in.
    pub fn parse(request: &SamlRequest, tenant: &TenantId, portal_url: &str, now: Timestamp) -> Result<Self, Error> {
        let own = ServiceProvider::of(tenant, portal_url);
        let settings = Self {
            entity_id: url(&request.entity_id, "entity_id", "Entity ID")?,
            sso_url: url(&request.sso_url, "sso_url", "SSO URL")?,
            x509_cert: Certificates::parse(required(&request.x509_cert, "x509_cert", "X.509 certificate")?, now)?,
            use_group_authorization: request.use_group_authorization.unwrap_or_default(),
            group_attribute_name: group_attribute_name(given(&request.group_attribute_name))?,
            enabled: request.enabled.unwrap_or_default(),
            enforce_sso_only: request.enforce_sso_only.unwrap_or_default(),
            breakglass_account: given(&request.breakglass_account).map(breakglass_account).transpose()?,
            updated_at: now.as_second(),
        };
        same(&request.sp_entity_id, &own.entity_id, "sp_entity_id", "SP entity ID")?;
        same(&request.acs_url, &own.acs_url, "acs_url", "ACS URL")?;
        same(&request.sls_url, &own.sls_url, "sls_url", "SLS URL")?;
        settings.require_way_in()?;
        Ok(settings)
    }

    /// Refuses SSO-only that nobody could sign in under: with SAML off, or nobody named for when the provider is down.
    const fn require_way_in(&self) -> Result<(), Error> {
        match (self.enforce_sso_only, self.enabled, &self.breakglass_account) {
            (false, ..) | (true, true, Some(_)) => Ok(()),
            (true, false, _) => Err(refused("enforce_sso_only", "SSO-only requires SAML to be enabled")),
            (true, true, None) => Err(refused("breakglass_account", "SSO-only requires a break-glass account")),
        }
    }

    /// What the tenant itself says of it, where every sign-in looks.
    pub fn sso_only(&self) -> Option<SsoOnly> {
        let breakglass = self.breakglass_account.clone().filter(|_| self.enforce_sso_only)?;
        Some(SsoOnly { breakglass })
    }
}

/// What a tenant is to its identity provider: addresses of the portal that nobody chooses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceProvider {
    /// Its name, which is also where its metadata is.
    pub entity_id: String,
    /// Takes the provider's answers.
    pub acs_url: String,
    /// Takes the end of sessions.
    pub sls_url: String,
}

impl ServiceProvider {
    /// The tenant's addresses at the portal, whose own may end in a slash or not.
    pub fn of(tenant: &TenantId, portal_url: &str) -> Self {
        let portal = portal_url.trim_end_matches('/');
        let address = |what: &str| format!("{portal}/frontend/saml/{what}/{tenant}");
        Self { entity_id: address("metadata"), acs_url: address("acs"), sls_url: address("sls") }
    }
}

/// What is shown of the settings (page 004, "Get SAML Settings"): without them the texts are empty, nothing is on, and
/// there is no break-glass account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of the settings")]
pub struct SamlView {
    pub entity_id: String,
    pub sso_url: String,
    pub sp_entity_id: String,
    pub acs_url: String,
    pub sls_url: String,
    pub use_group_authorization: bool,
    pub group_attribute_name: String,
    pub enabled: bool,
    pub enforce_sso_only: bool,
    pub breakglass_account: Option<String>,
}

impl SamlView {
    /// The view of what a tenant has.
    pub fn of(settings: Option<SamlSettings>, tenant: &TenantId, portal_url: &str) -> Self {
        let Some(settings) = settings else { return Self::default() };
        let own = ServiceProvider::of(tenant, portal_url);
        Self {
            entity_id: settings.entity_id.into(),
            sso_url: settings.sso_url.into(),
            sp_entity_id: own.entity_id,
            acs_url: own.acs_url,
            sls_url: own.sls_url,
            use_group_authorization: settings.use_group_authorization,
            group_attribute_name: settings.group_attribute_name,
            enabled: settings.enabled,
            enforce_sso_only: settings.enforce_sso_only,
            breakglass_account: settings.breakglass_account.map(String::from),
        }
    }
}

fn given(field: &Option<String>) -> Option<&str> {
    field.as_deref().filter(|text| !text.is_empty())
}

fn required<'a>(field: &'a Option<String>, name: &'static str, label: &str) -> Result<&'a str, Error> {
    given(field).ok_or_else(|| Error::invalid(name, format!("{label} is missing")))
}

fn url(field: &Option<String>, name: &'static str, label: &str) -> Result<HttpsUrl, Error> {
    required(field, name, label)?.parse().map_err(|why| Error::invalid(name, format!("{label} {why}")))
}

fn same(field: &Option<String>, own: &str, name: &'static str, label: &str) -> Result<(), Error> {
    if required(field, name, label)? == own {
        Ok(())
    } else {
        Err(Error::invalid(name, format!("{label} must be {own}")))
    }
}

fn group_attribute_name(text: Option<&str>) -> Result<String, Error> {
    let name = text.unwrap_or(GROUP_ATTRIBUTE);
    if is_name(name) {
        Ok(name.to_owned())
    } else {
        Err(refused(
            "group_attribute_name",
            "Group attribute name must be 1 to 256 characters without control characters",
        ))
    }
}

/// Whether it can name a group or an attribute. What providers put into names is theirs; only what no reader sees is not.
fn is_name(text: &str) -> bool {
    (1..=MAX_NAME).contains(&text.chars().count()) && !text.chars().any(char::is_control)
}

fn breakglass_account(text: &str) -> Result<EmailAddress, Error> {
    text.parse().map_err(|_| refused("breakglass_account", "Breakglass account must be an email address"))
}

const fn refused(field: &'static str, message: &'static str) -> Error {
    Error::Invalid { field, message: std::borrow::Cow::Borrowed(message) }
}
