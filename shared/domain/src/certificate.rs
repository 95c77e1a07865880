//! Entries of the certificate list (page 003), and what of them a platform can enforce by itself.

mod algorithm;
mod domain_pattern;
mod key_hash;
mod list;

use std::ops::Not;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use algorithm::ThumbprintAlgorithm;
pub use domain_pattern::DomainPattern;
pub use key_hash::KeyHash;
pub use list::{CertificateList, MAX_DOMAINS, MAX_ENTRIES, MAX_NAME};

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
    /// The customer's mark of an entry that it did not choose itself (page 003).
    #[serde(default, skip_serializing_if = "Not::not")]
    pub isdefault: bool,
    /// The customer's mark of an authority's certificate (page 003).
    #[serde(default, skip_serializing_if = "Not::not")]
    pub isca: bool,
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

/// What a reader of the list should know of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marks {
    /// Why builds do not count it as a pin. None: they do.
    pub not_enforceable: Option<NotEnforceable>,
    /// Whether its last second is over.
    pub expired: bool,
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

    /// What the list shows of the entry at `now`. Neither mark keeps it from being stored.
    pub fn marks(&self, now: Timestamp) -> Marks {
        let expired = self.expires.is_some_and(|last| now.as_second() > last);
        Marks { not_enforceable: self.static_pin().err(), expired }
    }

    /// The entry as `config` shows it: with whether the platforms can enforce it by themselves, why not, and whether it expired.
    pub fn shown(&self, now: Timestamp) -> Value {
        let Marks { not_enforceable, expired } = self.marks(now);
        let mut entry = serde_json::to_value(self).unwrap_or_default();
        entry["isdefault"] = self.isdefault.into();
        entry["isca"] = self.isca.into();
        entry["enforceable"] = not_enforceable.is_none().into();
        entry["not_enforceable_because"] = not_enforceable.map(|reason| reason.to_string()).into();
        entry["expired"] = expired.into();
        entry
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::at;

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
    fn an_entry_counts_to_its_last_second() {
        let documented = entry("A1B2C3D4E5F60718293A4B5C6D7E8F9012345678", &["api.example.com"], None);
        let marks = documented.marks(at(1_767_225_600));
        assert_eq!(marks.not_enforceable, documented.static_pin().err());
        assert!(marks.not_enforceable.is_some() && !marks.expired);
        assert!(documented.marks(at(1_767_225_601)).expired);
        let whole = PinnedCertificate { expires: None, ..entry(&"AB".repeat(32), &["example.com"], Some(KEY)) };
        assert_eq!(whole.marks(Timestamp::MAX), Marks { not_enforceable: None, expired: false });
    }

    #[test]
    fn flags_that_are_off_leave_no_trace_in_what_is_stored() {
        let off = entry(&"AB".repeat(32), &["example.com"], Some(KEY));
        let on = PinnedCertificate { isdefault: true, isca: true, ..off.clone() };
        for (entry, flags) in [(off, ""), (on, r#""isdefault":true,"isca":true,"#)] {
            let stored = serde_json::to_string(&entry).unwrap();
            let (name, thumbprint) = (r#""name":"Example API""#, "AB".repeat(32));
            let until = r#""algorithm":"sha256","expires":1767225600,"domains":["example.com"]"#;
            assert_eq!(
                stored,
                format!(r#"{{{name},"thumbprint":"{thumbprint}",{until},{flags}"spki_sha256":"{KEY}"}}"#)
            );
            assert_eq!(serde_json::from_str::<PinnedCertificate>(&stored).unwrap(), entry);
        }
    }
}
