//! Identifiers: one type for each entity, parsed once.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::platform::Platform;

/// `Display`, and the conversions that serde uses, for a type around a `String` that is read with `FromStr`.
macro_rules! string_conversions {
    ($name:ident) => {
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = <$name as std::str::FromStr>::Err;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    };
}

pub(crate) use string_conversions;

/// A type that names something by a UUID as this service writes it: lowercase and hyphenated. Where it is a field, an error names
/// that.
macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident, $field:literal, $message:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl std::str::FromStr for $name {
            type Err = $crate::error::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                if $crate::id::is_uuid(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err($crate::error::Error::invalid($field, $message))
                }
            }
        }

        $crate::id::string_conversions!($name);
    };
}

pub(crate) use uuid_id;

pub(crate) fn is_uuid(text: &str) -> bool {
    let fits = |(index, byte)| match index {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
    };
    text.len() == 36 && text.bytes().enumerate().all(fits)
}

/// A tenant: 32 lowercase hexadecimal digits (page 001).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TenantId(String);

impl TenantId {
    /// Names a tenant by 128 random bits.
    pub fn from_bits(bits: u128) -> Self {
        Self(format!("{bits:032x}"))
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TenantId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let hex = text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if hex { Ok(Self(text.to_owned())) } else { Err(Error::invalid("tenant", "Invalid tenant id")) }
    }
}

string_conversions!(TenantId);

/// A build job: the second in which it was asked for (Unix seconds), unique within its tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JobId(i64);

impl JobId {
    /// The job of this second.
    pub const fn from_start_time(seconds: i64) -> Self {
        Self(seconds)
    }

    /// Unix seconds.
    pub const fn start_time(self) -> i64 {
        self.0
    }

    /// The moment at which the job was asked for.
    pub fn time(self) -> Timestamp {
        crate::time::at(self.0)
    }
}

impl FromStr for JobId {
    type Err = Error;

    /// Takes what the API handed out and nothing else: 1 to 11 digits without sign or leading zero.
    fn from_str(text: &str) -> Result<Self, Error> {
        let digits = (1..=11).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        let plain = digits && !text.starts_with('0');
        let seconds = plain.then(|| text.parse().ok()).flatten();
        seconds.map(Self).ok_or_else(|| Error::invalid("job_id", "Invalid job ID"))
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A signing key of a tenant: 1 to 64 letters, digits, `-` and `_`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SigningKeyId(String);

impl SigningKeyId {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for SigningKeyId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let word = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        if word && (1..=64).contains(&text.len()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Error::invalid("signing_key_id", "Invalid signing key selection"))
        }
    }
}

string_conversions!(SigningKeyId);

/// An app of a tenant, in the form of a UUID (page 001).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ApplicationId(String);

impl ApplicationId {
    /// Names the app with this package id: always the same for the same package, so that it is found without being looked for.
    pub fn of(tenant: &TenantId, platform: Platform, package_name: &str) -> Self {
        let digest = Sha256Hex::of(format!("{tenant}/{platform}/{package_name}").as_bytes()).0;
        // RFC 9562, 5.8: version 8, and the variant's two bits.
        let part = |range: std::ops::Range<usize>| digest.get(range).unwrap_or_default();
        Self(format!("{}-{}-8{}-a{}-{}", part(0..8), part(8..12), part(12..15), part(15..18), part(18..30)))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ApplicationId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        if is_uuid(text) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Error::invalid("application_id", "Invalid application ID"))
        }
    }
}

string_conversions!(ApplicationId);

/// A SHA-256 digest, 64 lowercase hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Sha256Hex(String);

impl Sha256Hex {
    /// Digests `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        use sha2::Digest as _;
        Self::from_digest(sha2::Sha256::digest(bytes).into())
    }

    /// A digest that was taken elsewhere.
    pub fn from_digest(digest: [u8; 32]) -> Self {
        Self(digest.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Sha256Hex {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let hex = text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if hex { Ok(Self(text.to_owned())) } else { Err(Error::invalid("sha256", "Invalid SHA-256 digest")) }
    }
}

string_conversions!(Sha256Hex);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn job_ids_are_what_the_api_handed_out() {
        assert_eq!("1700000000".parse::<JobId>().unwrap().start_time(), 1_700_000_000);
        for text in ["", "0", "01700000000", "-1", "+1", "1e9", " 1", "17000000000000000000", "abc", "١٧"] {
            assert!(text.parse::<JobId>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn an_application_is_named_by_its_package_and_platform_alone() {
        let tenant = TenantId::from_bits(1);
        let id = ApplicationId::of(&tenant, Platform::Android, "com.example.app");
        assert_eq!(id.as_str().parse::<ApplicationId>().unwrap(), id);
        assert_eq!(ApplicationId::of(&tenant, Platform::Android, "com.example.app"), id);
        for other in [
            ApplicationId::of(&tenant, Platform::Ios, "com.example.app"),
            ApplicationId::of(&tenant, Platform::Android, "com.example.App"),
            ApplicationId::of(&TenantId::from_bits(2), Platform::Android, "com.example.app"),
        ] {
            assert_ne!(other, id);
        }
        for text in ["", "app-uuid-1234", &id.as_str().to_uppercase(), "00000000-0000-8000-a000-00000000000g"] {
            assert!(text.parse::<ApplicationId>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn tenant_ids_are_32_lowercase_hex_digits() {
        assert_eq!(TenantId::from_bits(1).as_str().parse::<TenantId>().unwrap(), TenantId::from_bits(1));
        for text in ["", "9F1C0A4E7B8D4A4DB52E6A6D5C5C1F11", "9f1c", "../../../../../../../../../../../"] {
            assert!(text.parse::<TenantId>().is_err(), "{text:?}");
        }
    }
}
