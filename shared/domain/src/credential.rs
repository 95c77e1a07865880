//! Automation keys and API tokens: `id:secret`, as text, as what is kept of it, and the check between them.
//!
//! Documented use pipes the pair through `base64`, which wraps at 76 columns: id, colon and secret stay within 57 bytes.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::{Engine as _, alphabet};
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretSlice, SecretString};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::error::Error;

const ID_RANDOM: usize = 15;
const SECRET_RANDOM: usize = 27;
const SECRET_CHECKSUM: usize = 6;
/// With its prefix of three characters.
pub(crate) const SECRET_LENGTH: usize = 3 + SECRET_RANDOM + SECRET_CHECKSUM;
const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Random bytes that a pair is made of.
pub const RANDOM_BYTES: usize = 2 * (ID_RANDOM + SECRET_RANDOM);

/// What a pair opens, and how its halves begin.
pub trait Kind {
    /// Begins its id.
    const ID_PREFIX: &'static str;
    /// Begins its secret: secret scanners find a leaked one by this.
    const SECRET_PREFIX: &'static str;
    /// The field of an id, as it is written on the wire.
    const FIELD: &'static str;
    /// What is said of a malformed id.
    const INVALID: &'static str;
}

/// Opens the Automation API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Automation {}

/// Opens the Management API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Management {}

impl Kind for Automation {
    const ID_PREFIX: &'static str = "auto_";
    const SECRET_PREFIX: &'static str = "ak_";
    const FIELD: &'static str = "key_id";
    const INVALID: &'static str = "Invalid automation key id";
}

impl Kind for Management {
    const ID_PREFIX: &'static str = "atk_";
    const SECRET_PREFIX: &'static str = "at_";
    const FIELD: &'static str = "token_key";
    const INVALID: &'static str = "Invalid token key";
}

/// The public half: the prefix of its kind and up to 16 letters and digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String", bound = "K: Kind + Clone")]
pub struct CredentialId<K>(String, PhantomData<K>);

/// The public half of an automation key.
pub type AutomationKeyId = CredentialId<Automation>;
/// The public half of an API token.
pub type ApiTokenId = CredentialId<Management>;

impl<K: Kind> CredentialId<K> {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    const fn of(text: String) -> Self {
        Self(text, PhantomData)
    }
}

impl<K: Kind> FromStr for CredentialId<K> {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let random = text.strip_prefix(K::ID_PREFIX).unwrap_or_default();
        if (1..=16).contains(&random.len()) && random.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            Ok(Self::of(text.to_owned()))
        } else {
            Err(Error::invalid(K::FIELD, K::INVALID))
        }
    }
}

impl<K> fmt::Display for CredentialId<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<K: Kind> TryFrom<String> for CredentialId<K> {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl<K> From<CredentialId<K>> for String {
    fn from(id: CredentialId<K>) -> Self {
        id.0
    }
}

/// The pair that a caller presents or that is shown once when it is made.
#[derive(Clone, Debug)]
pub struct Credential<K> {
    /// The public half.
    pub id: CredentialId<K>,
    /// The secret half.
    pub secret: SecretString,
}

/// A key of the Automation API.
pub type AutomationKey = Credential<Automation>;
/// A token of the Management API.
pub type ApiToken = Credential<Management>;

impl<K: Kind> Credential<K> {
    /// Makes a pair of 89 and 160 random bits; the secret ends in a checksum of itself.
    pub fn make(random: &[u8; RANDOM_BYTES]) -> Self {
        let (for_id, for_secret) = random.split_at(2 * ID_RANDOM);
        let id = format!("{}{}", K::ID_PREFIX, base62(for_id, ID_RANDOM));
        let body = format!("{}{}", K::SECRET_PREFIX, base62(for_secret, SECRET_RANDOM));
        let checksum = checksum(&body);
        Self { id: CredentialId::of(id), secret: format!("{body}{checksum}").into() }
    }

    /// A pair that nobody has: an unreadable header is checked as this one, and costs what a readable one costs.
    pub fn nobody() -> Self {
        Self { id: CredentialId::of(format!("{}0", K::ID_PREFIX)), secret: SecretString::from("nobody") }
    }

