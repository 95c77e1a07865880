//! The shapes of what is read and shown as JSON, for the OpenAPI document alone: the domain reads and writes them.

use utoipa::ToSchema;

/// The setting of a control. A control has some of these fields (`config_options_…` tells its `type`); `null` is as good as absent, but
/// takes a `platform` away.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) struct ControlSetting {
    /// Whether a control of the type on/off is on.
    #[schema(example = true)]
    protection: Option<bool>,
    /// Whether a control of the type response is on.
    #[schema(example = true)]
    detection: Option<bool>,
    /// What the app does: a response that the tenant's plan has.
    #[schema(example = "alert")]
    action: Option<String>,
    /// Of the message, at most 2,000 characters.
    #[schema(example = "Connection refused")]
    title: Option<String>,
    /// The message, at most 2,000 characters.
    #[schema(example = "This network is not trusted.")]
    message: Option<String>,
    /// Labels of at most 4 buttons, of at most 2,000 characters each.
    #[schema(max_items = 4, example = json!(["Why", "Quit"]))]
    buttons: Option<Vec<String>>,
    /// What each button does: a response, `open_keyboard_settings`, or an empty text, which lets the app go on.
    #[schema(max_items = 4, example = json!(["redirect", "close"]))]
    actions: Option<Vec<String>>,
    /// Where each button leads: an HTTPS URL, `device_settings`, or an empty text.
    #[schema(max_items = 4, example = json!(["https://example.com/why", ""]))]
    redirects: Option<Vec<String>>,
    /// Narrows the control to `android`, `ios` or `both`.
    #[schema(example = "android")]
    platform: Option<String>,
    /// Narrows a control of connections to these hosts, at most 50.
    #[schema(max_items = 50, example = json!(["api.example.com", "*.example.org"]))]
    domains: Option<Vec<String>>,
}

/// An entry of the certificate list.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) struct CertificateEntry {
    /// Unique in its list, 1 to 256 characters.
    #[schema(example = "Example API")]
    name: String,
    /// Hash of the certificate's DER; stored in uppercase. Another length than the algorithm gives cannot be enforced.
    #[schema(pattern = "^[0-9A-Fa-f]{40,128}$", example = "A1B2C3D4E5F60718293A4B5C6D7E8F9012345678")]
    thumbprint: String,
    /// What `thumbprint` was made with: `sha1`, `sha224`, `sha256`, `sha384`, `sha512`, `sha3_224`, `sha3_256`, `sha3_384` or `sha3_512`.
    #[schema(example = "sha256")]
    algorithm: String,
    /// The certificate's last second, Unix seconds.
    #[schema(example = 1_767_225_600)]
    expires: Option<i64>,
    /// The hosts that must present it, or one: at most 50 names, each with at most one `*.` before it.
    #[schema(example = json!(["api.example.com"]))]
    domains: Option<Domains>,
    /// The customer's own mark.
    isdefault: Option<bool>,
    /// The customer's own mark.
    isca: Option<bool>,
    /// Base64 of the SHA-256 of its public key (SPKI): what the platforms compare.
    #[schema(example = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")]
    spki_sha256: Option<String>,
    /// The certificate itself, from which `spki_sha256` is taken. It is not kept.
    certificate_pem: Option<String>,
}

/// Names of hosts.
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) enum Domains {
    /// One.
    One(String),
    /// Several.
    Several(Vec<String>),
}
