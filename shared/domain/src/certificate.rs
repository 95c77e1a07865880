//! Entries of the certificate list (page 003), and what of them a platform can enforce by itself.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::id::string_conversions;

/// One entry of a version's certificate list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PinnedCertificate {
    /// Unique in its list.
    pub name: String,
    /// Hash of the certificate's DER, uppercase hexadecimal.
    pub thumbprint: String,
    /// What `thumbprint` was made with.
    pub algorithm: ThumbprintAlgorithm,
    /// Unix seconds after which the certificate is no longer valid. Never written into an app: Android stops enforcing then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<i64>,
    /// The hosts that must present it.
    #[serde(default)]
    pub domains: Vec<DomainPattern>,
    /// Hash of its public key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spki_sha256: Option<KeyHash>,
}

/// A pin as the platforms' own policies express it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaticPin<'a> {
    /// The hosts.
    pub domains: &'a [DomainPattern],
    /// The public key that one of the certificates in a host's chain must have.
    pub key: KeyHash,
}

/// Why an entry cannot become a static pin. `Display` is the warning's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotEnforceable {
    /// Another length than the algorithm gives.
    #[error("its thumbprint has {digits} digits, and {algorithm} gives {expected}")]
    ThumbprintLength {
        /// Digits found.
        digits: usize,
        /// The entry's algorithm.
        algorithm: ThumbprintAlgorithm,
        /// Digits of the algorithm.
        expected: usize,
    },
    /// Nothing to enforce it for.
    #[error("it names no domain")]
    NoDomain,
    /// The hash of a whole certificate cannot be checked by the platforms.
    #[error("it has no hash of its public key (spki_sha256 or certificate_pem), which is what the platforms compare")]
    NoKeyHash,
}

impl PinnedCertificate {
    /// What of the entry the platforms can enforce by themselves (the control catalogue's rule for `CertificatePinning`).
    pub fn static_pin(&self) -> Result<StaticPin<'_>, NotEnforceable> {
        let (digits, algorithm) = (self.thumbprint.len(), self.algorithm);
        if digits != algorithm.digits() {
            return Err(NotEnforceable::ThumbprintLength { digits, algorithm, expected: algorithm.digits() });
        }
        if self.domains.is_empty() {
            return Err(NotEnforceable::NoDomain);
        }
        let key = self.spki_sha256.ok_or(NotEnforceable::NoKeyHash)?;
        Ok(StaticPin { domains: &self.domains, key })
    }
}

/// Hash functions of thumbprints (page 003).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are the standards' own")]
pub enum ThumbprintAlgorithm {
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
    #[serde(rename = "sha3_224")]
    Sha3_224,
    #[serde(rename = "sha3_256")]
    Sha3_256,
    #[serde(rename = "sha3_384")]
    Sha3_384,
    #[serde(rename = "sha3_512")]
    Sha3_512,
}

impl ThumbprintAlgorithm {
    /// Hexadecimal digits of its hashes.
    pub const fn digits(self) -> usize {
        match self {
            Self::Sha1 => 40,
            Self::Sha224 | Self::Sha3_224 => 56,
            Self::Sha256 | Self::Sha3_256 => 64,
            Self::Sha384 | Self::Sha3_384 => 96,
            Self::Sha512 | Self::Sha3_512 => 128,
        }
    }
}

impl fmt::Display for ThumbprintAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// SHA-256 of a public key (its DER `SubjectPublicKeyInfo`); as text the Base64 that HTTP and Android write (RFC 7469, section 2.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KeyHash([u8; 32]);

impl KeyHash {
    /// The hash.
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl FromStr for KeyHash {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let bytes = STANDARD.decode(text).ok().and_then(|bytes| bytes.try_into().ok());
        bytes.map(Self).ok_or_else(|| Error::invalid("spki_sha256", "spki_sha256 must be the Base64 of 32 bytes"))
    }
}

impl fmt::Display for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode(self.0))
    }
}

impl TryFrom<String> for KeyHash {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<KeyHash> for String {
    fn from(hash: KeyHash) -> Self {
        hash.to_string()
    }
}

/// A host name, or all hosts below one (`*.example.com`); lowercase ASCII (RFC 1123, section 2.1).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DomainPattern(String);

impl DomainPattern {
    /// The name without the wildcard.
    pub fn host(&self) -> &str {
        self.0.strip_prefix("*.").unwrap_or(&self.0)
    }

    /// Whether the hosts below are meant.
    pub fn is_wildcard(&self) -> bool {
        self.0.starts_with("*.")
    }
}

impl FromStr for DomainPattern {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let name = text.to_ascii_lowercase();
        let host = name.strip_prefix("*.").unwrap_or(&name);
        let is_inner = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_');
        let is_label = |label: &str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(is_inner)
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        if host.len() > 253 || !host.split('.').all(is_label) {
            return Err(Error::invalid("domains", "A domain must be a host name, or *. and a host name"));
        }
        Ok(Self(name))
    }
}

string_conversions!(DomainPattern);

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

    fn entry(thumbprint: &str, domains: &[&str], key: Option<&str>) -> PinnedCertificate {
        serde_json::from_value(serde_json::json!({
            "name": "Example API", "thumbprint": thumbprint, "algorithm": "sha256", "expires": 1_767_225_600,
            "domains": domains, "spki_sha256": key,
        }))
        .unwrap()
    }

    #[test]
    fn only_a_whole_entry_becomes_a_pin() {
        let whole = "AB".repeat(32);
        let pinned = entry(&whole, &["API.example.com", "*.example.org"], Some(KEY));
        let pin = pinned.static_pin().unwrap();
        assert_eq!((pin.domains[0].host(), pin.domains[0].is_wildcard()), ("api.example.com", false));
        assert_eq!((pin.domains[1].host(), pin.domains[1].is_wildcard()), ("example.org", true));
        assert_eq!(pin.key.to_string(), KEY);

        let reason = |entry: PinnedCertificate| entry.static_pin().unwrap_err().to_string();
        let documented = entry("A1B2C3D4E5F60718293A4B5C6D7E8F9012345678", &["api.example.com"], Some(KEY));
        assert_eq!(reason(documented), "its thumbprint has 40 digits, and sha256 gives 64");
        assert_eq!(reason(entry(&whole, &[], Some(KEY))), "it names no domain");
        assert!(reason(entry(&whole, &["example.com"], None)).starts_with("it has no hash of its public key"));
    }

    #[test]
    fn what_is_no_name_and_no_hash_is_refused() {
        for name in [
            "",
            "*",
            "*.",
            "a..b",
            "-a.example",
            "a-.example",
            "*.*.example",
            "exa mple",
            "exämple.com",
            &"a".repeat(64),
        ] {
            assert!(name.parse::<DomainPattern>().is_err(), "{name}");
        }
        for hash in ["", "AAAA", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU", &"ab".repeat(32)] {
            assert!(hash.parse::<KeyHash>().is_err(), "{hash}");
        }
    }

    #[test]
    fn every_algorithm_of_the_page_has_its_name() {
        let names = ["sha1", "sha224", "sha256", "sha384", "sha512", "sha3_224", "sha3_256", "sha3_384", "sha3_512"];
        for name in names {
            let read: ThumbprintAlgorithm = serde_json::from_value(name.into()).unwrap();
            assert_eq!(read.to_string(), name);
        }
    }
}
