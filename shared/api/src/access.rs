//! The one table of who may call what. A handler names its row in its signature; the OpenAPI document, the audit log and
//! the permission matrix of the tests read the same rows.

use domain::access::{Demand, Effect, PlanGate};
use domain::permission::Permission;
use domain::plan::{Plan, SIGNING_NEEDS_TEAM, TOKENS_NEED_TEAM};

/// Who may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Callers {
    /// The holder of an automation key.
    AutomationKeys,
    /// API tokens and people who signed in.
    Members,
    /// People who signed in.
    People,
    /// Stripe, which signs what it sends.
    Stripe,
}

/// Whether a call concerns a tenant, which its `tenant` header names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The tenant of the key, or none at all.
    Own,
    /// The tenant of the header.
    Tenant,
}

/// One call.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// GET, POST or DELETE.
    pub method: &'static str,
    /// As the router has it.
    pub path: &'static str,
    /// As the audit log names it.
    pub name: &'static str,
    /// Who may call.
    pub callers: Callers,
    /// Whether it needs the `tenant` header.
    pub scope: Scope,
    /// What it demands of a member and its tenant.
    pub demand: Demand,
    /// The fields of its body that the audit log shows.
    pub shown: &'static [&'static str],
}

/// A row as a type, for signatures.
pub trait Route: Send + Sync + 'static {
    /// The row.
    const ROW: Row;
}

impl Row {
    /// Whether members of tenants call it, people or their tokens.
    pub const fn is_for_members(&self) -> bool {
        matches!(self.callers, Callers::Members | Callers::People)
    }

    const fn new(method: &'static str, path: &'static str, name: &'static str, effect: Effect) -> Self {
        let demand = Demand { effect, permission: None, plan: None };
        Self { method, path, name, callers: Callers::Members, scope: Scope::Tenant, demand, shown: &[] }
    }

    /// A call that changes nothing.
    const fn read(method: &'static str, path: &'static str, name: &'static str) -> Self {
        Self::new(method, path, name, Effect::Read)
    }

    /// A call that changes something.
    const fn change(method: &'static str, path: &'static str, name: &'static str) -> Self {
        Self::new(method, path, name, Effect::Change)
    }

    /// It concerns no tenant of the header.
    const fn without_tenant(self, callers: Callers) -> Self {
        Self { callers, scope: Scope::Own, ..self }
    }

    const fn needs(self, permission: Permission) -> Self {
        Self { demand: Demand { permission: Some(permission), ..self.demand }, ..self }
    }

    const fn on_plan(self, minimum: Plan, message: &'static str) -> Self {
        Self { demand: Demand { plan: Some(PlanGate { minimum, message }), ..self.demand }, ..self }
    }

    const fn shows(self, shown: &'static [&'static str]) -> Self {
        Self { shown, ..self }
    }
}

