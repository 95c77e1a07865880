//! An identity provider, as far as a tenant's settings know it.

use std::sync::LazyLock;

use domain::id::TenantId;
use rcgen::{CertificateParams, DnType, KeyPair};
use serde_json::{Value, json};

/// A certificate of an identity provider, from one day to another: year, month, day.
pub fn certificate(first: (i32, u8, u8), last: (i32, u8, u8)) -> String {
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name.push(DnType::CommonName, "idp.example.com");
    parameters.not_before = rcgen::date_time_ymd(first.0, first.1, first.2);
    parameters.not_after = rcgen::date_time_ymd(last.0, last.1, last.2);
    parameters.self_signed(&KeyPair::generate().unwrap()).unwrap().pem()
}

/// One that counts now.
pub fn current() -> &'static str {
    static CURRENT: LazyLock<String> = LazyLock::new(|| certificate((2020, 1, 1), (2200, 1, 1)));
    &CURRENT
}

/// The fields of page 004's example; `more` replaces and adds some.
pub fn settings(tenant: &TenantId, more: &Value) -> Value {
    let own = |what: &str| format!("https://app.apptego.com/frontend/saml/{what}/{tenant}");
    let mut fields = json!({
        "entity_id": "https://idp.example.com/saml", "sso_url": "https://idp.example.com/sso", "x509_cert": current(),
        "sp_entity_id": own("metadata"), "acs_url": own("acs"), "sls_url": own("sls"), "enabled": true,
    });
    fields.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    fields
}
