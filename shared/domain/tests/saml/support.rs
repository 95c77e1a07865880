//! Certificates made on the spot and recorded ones, and metadata around them.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use domain::error::Error;
use domain::saml::metadata::IdpMetadata;
use domain::time::at;
use jiff::Timestamp;
use rcgen::{CertificateParams, DnType, KeyPair};
use x509_parser::time::ASN1Time;

/// The moment at which everything is read.
pub(crate) const NOW: i64 = 1_800_000_000;

pub(crate) const RSA: &str = include_str!("certificates/rsa-2048.pem");
pub(crate) const OTHER: &str = include_str!("certificates/rsa-other.pem");

pub(crate) fn now() -> Timestamp {
    at(NOW)
}

/// A certificate that is valid between two moments (Unix seconds), as PEM.
pub(crate) fn valid(name: &str, from: i64, to: i64) -> String {
    pem(params(name, from, to).self_signed(&KeyPair::generate().unwrap()).unwrap().der())
}

pub(crate) fn params(name: &str, from: i64, to: i64) -> CertificateParams {
    let date = |seconds| ASN1Time::from_timestamp(seconds).unwrap().to_datetime();
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    (params.not_before, params.not_after) = (date(from), date(to));
    params
}

/// PEM as the settings keep it.
pub(crate) fn pem(der: &[u8]) -> String {
    let base64 = BASE64_STANDARD.encode(der).into_bytes();
    let lines: Vec<_> = base64.chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----", lines.join("\n"))
}

/// What stands between the lines of one block.
pub(crate) fn base64(pem: &str) -> String {
    pem.lines().filter(|line| !line.starts_with('-')).collect()
}

pub(crate) fn der(pem: &str) -> Vec<u8> {
    BASE64_STANDARD.decode(base64(pem)).unwrap()
}

pub(crate) const ROOT: &str =
    "xmlns=\"urn:oasis:names:tc:SAML:2.0:metadata\" entityID=\"https://idp.example.com/saml\"";
pub(crate) const PROVIDER: &str = "protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\"";
pub(crate) const SERVICE: &str = "<SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" Location=\"https://idp.example.com/sso\"/>";

/// The shortest metadata with these parts in it.
pub(crate) fn metadata(root: &str, provider: &str, content: &str) -> String {
    format!("<EntityDescriptor {root}><IDPSSODescriptor {provider}>{content}</IDPSSODescriptor></EntityDescriptor>")
}

/// Metadata of a provider that signs with these certificates, each under a key of its own.
pub(crate) fn signing_with(certificates: &[&str]) -> String {
    let keys: String = certificates.iter().map(|pem| key("use=\"signing\"", &[pem])).collect();
    metadata(ROOT, PROVIDER, &(keys + SERVICE))
}

/// A key with certificates (PEM).
pub(crate) fn key(attributes: &str, certificates: &[&str]) -> String {
    let certificates: String =
        certificates.iter().map(|pem| format!("<X509Certificate>{}</X509Certificate>", base64(pem))).collect();
    format!(
        "<KeyDescriptor {attributes}><KeyInfo xmlns=\"http://www.w3.org/2000/09/xmldsig#\"><X509Data>{certificates}</X509Data></KeyInfo></KeyDescriptor>"
    )
}

pub(crate) fn read(xml: &str) -> Result<IdpMetadata, Error> {
    IdpMetadata::parse(xml, now())
}

/// What is said of metadata that is refused.
pub(crate) fn refused(xml: &str) -> String {
    let error = read(xml).unwrap_err();
    assert!(matches!(error, Error::Invalid { field: "metadata_xml", .. }), "{error:?}");
    let text = error.to_string();
    assert!(text.len() < 300, "{text}");
    text
}

/// The field and the text of a refusal.
pub(crate) fn at_fault<T: std::fmt::Debug>(result: Result<T, Error>) -> (&'static str, String) {
    match result.unwrap_err() {
        Error::Invalid { field, message } => (field, message.into_owned()),
        other => panic!("{other:?}"),
    }
}
