//! What people call the calls of the audit log, beside their names: flat tables.

use crate::audit::EventType;

/// Kinds of changes and phrases, beside the kind's own name.
#[rustfmt::skip]
pub(super) const CHANGES: &[(EventType, &[&str])] = &[
    (EventType::ConfigurationChange, &["config change", "configuration changed", "changed configuration", "changes to the configuration",
        "changes to configuration", "changed the config", "changed config", "changed the configuration", "config changed",
        "changes to the config", "changes to config", "configuration modification", "configuration edit"]),
    (EventType::BuildChange, &["changes to builds", "changes to the builds"]),
    (EventType::SigningKeyChange, &["changes to signing keys", "changes to the signing keys"]),
    (EventType::UserChange, &["user management", "membership change", "changes to users", "changes to the users"]),
    (EventType::CredentialChange, &["credentials change", "changes to credentials", "changes to the credentials"]),
    (EventType::SsoChange, &["single sign on change", "saml change", "saml configuration change", "changes to saml", "changes to sso",
        "changes to single sign on"]),
    (EventType::TenantChange, &["tenant settings change", "tenant setting change", "changes to the tenant", "changes to tenant settings",
        "changes to the tenant settings"]),
    (EventType::LibraryChange, &["custom library change", "changes to the custom library"]),
    (EventType::SupportChange, &["changes to support tickets"]),
    (EventType::BillingChange, &["subscription change", "changes to the subscription", "plan change", "changes to billing"]),
];

/// Names and phrases. Where one phrase is said for several calls, all of them are meant.
#[rustfmt::skip]
pub(super) const CALLS: &[(&[&str], &[&str])] = &[
    (&["config_update"], &["control change", "control update", "changed control", "control setting change"]),
    (&["promote_config"], &["promotion", "promoted configuration", "configuration promotion", "config promotion", "promoted"]),
    (&["push_live_config"], &["live push", "live configuration push", "live config push", "pushed live configuration", "live update"]),
    (&["certificates_update", "certificates_delete"], &["certificate change", "changed certificate"]),
    (&["certificates_update"], &["certificate update", "updated certificate"]),
    (&["certificates_delete"], &["certificate deletion", "deleted certificate", "removed certificate", "certificate removal"]),
    (&["update_custom_message", "set_custom_message_active"], &["custom message change", "changed custom message"]),
    (&["update_custom_message"], &["custom message update", "updated custom message"]),
    (&["automate_upload", "upload_application_build"],
        &["upload", "uploaded", "app upload", "build upload", "uploaded app", "uploaded build"]),
    (&["automate_download", "download_application_build"],
        &["download", "downloaded", "app download", "build download", "downloaded app", "downloaded build"]),
    (&["automate_cancel"], &["cancellation", "cancelled", "canceled", "cancelled build", "canceled build", "build cancellation"]),
    (&["delete_application_build"], &["build deletion", "deleted build", "build removal", "removed build"]),
    (&["delete_application"], &["app deletion", "application deletion", "deleted app", "deleted application"]),
    (&["sign_application_build"], &["build signing", "signed build", "signed app"]),
    (&["create_signing_key"], &["new signing key", "created signing key", "added signing key", "signing key creation"]),
    (&["delete_signing_key"], &["deleted signing key", "removed signing key", "signing key deletion", "signing key removal"]),
    (&["set_default_signing_key"], &["default signing key", "default signing key change"]),
    (&["add_user_to_tenant"],
        &["added user", "user added", "users added", "added a user", "added new user", "new user", "invited user", "user invited",
          "users invited", "invited a user", "invitation", "user invitation", "user addition"]),
    (&["update_user_permissions"],
        &["permission change", "permission update", "permissions change", "permissions update", "changed permission",
          "permission changed", "permissions changed", "changes to permissions", "changes to user permissions"]),
    (&["remove_user_from_tenant"],
        &["removed user", "user removed", "users removed", "removed a user", "user removal", "deleted user", "user deleted",
          "users deleted", "deleted a user", "user deletion"]),
    (&["create_api_token", "delete_api_token"], &["api token change", "token change"]),
    (&["create_api_token"],
        &["new api token", "created api token", "api token creation", "api token created", "api tokens created", "created an api token"]),
    (&["delete_api_token"],
        &["deleted api token", "removed api token", "api token deletion", "api token deleted", "api tokens deleted",
          "revoked api token", "deleted an api token"]),
    (&["create_automation_key", "toggle_automation_key", "delete_automation_key"], &["automation key change"]),
    (&["create_automation_key"],
        &["new automation key", "created automation key", "automation key creation", "automation key created",
          "automation keys created", "created an automation key"]),
    (&["toggle_automation_key"], &["toggled automation key", "automation key toggled"]),
    (&["delete_automation_key"],
        &["deleted automation key", "removed automation key", "automation key deletion", "automation key deleted",
          "automation keys deleted", "deleted an automation key"]),
    (&["update_saml_settings"], &["saml update", "updated saml settings"]),
    (&["delete_saml_settings"], &["saml deletion", "deleted saml settings", "removed saml settings"]),
    (&["save_saml_group"], &["saml group change", "group mapping change", "saml group mapping change"]),
    (&["modify_tenant_details"], &["tenant rename", "renamed tenant", "tenant renamed", "renamed the tenant"]),
    (&["update_deployment_environments"], &["deployment environment change", "deployment environments change"]),
    (&["delete_tenant"], &["tenant deletion", "deleted tenant", "deleted the tenant"]),
    (&["restore_tenant"], &["tenant restoration", "restored tenant", "restored the tenant"]),
    (&["create_tenant"], &["tenant creation", "created tenant", "new tenant"]),
    (&["custom_library_set_identifier"], &["library build", "custom library build"]),
    (&["custom_library_delete"], &["library deletion", "deleted library", "custom library deletion"]),
    (&["create_support_ticket"], &["new support ticket", "created support ticket", "new ticket", "created ticket", "opened ticket", "opened support ticket",
        "ticket created", "tickets created", "support ticket created", "support tickets created"]),
    (&["add_support_ticket_comment"], &["support comment", "ticket comment", "support ticket comment"]),
    (&["request_sales_contact"], &["sales request", "sales contact request"]),
    (&["create_checkout_session"], &["checkout", "purchase"]),
    (&["update_subscription"], &["upgrade", "subscription update", "plan upgrade"]),
    (&["cancel_subscription"], &["subscription cancellation", "cancelled subscription", "canceled subscription"]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_change_that_people_name_has_a_kind() {
        let reads = ["automate_download", "download_application_build"];
        for name in CALLS.iter().flat_map(|(names, _)| *names).filter(|name| !reads.contains(name)) {
            assert!(EventType::of_call(name).is_some(), "{name}");
        }
    }
}
