//! Audit events as rows, and the kinds of changes among them.

use std::borrow::Cow;
use std::fmt;

use domain::audit::AuditEvent;

use crate::column::Column;
use crate::query::{Row, Value};

/// A call, as the audit log notes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// Its name.
    pub name: &'static str,
    /// The fields of its body that the column `raw_data` shows.
    pub shown: &'static [&'static str],
}

/// Fields that calls note in `raw_data` beside those of their body, of those that questions are about.
const NOTED: &[(&str, &str)] = &[("config_update", "control")];

impl Call {
    /// Whether `raw_data` may have this field.
    pub fn shows(&self, field: &str) -> bool {
        self.shown.contains(&field) || NOTED.contains(&(self.name, field))
    }
}

/// What a call of the audit log changes: the column `event_type`, by which page 003 searches (`event_type = 'configuration_change'`).
/// Null for calls that change nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventType {
    /// Controls, certificates or the custom message of a configuration version, or which apps have it.
    ConfigurationChange,
    /// Builds and applications.
    BuildChange,
    /// Keys that apps are signed with.
    SigningKeyChange,
    /// Who belongs to the tenant, with which permissions.
    UserChange,
    /// API tokens and automation keys.
    CredentialChange,
    /// Single sign-on.
    SsoChange,
    /// The tenant itself.
    TenantChange,
    /// App identifiers of the custom library.
    LibraryChange,
    /// Support tickets, and requests to be called by sales.
    SupportChange,
    /// What is paid for.
    BillingChange,
}

impl EventType {
    /// Every kind.
    pub const ALL: [Self; 10] = [
        Self::ConfigurationChange,
        Self::BuildChange,
        Self::SigningKeyChange,
        Self::UserChange,
        Self::CredentialChange,
        Self::SsoChange,
        Self::TenantChange,
        Self::LibraryChange,
        Self::SupportChange,
        Self::BillingChange,
    ];

    /// The value in the column.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ConfigurationChange => "configuration_change",
            Self::BuildChange => "build_change",
            Self::SigningKeyChange => "signing_key_change",
            Self::UserChange => "user_change",
            Self::CredentialChange => "credential_change",
            Self::SsoChange => "sso_change",
            Self::TenantChange => "tenant_change",
            Self::LibraryChange => "library_change",
            Self::SupportChange => "support_change",
            Self::BillingChange => "billing_change",
        }
    }

    /// The calls of this kind, as the audit log names them. By the headings of pages 000, 003, 004 and of the contracts; an upload URL
    /// by itself changes nothing, and neither does a question.
    pub const fn calls(self) -> &'static [&'static str] {
        match self {
            Self::ConfigurationChange => &[
                "config_update",
                "promote_config",
                "push_live_config",
                "certificates_update",
                "certificates_delete",
                "update_custom_message",
                "set_custom_message_active",
            ],
            Self::BuildChange => &[
                "automate_upload",
                "automate_upload_complete",
                "automate_upload_abort",
                "automate_cancel",
                "upload_application_build",
                "upload_application_build_complete",
                "upload_application_build_abort",
                "sign_application_build",
                "delete_application_build",
                "delete_application",
            ],
            Self::SigningKeyChange => &["create_signing_key", "delete_signing_key", "set_default_signing_key"],
            Self::UserChange => &["add_user_to_tenant", "update_user_permissions", "remove_user_from_tenant"],
            Self::CredentialChange => &[
                "create_api_token",
                "delete_api_token",
                "create_automation_key",
                "toggle_automation_key",
                "delete_automation_key",
            ],
            Self::SsoChange => &["update_saml_settings", "delete_saml_settings", "save_saml_group"],
            Self::TenantChange => &[
                "create_tenant",
                "modify_tenant_details",
                "update_deployment_environments",
                "delete_tenant",
                "restore_tenant",
            ],
            Self::LibraryChange => &["custom_library_set_identifier", "custom_library_delete"],
            Self::SupportChange => &["create_support_ticket", "add_support_ticket_comment", "request_sales_contact"],
            Self::BillingChange => {
                &["create_checkout_session", "update_subscription", "cancel_subscription", "stripe_webhook"]
            }
        }
    }

    /// The kind of a call, by its name in the audit log.
    pub fn of_call(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.calls().contains(&name))
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Row for AuditEvent {
    fn value(&self, column: Column) -> Option<Value<'_>> {
        match column.name {
            "event" => i64::try_from(self.event.value()).ok().map(Value::Integer),
            "user_id" => Some(Value::Text(Cow::Borrowed(&self.user_id))),
            "api_call" => Some(Value::Text(Cow::Borrowed(&self.api_call))),
            "event_type" => EventType::of_call(&self.api_call).map(|kind| Value::Text(Cow::Borrowed(kind.as_str()))),
            "creation_time" => Some(Value::Integer(self.creation_time)),
            "successful" => Some(Value::Boolean(self.successful)),
            "raw_data" => serde_json::to_string(&self.raw_data).ok().map(|text| Value::Text(Cow::Owned(text))),
            _ => None,
        }
    }
}
