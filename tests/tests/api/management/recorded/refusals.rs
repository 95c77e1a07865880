//! Mistakes of clients whose answers differ in nothing but status, code and text.

use domain::plan::Plan;
use serde_json::{Value, json};
use tests::harness::Bench;

use super::answer;
use crate::events::recorded;
use crate::outcomes::refusal;

const NO_TENANT: (&str, &str) = ("invalid_tenant", "Tenant is missing");
const NOT_ON_TEAM: (&str, &str) = ("plan_required", "SAML SSO requires an Enterprise plan");
const NO_JOB: (&str, &str) = ("not_found", "Job not found");
const FOREIGN_PATH: (&str, &str) = ("forbidden", "The upload path does not belong to this tenant");
const CURSOR: &str = "Invalid cursor: use one that this list answered, with the same filters";
const NO_BOOLEAN: &str =
    r#"Invalid field: enabled: invalid type: string "true", expected a boolean at line 1 column 18"#;

/// Event, and code and error of the answer to a tenant on TEAM.
const MISTAKES: [(&str, (&str, &str)); 39] = [
    ("automate-upload/complete-without-parts", ("invalid_parts", "Parts are missing")),
    ("automate-upload/abort-of-another-tenant", FOREIGN_PATH),
    ("automate-upload/cancel-unknown", NO_JOB),
    ("automate-status/status-unknown", NO_JOB),
    ("automate-status/download-invalid-job", ("invalid_job_id", "Invalid job ID")),
    ("frontend-builds/get-applications-limit", ("invalid_limit", "Limit must be 1 to 100")),
    ("frontend-builds/get-application-builds-cursor", ("invalid_cursor", CURSOR)),
    ("frontend-builds/complete-application-build-without-parts", ("invalid_parts", "Parts are missing")),
    ("frontend-builds/abort-application-build-of-another-tenant", FOREIGN_PATH),
    ("frontend-builds/download-application-build-unknown", NO_JOB),
    ("frontend-builds/delete-application-unknown", ("not_found", "Application not found")),
    ("frontend-builds/get-signing-keys-without-tenant", NO_TENANT),
    ("frontend-builds/delete-signing-key-unknown", ("not_found", "Signing key not found")),
    ("frontend-builds/set-default-signing-key-missing", ("invalid_signing_key_id", "Signing key ID is missing")),
    ("frontend-config/config-options-prevention-without-tenant", NO_TENANT),
    ("frontend-config/config-options-detection-without-tenant", NO_TENANT),
    ("frontend-config/config-options-connection-without-tenant", NO_TENANT),
    ("frontend-config/config-options-device-settings-without-tenant", NO_TENANT),
    ("frontend-config/config-options-obfuscation-without-tenant", NO_TENANT),
    ("frontend-config/config-options-build-without-tenant", NO_TENANT),
    ("frontend-config/trusted-root-cas-without-tenant", NO_TENANT),
    ("frontend-config/get-custom-message-without-version", ("invalid_version", "Version is missing")),
    ("frontend-users/get-users-permissions-without-tenant", NO_TENANT),
    ("frontend-users/get-api-tokens-permissions-tenant-name", ("invalid_tenant", "Invalid tenant id")),
    ("frontend-users/delete-api-token-unknown", ("not_found", "API token not found")),
    ("frontend-users/get-automation-keys-with-automation-key", ("unauthenticated", "Authentication failed")),
    ("frontend-users/delete-automation-key-unknown", ("not_found", "Automation key not found")),
    ("frontend-users/get-saml-settings-on-team", NOT_ON_TEAM),
    ("frontend-users/get-saml-groups-on-team", NOT_ON_TEAM),
    ("frontend-users/update-deployment-environments-text", ("invalid_body", NO_BOOLEAN)),
    ("support/list-tickets-without-tenant", NO_TENANT),
    ("support/request-attachment-upload-without-tenant", NO_TENANT),
    ("support/list-documents-without-tenant", NO_TENANT),
    ("support/sales-contact-status-without-tenant", NO_TENANT),
    ("billing/check-subscription-without-tenant", NO_TENANT),
    ("helpbot/history-without-tenant", NO_TENANT),
    ("helpbot/status-without-tenant", NO_TENANT),
    ("billing/list-invoices-without-tenant", NO_TENANT),
    ("frontend-users/restore-tenant-unmarked", ("tenant_not_pending_deletion", "The tenant is not pending deletion")),
];

#[tokio::test(flavor = "multi_thread")]
async fn recorded_mistakes_are_refused_with_what_is_wrong() {
    let bench = Bench::start().await;
    let (owner, key) = (bench.owner(), bench.key.expose());
    for (name, said) in MISTAKES {
        let key = [("$APPTEGO_API_KEY", &*key)];
        let key = if recorded(name).contains(key[0].0) { &key[..] } else { &[] };
        assert_eq!(answer(&bench, name, &owner, key).await, refused(name, said), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn recorded_deletion_of_saml_that_was_never_configured_is_refused() {
    let bench = Bench::start().await;
    let (tenant, _) = bench.another_tenant(7, Plan::Enterprise).await;
    let name = "frontend-users/delete-saml-settings-unconfigured";
    let answer = answer(&bench, name, &bench.owner().in_tenant(&tenant.id), &[]).await;
    assert_eq!(answer, refused(name, ("not_found", "SAML is not configured")));
}

/// The whole answer.
fn refused(name: &str, (code, error): (&str, &str)) -> Value {
    let status = refusal(name).unwrap();
    let mut headers = json!({ "content-type": "application/json", "x-request-id": "[id]" });
    if status == 401 {
        headers["www-authenticate"] = "Bearer".into();
    }
    json!({ "status": status, "headers": headers, "body": { "code": code, "error": error, "request_id": "[id]" } })
}