    /// Reads `id:secret`.
    fn from_pair(pair: &str) -> Option<Self> {
        let (id, secret) = pair.split_once(':')?;
        Some(Self { id: id.parse().ok()?, secret: is_secret::<K>(secret).then_some(secret)?.into() })
    }

    /// What is kept of the secret.
    pub fn hash(&self, pepper: &Pepper) -> SecretHash {
        SecretHash(pepper.mac(self).finalize().into_bytes().into())
    }

    /// `id:secret`, for the one time at which it is shown.
    pub fn expose(&self) -> String {
        format!("{}:{}", self.id, self.secret.expose_secret())
    }
}

impl AutomationKey {
    /// Reads an `Authorization` header: `Bearer key_id:key_secret`, raw (page 000). `None` for everything else.
    pub fn from_header(header: &str) -> Option<Self> {
        Self::from_pair(bearer(header)?)
    }
}

impl ApiToken {
    /// Reads Base64 of `token_key:token_secret` (page 001), in the standard or the URL-safe alphabet, padded or not.
    pub fn from_base64(text: &str) -> Option<Self> {
        let standard: String = text
            .chars()
            .map(|c| {
                if c == '-' {
                    '+'
                } else if c == '_' {
                    '/'
                } else {
                    c
                }
            })
            .collect();
        let bytes = Zeroizing::new(ANY_PADDING.decode(standard).ok()?);
        Self::from_pair(std::str::from_utf8(&bytes).ok()?)
    }
}

/// The credentials of an `Authorization` header of the Bearer scheme (RFC 6750, 2.1).
pub fn bearer(header: &str) -> Option<&str> {
    let (scheme, credentials) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| credentials.trim())
}

const ANY_PADDING: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// HMAC-SHA-256 of a key under the pepper; the secret itself is never kept. There is one way to compare two, in constant time:
/// ```compile_fail,E0369
/// fn is_same(one: domain::credential::SecretHash, other: domain::credential::SecretHash) -> bool {
///     one == other
/// }
/// ```
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct SecretHash([u8; 32]);

impl SecretHash {
    /// A hash that no key has, so that an unknown id costs what a known one costs.
    pub const NONE: Self = Self([0; 32]);

    /// Compares in constant time.
    pub fn matches<K: Kind>(&self, key: &Credential<K>, pepper: &Pepper) -> bool {
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

    /// HMAC-SHA-256 of some texts, none of which has a line break, for one purpose: nothing that is made for another one has it.
    pub(crate) fn tag(&self, purpose: &str, texts: &[&str]) -> [u8; 32] {
        // No id of a credential has a line break either.
        let mut mac = keyed(self.bytes.expose_secret());
        for text in std::iter::once(&purpose).chain(texts) {
            mac.update(text.as_bytes());
            mac.update(b"\n");
        }
        mac.finalize().into_bytes().into()
    }

    fn mac<K>(&self, key: &Credential<K>) -> Hmac<Sha256> {
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

/// Whether the text is a secret of either kind.
pub(crate) fn is_any_secret(text: &str) -> bool {
    is_secret::<Automation>(text) || is_secret::<Management>(text)
}

/// Whether the text has the form and the checksum of a secret: most mistyped or cut ones end here.
fn is_secret<K: Kind>(text: &str) -> bool {
    let body = SECRET_LENGTH - SECRET_CHECKSUM;
    text.len() == SECRET_LENGTH
        && text.is_ascii()
        && text.starts_with(K::SECRET_PREFIX)
        && text.split_at(body).1 == checksum(text.split_at(body).0)
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
    fn a_token_is_read_in_both_alphabets_with_and_without_padding_and_a_key_is_none() {
        let token = ApiToken::make(&std::array::from_fn(|index| (index as u8).wrapping_mul(91)));
        let pair = token.expose();
        assert!(pair.len() <= 57);
        let padded = base64::prelude::BASE64_STANDARD.encode(&pair);
        let url_safe = base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(&pair);
        for text in [padded.as_str(), padded.trim_end_matches('='), &url_safe] {
            assert_eq!(ApiToken::from_base64(text).unwrap().expose(), pair, "{text}");
        }
        let of_a_key = base64::prelude::BASE64_STANDARD.encode(key().expose());
        for text in ["", "=", "%%%", pair.as_str(), &of_a_key, &format!("{padded}\n")] {
            assert!(ApiToken::from_base64(text).is_none(), "{text}");
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
