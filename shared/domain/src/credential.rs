//! Automation keys: `key_id:key_secret`, as text, as what is kept of it, and the check between them.
//!
//! Documented use pipes the pair through `base64`, which wraps at 76 columns: id, colon and secret stay within 57 bytes.

use std::str::FromStr;

use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretSlice, SecretString};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use crate::id::string_conversions;

const ID_PREFIX: &str = "auto_";
const ID_RANDOM: usize = 15;
/// Secret scanners find a leaked secret by this.
const SECRET_PREFIX: &str = "ak_";
const SECRET_RANDOM: usize = 27;
const SECRET_CHECKSUM: usize = 6;
const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The public half of an automation key: `auto_` and up to 16 letters and digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AutomationKeyId(String);

impl AutomationKeyId {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for AutomationKeyId {
    type Err = crate::error::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let random = text.strip_prefix(ID_PREFIX).unwrap_or_default();
        if (1..=16).contains(&random.len()) && random.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(crate::error::Error::invalid("key_id", "Invalid automation key id"))
        }
    }
}

string_conversions!(AutomationKeyId);

/// The pair that a caller presents or that is shown once when a key is made.
#[derive(Clone, Debug)]
pub struct AutomationKey {
    /// The public half.
    pub id: AutomationKeyId,
    /// The secret half.
    pub secret: SecretString,
}

impl AutomationKey {
    /// Makes a pair of 89 and 160 random bits; the secret ends in a checksum of itself.
    pub fn make(random: &[u8; 84]) -> Self {
        let (for_id, for_secret) = random.split_at(2 * ID_RANDOM);
        let id = format!("{ID_PREFIX}{}", base62(for_id, ID_RANDOM));
        let body = format!("{SECRET_PREFIX}{}", base62(for_secret, SECRET_RANDOM));
        let checksum = checksum(&body);
        Self { id: AutomationKeyId(id), secret: format!("{body}{checksum}").into() }
    }

    /// A key that nobody has: an unreadable header is checked as this one, and costs what a readable one costs.
    pub fn nobody() -> Self {
        Self { id: AutomationKeyId("auto_0".to_owned()), secret: SecretString::from("nobody") }
    }

    /// Reads an `Authorization` header: `Bearer key_id:key_secret`, raw (page 000). `None` for everything else.
    pub fn from_header(header: &str) -> Option<Self> {
        let (scheme, pair) = header.split_once(' ')?;
        let (id, secret) = pair.trim().split_once(':')?;
        if !scheme.eq_ignore_ascii_case("bearer") || !is_secret(secret) {
            return None;
        }
        Some(Self { id: id.parse().ok()?, secret: secret.into() })
    }

    /// What is kept of the secret.
    pub fn hash(&self, pepper: &Pepper) -> SecretHash {
        SecretHash(pepper.mac(self).finalize().into_bytes().into())
    }

    /// `key_id:key_secret`, for the one time at which it is shown.
    pub fn expose(&self) -> String {
        format!("{}:{}", self.id, self.secret.expose_secret())
    }
}

/// HMAC-SHA-256 of a key under the pepper; the secret itself is never kept.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct SecretHash([u8; 32]);

impl SecretHash {
    /// A hash that no key has, so that an unknown id costs what a known one costs.
    pub const NONE: Self = Self([0; 32]);

    /// Compares in constant time.
    pub fn matches(&self, key: &AutomationKey, pepper: &Pepper) -> bool {
        self.0.ct_eq(&key.hash(pepper).0).into()
    }
}

/// Which pepper a hash was made under: the version of the secret that holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PepperVersion(String);

