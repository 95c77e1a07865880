//! Signing keys with their certificates.

mod jks;
mod pkcs12;
mod private;

use std::fmt;

pub(crate) use private::{CannotSign, PrivateKey};

use crate::message::listed;
use crate::{Certificate, ValidityError};

/// A keystore of a few keys takes some kilobytes; each bag can cost a key derivation, so their number must be bounded.
const MAX_KEYSTORE: usize = 256 * 1024;
/// First bytes of Java's other form, whose keys are encrypted otherwise.
const JCEKS: [u8; 4] = [0xCE, 0xCE, 0xCE, 0xCE];

/// Kind and size of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// RSA with the modulus' length in bits.
    Rsa(u32),
    /// NIST P-256.
    P256,
    /// NIST P-384.
    P384,
    /// NIST P-521.
    P521,
}

impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rsa(bits) => write!(f, "RSA {bits}"),
            Self::P256 => f.write_str("EC P-256"),
            Self::P384 => f.write_str("EC P-384"),
            Self::P521 => f.write_str("EC P-521"),
        }
    }
}

/// Why a keystore yields no signer. No variant carries key material or a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The integrity check or the decryption failed under this password.
    #[error("the keystore's password is wrong, or the keystore is damaged")]
    WrongPassword,
    /// The integrity check of one key failed under its password.
    #[error("the password of the key {alias:?} is wrong, or the key is damaged")]
    WrongKeyPassword {
        /// Alias of the key.
        alias: String,
    },
    /// Neither PKCS#12 nor JKS, or a file that breaks its own format.
    #[error("the keystore cannot be read: {0}")]
    Unreadable(String),
    /// A kind of keystore that is not read here.
    #[error("keystores of kind {0} are not supported; `keytool -importkeystore -deststoretype PKCS12` converts them")]
    UnsupportedKeystore(&'static str),
    /// Encrypted or authenticated in a way that is not supported.
    #[error("the keystore uses an encryption or integrity algorithm that is not supported")]
    UnsupportedEncryption,
    /// The keystore holds no private key.
    #[error("the keystore holds no private key")]
    NoKey,
    /// No key has the alias asked for.
    #[error("the keystore has no key with alias {wanted:?}; it has {}", listed(.aliases))]
    NoSuchAlias {
        /// Alias asked for.
        wanted: String,
        /// Aliases of the keys in the keystore.
        aliases: Vec<String>,
    },
    /// Several keys, and the caller named none (or an alias that several of them bear).
    #[error("the keystore holds several keys, name one of {}", listed(.aliases))]
    SeveralKeys {
        /// Aliases of the keys in the keystore.
        aliases: Vec<String>,
    },
    /// No certificate in the keystore has the private key's public half.
    #[error("no certificate in the keystore belongs to the private key {alias:?}")]
    CertificateMismatch {
        /// Alias of the key.
        alias: String,
    },
    /// A kind or size of key that package signatures do not take, or this program cannot use.
    #[error("keys of kind {0} are not supported; use RSA 2048 to 8192 or EC P-256, P-384, P-521")]
    UnsupportedKey(String),
    /// The private key contradicts itself.
    #[error("the private key is damaged")]
    DamagedKey,
}

/// The entry that `wanted` names, or the only one.
fn choose<T>(mut named: Vec<(String, T)>, wanted: Option<&str>) -> Result<(String, T), KeyError> {
    let aliases: Vec<String> = named.iter().map(|(alias, _)| alias.clone()).collect();
    if named.is_empty() {
        return Err(KeyError::NoKey);
    }
    named.retain(|(alias, _)| wanted.is_none_or(|wanted| same_alias(alias, wanted)));
    match (named.pop(), named.pop(), wanted) {
        (Some(chosen), None, _) => Ok(chosen),
        (None, _, Some(wanted)) => Err(KeyError::NoSuchAlias { wanted: wanted.to_owned(), aliases }),
        _ => Err(KeyError::SeveralKeys { aliases }),
    }
}