macro_rules! table {
    ($($(#[$doc:meta])* $marker:ident = $row:expr;)*) => {
        $($(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub enum $marker {}

        impl Route for $marker {
            const ROW: Row = $row;
        })*

        /// Every call.
        pub static TABLE: &[Row] = &[$($marker::ROW),*];
    };
}

const BUILDS: Permission = Permission::BuildApplications;
const CONTROLS: Permission = Permission::ModifyConfiguration;
const CERTIFICATES: Permission = Permission::UpdateCertificates;
const MESSAGES: Permission = Permission::ManageCustomMessages;
const USERS: Permission = Permission::UserAndApiManagement;
const SETTINGS: Permission = Permission::ModifyTenantSettings;
const KEYS_NEED_TEAM: &str = "Automation keys require a Team or Enterprise plan";
const PROMOTION_NEEDS_TEAM: &str = "Configuration promotion requires a Team or Enterprise plan";
const LIVE_PUSH_NEEDS_ENTERPRISE: &str = "Live configuration push requires an Enterprise plan";
const MESSAGES_NEED_TEAM: &str = "Custom messages require a Team or Enterprise plan";
const USERS_NEED_TEAM: &str = "Adding users requires a Team or Enterprise plan";
const ENVIRONMENTS_NEED_TEAM: &str = "Deployment environments require a Team or Enterprise plan";
const SIGNING_KEYS_NEED_TEAM: &str = "Signing keys require a Team or Enterprise plan";
const SUPPORT_NEEDS_TEAM: &str = "Support tickets require a Team or Enterprise plan";
const DOCUMENTS_NEED_TEAM: &str = "Custom documents require a Team or Enterprise plan";
const SEARCH_NEEDS_TEAM: &str = "AI Search requires a Team or Enterprise plan";
const LIBRARY_NEEDS_ENTERPRISE: &str = "Custom Library requires an Enterprise plan";
const SAML_NEEDS_ENTERPRISE: &str = "SAML SSO requires an Enterprise plan";

table! {
    // Page 000. Plan and state of the key's tenant are checked by each use case, with the reads that it makes anyway.
    /// Request an upload URL.
    RequestUpload = Row::change("POST", "/automate/upload", "automate_upload").without_tenant(Callers::AutomationKeys)
        .shows(&["file_name", "platform", "version", "file_size", "signing_key_id"]);
    /// Complete a multipart upload.
    CompleteUpload = Row::change("POST", "/automate/upload/complete", "automate_upload_complete")
        .without_tenant(Callers::AutomationKeys).shows(&["file_path"]);
    /// Abort a multipart upload.
    AbortUpload = Row::change("POST", "/automate/upload/abort", "automate_upload_abort")
        .without_tenant(Callers::AutomationKeys).shows(&["file_path"]);
    /// Cancel a build.
    CancelBuild = Row::change("POST", "/automate/cancel/{jobId}", "automate_cancel").without_tenant(Callers::AutomationKeys);
    /// Check a build's status.
    GetBuildStatus = Row::read("GET", "/automate/status/{jobId}", "automate_status").without_tenant(Callers::AutomationKeys);
    /// Download a protected app.
    DownloadBuild = Row::read("GET", "/automate/download/{jobId}", "automate_download")
        .without_tenant(Callers::AutomationKeys);

    // Contracts, "Configuration".
    /// Read a configuration version.
    GetConfig = Row::read("POST", "/frontend/config", "config").shows(&["version"]);
    /// Change the setting of one control.
    UpdateConfig = Row::change("POST", "/frontend/config_update", "config_update").needs(CONTROLS)
        .shows(&["version", "revision"]);
    /// List the preventions.
    GetPreventionOptions = Row::read("POST", "/frontend/config_options_prevention", "config_options_prevention");
    /// List the detections.
    GetDetectionOptions = Row::read("POST", "/frontend/config_options_detection", "config_options_detection");
    /// List the controls of connections.
    GetConnectionOptions = Row::read("POST", "/frontend/config_options_connection", "config_options_connection");
    /// List the settings of devices.
    GetDeviceSettingsOptions =
        Row::read("POST", "/frontend/config_options_device_settings", "config_options_device_settings");
    /// List the obfuscations.
    GetObfuscationOptions = Row::read("POST", "/frontend/config_options_obfuscation", "config_options_obfuscation");
    /// List the settings of builds.
    GetBuildOptions = Row::read("POST", "/frontend/config_options_build", "config_options_build");
    /// Promote a configuration version.
    PromoteConfig = Row::change("POST", "/frontend/promote_config", "promote_config").needs(CONTROLS)
        .on_plan(Plan::Team, PROMOTION_NEEDS_TEAM).shows(&["from", "to", "revision", "dry_run"]);
    /// Publish a configuration version to apps.
    PushLiveConfig = Row::change("POST", "/frontend/push_live_config", "push_live_config").needs(CONTROLS)
        .on_plan(Plan::Enterprise, LIVE_PUSH_NEEDS_ENTERPRISE).shows(&["version", "policy_version"]);
    /// List the built-in certificate authorities.
    GetTrustedRootCas = Row::read("POST", "/frontend/trusted_root_cas", "trusted_root_cas");

    // Page 003, "Certificate Pinning Certificates".
    /// Replace the certificate list.
    UpdateCertificates = Row::change("POST", "/frontend/certificates_update", "certificates_update").needs(CERTIFICATES)
        .shows(&["version", "use_builtin_cas"]);
    /// Delete a certificate.
    DeleteCertificate = Row::change("POST", "/frontend/certificates_delete", "certificates_delete").needs(CERTIFICATES)
        .shows(&["version", "name"]);

    // Page 003, "Custom Messages".
    /// Read the custom message.
    GetCustomMessage = Row::read("POST", "/frontend/get_custom_message", "get_custom_message")
        .on_plan(Plan::Team, MESSAGES_NEED_TEAM).shows(&["version"]);
    /// Replace the custom message.
    UpdateCustomMessage = Row::change("POST", "/frontend/update_custom_message", "update_custom_message").needs(MESSAGES)
        .on_plan(Plan::Team, MESSAGES_NEED_TEAM).shows(&["version", "upload_id"]);
    /// Request an upload URL for a custom message.
    RequestCustomMessageUpload =
        Row::change("POST", "/frontend/custom_message_upload", "custom_message_upload").needs(MESSAGES)
            .on_plan(Plan::Team, MESSAGES_NEED_TEAM);
    /// Show the custom message or not.
    SetCustomMessageActive =
        Row::change("POST", "/frontend/set_custom_message_active", "set_custom_message_active").needs(MESSAGES)
            .on_plan(Plan::Team, MESSAGES_NEED_TEAM).shows(&["version", "in_use"]);

    // Contracts, "Applications and builds".
    /// List applications.
    GetApplications = Row::read("POST", "/frontend/get_applications", "get_applications");
    /// List builds.
    GetApplicationBuilds = Row::read("POST", "/frontend/get_application_builds", "get_application_builds")
        .shows(&["application_id", "platform", "version"]);
    /// Request an upload URL.
    UploadApplicationBuild =
        Row::change("POST", "/frontend/upload_application_build", "upload_application_build").needs(BUILDS)
            .shows(&["file_name", "platform", "version", "file_size", "signing_key_id"]);
    /// Complete a multipart upload.
    CompleteApplicationBuild =
        Row::change("POST", "/frontend/upload_application_build/complete", "upload_application_build_complete")
            .needs(BUILDS).shows(&["file_path"]);
    /// Abort a multipart upload.
    AbortApplicationBuild =
        Row::change("POST", "/frontend/upload_application_build/abort", "upload_application_build_abort")
            .needs(BUILDS).shows(&["file_path"]);
    /// Download a protected app.
    DownloadApplicationBuild = Row::read("POST", "/frontend/download_application_build", "download_application_build")
        .shows(&["start_time"]);
    /// Delete a build.
    DeleteApplicationBuild =
        Row::change("POST", "/frontend/delete_application_build", "delete_application_build").needs(BUILDS)
            .shows(&["start_time"]);
    /// Delete an application.
    DeleteApplication = Row::change("POST", "/frontend/delete_application", "delete_application").needs(BUILDS)
        .shows(&["application_id"]);
    /// Sign a finished build again.
    SignApplicationBuild =
        Row::change("POST", "/frontend/sign_application_build", "sign_application_build").needs(BUILDS)
            .on_plan(Plan::Team, SIGNING_NEEDS_TEAM).shows(&["start_time", "signing_key_id"]);
    /// List signing keys.
    GetSigningKeys = Row::read("GET", "/frontend/signing_keys", "get_signing_keys")
        .on_plan(Plan::Team, SIGNING_KEYS_NEED_TEAM);
    /// Store a signing key.
    CreateSigningKey = Row::change("POST", "/frontend/signing_keys", "create_signing_key").needs(BUILDS)
        .on_plan(Plan::Team, SIGNING_KEYS_NEED_TEAM).shows(&["platform", "name", "key_alias"]);
    /// Delete a signing key.
    DeleteSigningKey = Row::change("POST", "/frontend/signing_keys/delete", "delete_signing_key").needs(BUILDS)
        .on_plan(Plan::Team, SIGNING_KEYS_NEED_TEAM).shows(&["signing_key_id"]);
    /// Choose the default signing key.
    SetDefaultSigningKey = Row::change("POST", "/frontend/signing_keys/default", "set_default_signing_key").needs(BUILDS)
        .on_plan(Plan::Team, SIGNING_KEYS_NEED_TEAM).shows(&["signing_key_id", "default"]);

    // Page 003, "Custom Library / BYOA". Whether it is enabled for the tenant is checked by each use case.
    /// Get the status of the custom library.
    GetLibraryStatus = Row::read("POST", "/frontend/custom_library_status", "custom_library_status")
        .on_plan(Plan::Enterprise, LIBRARY_NEEDS_ENTERPRISE);
    /// Set an app identifier.
    SetLibraryIdentifier =
        Row::change("POST", "/frontend/custom_library_set_identifier", "custom_library_set_identifier").needs(SETTINGS)
            .on_plan(Plan::Enterprise, LIBRARY_NEEDS_ENTERPRISE).shows(&["app_identifier"]);
    /// Download a library.
    DownloadLibrary = Row::read("POST", "/frontend/custom_library_download", "custom_library_download")
        .on_plan(Plan::Enterprise, LIBRARY_NEEDS_ENTERPRISE).shows(&["platform", "build_id", "app_identifier"]);
    /// Delete an app identifier with its libraries.
    DeleteLibrary = Row::change("POST", "/frontend/custom_library_delete", "custom_library_delete").needs(BUILDS)
        .on_plan(Plan::Enterprise, LIBRARY_NEEDS_ENTERPRISE).shows(&["app_identifier"]);

    // Page 004, "Tenant Selection".
    /// List tenants.
    GetTenants = Row::read("GET", "/frontend/get_tenants", "get_tenants").without_tenant(Callers::Members);
    /// Create a tenant.
    CreateTenant = Row::change("POST", "/frontend/create_tenant", "create_tenant").without_tenant(Callers::People)
        .shows(&["tenant_name"]);
    /// Get the tenant's subscription.
    GetTenantSubscription = Row::read("GET", "/frontend/get_tenant_subscription", "get_tenant_subscription");

    // Page 004, "User Management".
    /// List users and permissions.
    GetUsersPermissions = Row::read("GET", "/frontend/get_users_permissions", "get_users_permissions");
    /// Add a user to the tenant.
    AddUserToTenant = Row::change("POST", "/frontend/add_user_to_tenant", "add_user_to_tenant").needs(USERS)
        .on_plan(Plan::Team, USERS_NEED_TEAM).shows(&["user_id"]);
    /// Update a user's or a token's permissions.
    UpdateUserPermissions = Row::change("POST", "/frontend/update_user_permissions", "update_user_permissions").needs(USERS)
        .shows(&["user_id", "permissions"]);
    /// Remove a user from the tenant.
    RemoveUserFromTenant = Row::change("POST", "/frontend/remove_user_from_tenant", "remove_user_from_tenant").needs(USERS)
        .shows(&["user_id"]);

    // Page 004, "API Tokens".
    /// Create an API token.
    CreateApiToken = Row::change("POST", "/frontend/create_api_token", "create_api_token").needs(USERS)
        .on_plan(Plan::Team, TOKENS_NEED_TEAM);
    /// List API tokens.
    GetApiTokensPermissions = Row::read("GET", "/frontend/get_api_tokens_permissions", "get_api_tokens_permissions")
        .on_plan(Plan::Team, TOKENS_NEED_TEAM);
    /// Delete an API token.
    DeleteApiToken = Row::change("POST", "/frontend/delete_api_token", "delete_api_token").needs(USERS)
        .on_plan(Plan::Team, TOKENS_NEED_TEAM).shows(&["token_key"]);

    // Page 004, "Automation Keys".
    /// List automation keys.
    GetAutomationKeys = Row::read("GET", "/frontend/automation/keys", "get_automation_keys")
        .on_plan(Plan::Team, KEYS_NEED_TEAM);
    /// Create an automation key.
    CreateAutomationKey = Row::change("POST", "/frontend/automation/keys", "create_automation_key").needs(USERS)
        .on_plan(Plan::Team, KEYS_NEED_TEAM).shows(&["name"]);
    /// Enable or disable an automation key.
    ToggleAutomationKey = Row::change("POST", "/frontend/automation/keys/toggle", "toggle_automation_key").needs(USERS)
        .on_plan(Plan::Team, KEYS_NEED_TEAM).shows(&["key_id", "enabled"]);
    /// Delete an automation key.
    DeleteAutomationKey = Row::change("POST", "/frontend/automation/keys/delete", "delete_automation_key").needs(USERS)
        .on_plan(Plan::Team, KEYS_NEED_TEAM).shows(&["key_id"]);

    // Page 004, "SAML SSO".
    /// Get the SAML settings.
    GetSamlSettings = Row::read("GET", "/frontend/saml_settings", "get_saml_settings")
        .on_plan(Plan::Enterprise, SAML_NEEDS_ENTERPRISE);
    /// Update the SAML settings.
    UpdateSamlSettings = Row::change("POST", "/frontend/saml_settings", "update_saml_settings").needs(SETTINGS)
        .on_plan(Plan::Enterprise, SAML_NEEDS_ENTERPRISE)
        .shows(&["entity_id", "sso_url", "use_group_authorization", "group_attribute_name", "enabled", "enforce_sso_only",
            "breakglass_account"]);
    /// Delete the SAML settings.
    DeleteSamlSettings = Row::change("DELETE", "/frontend/saml_settings", "delete_saml_settings").needs(SETTINGS)
        .on_plan(Plan::Enterprise, SAML_NEEDS_ENTERPRISE);
    /// Parse an identity provider's metadata.
    ParseSamlMetadata = Row::read("POST", "/frontend/saml_parse_metadata", "saml_parse_metadata").needs(SETTINGS)
        .on_plan(Plan::Enterprise, SAML_NEEDS_ENTERPRISE);
    /// List the SAML group mappings.
    GetSamlGroups = Row::read("GET", "/frontend/saml_groups", "get_saml_groups")
        .on_plan(Plan::Enterprise, SAML_NEEDS_ENTERPRISE);
    /// Create or update a SAML group mapping.
    SaveSamlGroup = Row::change("POST", "/frontend/saml_groups", "save_saml_group").needs(USERS)
        .on_plan(Plan::Enterprise, SAML_NEEDS_ENTERPRISE)
        .shows(&["id", "group_name", "permissions", "description", "enabled"]);

    // Page 004, "Tenant Settings".
    /// Rename the tenant.
    ModifyTenantDetails = Row::change("POST", "/frontend/modify_tenant_details", "modify_tenant_details").needs(SETTINGS)
        .shows(&["tenant_name"]);
    /// Enable or disable deployment environments.
    UpdateDeploymentEnvironments =
        Row::change("POST", "/frontend/update_deployment_environments", "update_deployment_environments").needs(SETTINGS)
            .on_plan(Plan::Team, ENVIRONMENTS_NEED_TEAM).shows(&["enabled"]);
    /// Mark the tenant for deletion.
    DeleteTenant = Row::change("POST", "/frontend/delete_tenant", "delete_tenant").needs(SETTINGS);
    /// Restore the tenant.
    RestoreTenant = Row::new("POST", "/frontend/restore_tenant", "restore_tenant", Effect::Restore).needs(SETTINGS);

    // Page 003, "Support Tickets".
    /// List tickets.
    GetTickets = Row::read("GET", "/frontend/support/tickets", "support_tickets").on_plan(Plan::Team, SUPPORT_NEEDS_TEAM);
    /// Open a ticket.
    CreateTicket = Row::change("POST", "/frontend/support/tickets", "create_support_ticket")
        .on_plan(Plan::Team, SUPPORT_NEEDS_TEAM).shows(&["subject", "attachment_name", "attachment_upload"]);
    /// Read a ticket.
    GetTicket = Row::read("GET", "/frontend/support/tickets/{ticket_id}", "support_ticket")
        .on_plan(Plan::Team, SUPPORT_NEEDS_TEAM);
    /// Comment on a ticket.
    AddTicketComment =
        Row::change("POST", "/frontend/support/tickets/{ticket_id}/comments", "add_support_ticket_comment")
            .on_plan(Plan::Team, SUPPORT_NEEDS_TEAM).shows(&["attachment_name", "attachment_upload"]);
    /// Request an upload URL for an attachment.
    RequestAttachmentUpload =
        Row::change("POST", "/frontend/support/attachments", "support_attachment_upload")
            .on_plan(Plan::Team, SUPPORT_NEEDS_TEAM);
    /// Download an attachment.
    GetAttachment = Row::read("GET", "/frontend/support/attachments/{attachment_id}", "support_attachment")
        .on_plan(Plan::Team, SUPPORT_NEEDS_TEAM);

    // Page 003, "Tenant Documents".
    /// List documents.
    GetDocuments = Row::read("GET", "/frontend/documents", "documents");
    /// Download a custom document.
    DownloadDocument = Row::read("GET", "/frontend/documents/download", "download_document")
        .on_plan(Plan::Team, DOCUMENTS_NEED_TEAM);

    // Page 003, "Sales Contact Requests".
    /// Check the sales contact cooldown.
    GetSalesContactStatus = Row::read("GET", "/frontend/sales_contact/status", "sales_contact_status");
    /// Request sales contact.
    RequestSalesContact = Row::change("POST", "/frontend/sales_contact/request", "request_sales_contact").shows(&["tier"]);

    // Page 003, "Tego Assistant". What is asked is nobody else's: the audit log does not show it.
    /// Send a message.
    SendMessage = Row::change("POST", "/frontend/helpbot/chat", "helpbot_chat");
    /// Get the conversation history.
    GetHistory = Row::read("GET", "/frontend/helpbot/history", "helpbot_history");
    /// Clear the conversation history.
    ClearHistory = Row::new("POST", "/frontend/helpbot/clear", "helpbot_clear", Effect::Leave);
    /// Get the usage status.
    GetUsageStatus = Row::read("GET", "/frontend/helpbot/status", "helpbot_status");

    // Page 003, "AI Search".
    /// Convert a natural language query.
    InterpretSearch = Row::change("POST", "/frontend/nl_search_query", "nl_search_query")
        .on_plan(Plan::Team, SEARCH_NEEDS_TEAM).shows(&["mode"]);

    // Page 003, "Billing Helpers".
    /// Check the subscription.
    CheckSubscription = Row::read("POST", "/frontend/payment/check-subscription", "check_subscription");
    /// Create a checkout session.
    CreateCheckoutSession =
        Row::change("POST", "/frontend/payment/create-checkout-session", "create_checkout_session").needs(SETTINGS)
            .shows(&["subscription"]);
    /// Update the subscription.
    UpdateSubscription = Row::change("POST", "/frontend/payment/update-subscription", "update_subscription").needs(SETTINGS)
        .shows(&["subscription"]);
    /// Cancel the subscription.
    CancelSubscription =
        Row::new("POST", "/frontend/payment/cancel-subscription", "cancel_subscription", Effect::Leave).needs(SETTINGS);
    /// Create a billing portal session.
    CreatePortalSession =
        Row::new("POST", "/frontend/payment/create-portal-session", "create_portal_session", Effect::Leave).needs(SETTINGS);
    /// List invoices.
    ListInvoices = Row::read("POST", "/frontend/payment/list-invoices", "list_invoices").needs(SETTINGS);
    /// Take an event of Stripe.
    TakeStripeEvent = Row::change("POST", "/frontend/payment/webhook-stripe-445692", "stripe_webhook")
        .without_tenant(Callers::Stripe);
}
