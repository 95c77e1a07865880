//! What each recorded event is recorded for: to be refused, if it stands here, and otherwise to succeed.

use std::collections::BTreeSet;

use tests::replays::Replays;

use crate::events::recorded_names;

/// Events with the status that each is refused with.
const REFUSED: &[(&str, u16)] = &[
    ("automate-status/download-invalid-job", 400),
    ("automate-status/status-unknown", 404),
    ("automate-status/unknown-route", 404),
    ("automate-upload/abort-of-another-tenant", 403),
    ("automate-upload/cancel-unknown", 404),
    ("automate-upload/complete-without-parts", 400),
    ("automate-upload/upload-without-credentials", 401),
    ("automate-upload/upload-wrong-method", 405),
    ("billing/cancel-subscription-none", 400),
    ("billing/check-subscription-without-tenant", 400),
    ("billing/create-checkout-session-unknown-plan", 400),
    ("billing/create-portal-session-none", 400),
    ("billing/list-invoices-without-tenant", 400),
    ("billing/update-subscription-none", 400),
    ("billing/webhook-forged", 400),
    ("frontend-builds/abort-application-build-of-another-tenant", 403),
    ("frontend-builds/complete-application-build-without-parts", 400),
    ("frontend-builds/create-signing-key-wrong-password", 400),
    ("frontend-builds/custom-library-delete-cooldown", 400),
    ("frontend-builds/custom-library-download-unknown", 404),
    ("frontend-builds/custom-library-set-identifier-reserved", 400),
    ("frontend-builds/custom-library-status-on-team", 403),
    ("frontend-builds/delete-application-build-running", 409),
    ("frontend-builds/delete-application-unknown", 404),
    ("frontend-builds/delete-signing-key-unknown", 404),
    ("frontend-builds/download-application-build-unknown", 404),
    ("frontend-builds/get-application-builds-cursor", 400),
    ("frontend-builds/get-applications-limit", 400),
    ("frontend-builds/get-signing-keys-without-tenant", 400),
    ("frontend-builds/set-default-signing-key-missing", 400),
    ("frontend-builds/sign-application-build-unknown-key", 400),
    ("frontend-builds/upload-application-build-with-key-on-free", 403),
    ("frontend-config/certificates-delete-unknown", 404),
    ("frontend-config/certificates-update-documented-version", 400),
    ("frontend-config/certificates-update-invalid", 400),
    ("frontend-config/config-options-build-without-tenant", 400),
    ("frontend-config/config-options-connection-without-tenant", 400),
    ("frontend-config/config-options-detection-without-tenant", 400),
    ("frontend-config/config-options-device-settings-without-tenant", 400),
    ("frontend-config/config-options-obfuscation-without-tenant", 400),
    ("frontend-config/config-options-prevention-without-tenant", 400),
    ("frontend-config/config-unknown-version", 400),
    ("frontend-config/config-update-invalid", 400),
    ("frontend-config/config-update-stale", 409),
    ("frontend-config/config-update-two-controls", 400),
    ("frontend-config/config-update-unavailable", 400),
    ("frontend-config/config-without-version", 400),
    ("frontend-config/custom-message-upload-without-permission", 403),
    ("frontend-config/get-custom-message-without-version", 400),
    ("frontend-config/promote-config-down", 400),
    ("frontend-config/push-live-config-unknown", 404),
    ("frontend-config/set-custom-message-active-without-message", 400),
    ("frontend-config/trusted-root-cas-without-tenant", 400),
    ("frontend-config/update-custom-message-missing", 400),
    ("frontend-config/update-custom-message-uploaded", 404),
    ("frontend-users/add-user-to-tenant-invalid", 400),
    ("frontend-users/create-api-token-without-credentials", 401),
    ("frontend-users/create-automation-key-short-name", 400),
    ("frontend-users/create-tenant-short-name", 400),
    ("frontend-users/create-tenant-wrong-method", 405),
    ("frontend-users/delete-api-token-unknown", 404),
    ("frontend-users/delete-automation-key-unknown", 404),
    ("frontend-users/delete-saml-settings-unconfigured", 404),
    ("frontend-users/delete-tenant-without-permission", 403),
    ("frontend-users/get-api-tokens-permissions-tenant-name", 400),
    ("frontend-users/get-automation-keys-with-automation-key", 401),
    ("frontend-users/get-saml-groups-on-team", 403),
    ("frontend-users/get-saml-settings-on-team", 403),
    ("frontend-users/get-tenant-subscription-without-tenant", 400),
    ("frontend-users/get-tenants-without-credentials", 401),
    ("frontend-users/get-users-permissions-without-tenant", 400),
    ("frontend-users/modify-tenant-details-invalid", 400),
    ("frontend-users/remove-user-from-tenant-self", 409),
    ("frontend-users/restore-tenant-unmarked", 409),
    ("frontend-users/saml-parse-metadata-doctype", 400),
    ("frontend-users/save-saml-group-unknown", 404),
    ("frontend-users/toggle-automation-key-incomplete", 400),
    ("frontend-users/update-deployment-environments-text", 400),
    ("frontend-users/update-saml-settings-incomplete", 400),
    ("frontend-users/update-user-permissions-unknown", 400),
    ("helpbot/clear-without-credentials", 401),
    ("helpbot/history-without-tenant", 400),
    ("helpbot/search-not-understood", 422),
    ("helpbot/search-on-free", 403),
    ("helpbot/send-message-empty", 400),
    ("helpbot/status-without-tenant", 400),
    ("support/add-comment-unknown", 404),
    ("support/create-ticket-on-free", 403),
    ("support/create-ticket-without-subject", 400),
    ("support/download-document-escaping", 404),
    ("support/get-attachment-unknown", 404),
    ("support/get-ticket-unknown", 404),
    ("support/list-documents-without-tenant", 400),
    ("support/list-tickets-without-tenant", 400),
    ("support/request-attachment-upload-without-tenant", 400),
    ("support/request-sales-contact-free", 400),
    ("support/sales-contact-status-without-tenant", 400),
];

/// The status that an event is refused with; `None` for one that is recorded to succeed.
pub(crate) fn refusal(name: &str) -> Option<u16> {
    REFUSED.iter().find(|(known, _)| *known == name).map(|(_, status)| *status)
}

#[test]
fn every_refusal_is_of_one_recorded_event() {
    let recorded: BTreeSet<String> = recorded_names().into_iter().collect();
    let refused: BTreeSet<String> = REFUSED.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(refused.len(), REFUSED.len(), "an event stands there twice");
    assert_eq!(refused.difference(&recorded).collect::<Vec<_>>(), Vec::<&String>::new());
}

#[test]
#[should_panic(expected = r#"only refused, though recorded to succeed: ["twice"]"#)]
fn an_event_that_no_caller_of_a_test_succeeds_with_is_found() {
    let replays = Replays::default();
    for (name, succeeded) in [("once", true), ("once", false), ("twice", false), ("twice", false)] {
        replays.note(name, succeeded);
    }
}