/// Java keystores fold aliases to lower case, so the case that people type does not count.
fn same_alias(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}

/// A private key with its certificate chain, ready to sign packages.
pub struct Signer {
    key: PrivateKey,
    alias: String,
    certificate: Certificate,
    issuers: Vec<Certificate>,
}

impl Signer {
    /// Opens a keystore whose kind its first bytes tell: PKCS#12 or JKS.
    ///
    /// In JKS each key has a password of its own, which is the store's where `key_password` is `None`; PKCS#12 has one for all, and takes no other.
    /// Aliases compare without regard to case, as in Java. Without `alias` the keystore must hold one key.
    pub fn from_keystore(
        bytes: &[u8],
        password: &str,
        key_password: Option<&str>,
        alias: Option<&str>,
    ) -> Result<Self, KeyError> {
        if bytes.len() > MAX_KEYSTORE {
            return Err(KeyError::Unreadable(format!("it is longer than {MAX_KEYSTORE} bytes")));
        }
        match bytes {
            [0x30, ..] => pkcs12::open(bytes, password, key_password, alias),
            _ if bytes.starts_with(&jks::MAGIC) => jks::open(bytes, password, key_password, alias),
            _ if bytes.starts_with(&JCEKS) => Err(KeyError::UnsupportedKeystore("JCEKS")),
            _ => Err(KeyError::Unreadable("it is neither PKCS#12 nor JKS".to_owned())),
        }
    }

    /// Opens a PKCS#12 keystore: PBES2 and the older PBES1 (3DES, RC2) encryption, SHA-1 and SHA-2 integrity.
    ///
    /// As [`from_keystore`](Self::from_keystore), which also takes other kinds.
    pub fn from_pkcs12(bytes: &[u8], password: &str, alias: Option<&str>) -> Result<Self, KeyError> {
        Self::from_keystore(bytes, password, None, alias)
    }

    /// Takes the key's own certificate and its issuers out of `certificates`.
    fn with_certificates(key: PrivateKey, alias: String, certificates: &[Certificate]) -> Result<Self, KeyError> {
        let is_own = |found: &&Certificate| found.public_key_bits().is_some_and(|bits| key.matches(&bits));
        let Some(own) = certificates.iter().find(is_own) else {
            return Err(KeyError::CertificateMismatch { alias });
        };
        let certificate = own.clone();
        let issuers = Certificate::chain(own, certificates).split_off(1);
        Ok(Self { key, alias, certificate, issuers })
    }

    pub(crate) fn key(&self) -> &PrivateKey {
        &self.key
    }

    /// Name of the key in its keystore.
    pub fn alias(&self) -> &str {
        &self.alias
    }

    /// Kind and size of the key; its text form is the description, such as `RSA 2048`.
    pub fn kind(&self) -> KeyKind {
        self.key.kind()
    }

    /// The key's own certificate.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// Whether the key's own certificate is valid at `now`, in Unix seconds.
    ///
    /// # Errors
    /// Before that time and after it. Android installs packages that are signed with such a key nevertheless, Apple's devices
    /// do not.
    pub fn check_validity(&self, now: i64) -> Result<(), ValidityError> {
        self.certificate.check_validity(now)
    }

    /// DER of the key's own certificate.
    pub fn certificate_der(&self) -> &[u8] {
        self.certificate.der()
    }

    /// SHA-256 of the certificate in lowercase hexadecimal.
    pub fn certificate_sha256(&self) -> String {
        self.certificate.sha256()
    }

    /// The key's certificate, followed by its issuers as far as the keystore has them.
    pub fn chain(&self) -> impl Iterator<Item = &Certificate> {
        std::iter::once(&self.certificate).chain(&self.issuers)
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer")
            .field("alias", &self.alias)
            .field("kind", &self.kind())
            .field("certificate", &self.certificate)
            .finish_non_exhaustive()
    }
}