impl PepperVersion {
    /// As the service that keeps the secret names it.
    pub const fn new(name: String) -> Self {
        Self(name)
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The service's own secret under which the secrets of keys are hashed.
#[derive(Clone, Debug)]
pub struct Pepper {
    version: PepperVersion,
    bytes: SecretSlice<u8>,
}

impl Pepper {
    /// Takes the secret's bytes.
    pub fn new(version: PepperVersion, bytes: Vec<u8>) -> Self {
        Self { version, bytes: bytes.into() }
    }

    /// What is kept beside each hash.
    pub const fn version(&self) -> &PepperVersion {
        &self.version
    }

    fn mac(&self, key: &AutomationKey) -> Hmac<Sha256> {
        let mut mac = keyed(self.bytes.expose_secret());
        mac.update(key.id.0.as_bytes());
        mac.update(b":");
        mac.update(key.secret.expose_secret().as_bytes());
        mac
    }
}

#[expect(clippy::expect_used, reason = "HMAC takes keys of every length (RFC 2104, 3)")]
fn keyed(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes keys of every length")
}

/// Whether the text has the form and the checksum of a secret: most mistyped or cut ones end here.
fn is_secret(text: &str) -> bool {
    let expected = SECRET_PREFIX.len() + SECRET_RANDOM + SECRET_CHECKSUM;
    text.len() == expected
        && text.is_ascii()
        && text.starts_with(SECRET_PREFIX)
        && text.split_at(expected - SECRET_CHECKSUM).1 == checksum(text.split_at(expected - SECRET_CHECKSUM).0)
}

fn checksum(body: &str) -> String {
    let mut rest = crc32fast::hash(body.as_bytes());
    let mut digits = [b'0'; SECRET_CHECKSUM];
    for digit in digits.iter_mut().rev() {
        *digit = BASE62[(rest % 62) as usize];
        rest /= 62;
    }
    digits.into_iter().map(char::from).collect()
}

/// `length` base-62 characters, each from two random bytes (the bias is below one in a thousand).
fn base62(random: &[u8], length: usize) -> String {
    let pairs = random.chunks_exact(2).map(|pair| usize::from(pair[0]) << 8 | usize::from(pair[1]));
    pairs.take(length).map(|value| char::from(BASE62[value % BASE62.len()])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> AutomationKey {
        AutomationKey::make(&std::array::from_fn(|index| (index as u8).wrapping_mul(37)))
    }

    fn pepper(bytes: &[u8]) -> Pepper {
        Pepper::new(PepperVersion::new("1".to_owned()), bytes.to_vec())
    }

    #[test]
    fn a_pair_reads_back_and_fits_one_base64_line() {
        let pair = key().expose();
        assert_eq!(pair.len(), 57);
        let read = AutomationKey::from_header(&format!("Bearer {pair}")).unwrap();
        assert_eq!(read.expose(), pair);
    }

    #[test]
    fn a_hash_matches_its_own_key_and_pepper_only() {
        let (pepper, other) = (self::pepper(b"pepper"), self::pepper(b"other"));
        let hash = key().hash(&pepper);
        assert!(hash.matches(&key(), &pepper));
        assert!(!hash.matches(&key(), &other));
        assert!(!SecretHash::NONE.matches(&key(), &pepper));
        let mut renamed = key();
        renamed.id = "auto_x".parse().unwrap();
        assert!(!hash.matches(&renamed, &pepper));
    }

    #[test]
    fn malformed_headers_are_nothing() {
        let pair = key().expose();
        let cut = &pair[..pair.len() - 1];
        let mut typo = pair.clone().into_bytes();
        typo[30] ^= 1;
        let typo = String::from_utf8(typo).unwrap();
        for header in [
            "",
            "Bearer",
            "Bearer ",
            &pair,
            &format!("Basic {pair}"),
            &format!("Bearer {cut}"),
            &format!("Bearer {typo}"),
            "Bearer é:é",
        ] {
            assert!(AutomationKey::from_header(header).is_none(), "{header}");
        }
    }

    #[test]
    fn nothing_secret_is_printed() {
        let key = key();
        let secret = key.expose();
        let secret = secret.split(':').next_back().unwrap();
        assert!(!format!("{key:?} {:?}", pepper(b"pepper")).contains(secret));
    }
}
