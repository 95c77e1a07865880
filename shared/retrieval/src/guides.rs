//! The guides, as they stand under `docs/guides`.

macro_rules! guides {
    ($($name:literal)*) => {
        /// Path from the root of the repository, and content. A test holds the list against the folder.
        pub const GUIDES: &[(&str, &str)] = &[$((
            concat!("docs/guides/", $name, ".md"),
            include_str!(concat!("../../../docs/guides/", $name, ".md")),
        )),*];
    };
}

guides! {
    "api-tokens"
    "applications-and-builds"
    "assistant"
    "audit-and-monitoring"
    "automation-calls"
    "automation-keys"
    "billing"
    "build-status"
    "certificate-pinning"
    "ci-upload-and-download"
    "configuration"
    "controls"
    "controls-build"
    "controls-connection"
    "controls-detection"
    "controls-device-settings"
    "controls-obfuscation"
    "controls-prevention"
    "custom-library"
    "custom-messages"
    "documents"
    "errors"
    "getting-started"
    "live-policies"
    "plans-and-limits"
    "promotion"
    "retries"
    "sales-contact"
    "saml"
    "signing-in"
    "signing-keys"
    "support-tickets"
    "tenants"
    "users-and-permissions"
}
