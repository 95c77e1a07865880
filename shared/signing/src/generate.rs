//! New signing keys with self-signed certificates.

use p12_keystore::{Certificate, KeyStore, KeyStoreEntry, PrivateKey, PrivateKeyChain};
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, RsaKeySize};
use x509_parser::time::ASN1Time;

/// Kinds of keys that can be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NewKey {
    /// RSA with 2048 bits, what most packages are signed with.
    Rsa2048,
    /// RSA with 3072 bits.
    Rsa3072,
    /// RSA with 4096 bits.
    Rsa4096,
    /// NIST P-256.
    P256,
    /// NIST P-384.
    P384,
}

/// Why no keystore could be made.
#[derive(Debug, thiserror::Error)]
pub enum GenerateError {
    /// The validity ends outside of what certificates can express.
    #[error("{years} years from {now_unix} is not a date that a certificate can carry")]
    Validity {
        /// Start of validity in Unix seconds.
        now_unix: i64,
        /// Length of validity.
        years: u32,
    },
    /// The key or its certificate could not be made.
    #[error("the certificate could not be made")]
    Certificate(#[source] rcgen::Error),
    /// The keystore could not be written.
    #[error("the keystore could not be written")]
    Keystore(#[source] p12_keystore::error::Error),
}

/// Makes a key and a certificate for `common_name`, valid from `now_unix` (Unix seconds) for `years` years of 365.25
/// days, and returns both as PKCS#12 under `password` and `alias` (PBES2 with AES-256, HMAC-SHA-256).
///
/// Takes up to seconds for the larger RSA keys.
pub fn self_signed_pkcs12(
    common_name: &str,
    password: &str,
    alias: &str,
    kind: NewKey,
    now_unix: i64,
    years: u32,
) -> Result<Vec<u8>, GenerateError> {
    let key = new_key(kind).map_err(GenerateError::Certificate)?;
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
    let end = now_unix.checked_add(i64::from(years).saturating_mul(31_557_600));
    let date = |seconds| ASN1Time::from_timestamp(seconds).ok().map(|time| time.to_datetime());
    let (Some(not_before), Some(not_after)) = (date(now_unix), end.and_then(date)) else {
        return Err(GenerateError::Validity { now_unix, years });
    };
    (params.not_before, params.not_after) = (not_before, not_after);
    let certificate = params.self_signed(&key).map_err(GenerateError::Certificate)?;
    write(certificate.der(), &key, password, alias).map_err(GenerateError::Keystore)
}

fn new_key(kind: NewKey) -> Result<KeyPair, rcgen::Error> {
    let rsa = |size| KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, size);
    match kind {
        NewKey::Rsa2048 => rsa(RsaKeySize::_2048),
        NewKey::Rsa3072 => rsa(RsaKeySize::_3072),
        NewKey::Rsa4096 => rsa(RsaKeySize::_4096),
        NewKey::P256 => KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256),
        NewKey::P384 => KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384),
    }
}

fn write(certificate: &[u8], key: &KeyPair, password: &str, alias: &str) -> p12_keystore::Result<Vec<u8>> {
    let pkcs8 = zeroize::Zeroizing::new(key.serialize_der());
    let chain = PrivateKeyChain::new(alias, PrivateKey::from_der(&pkcs8)?, [Certificate::from_der(certificate)?]);
    let mut store = KeyStore::new();
    store.add_entry(alias, KeyStoreEntry::PrivateKeyChain(chain));
    store.writer(password).write()
}
