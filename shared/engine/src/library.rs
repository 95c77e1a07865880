//! Library packages, for customers who build their app themselves: the tenant's signed policy, the key that verifies it and, once there
//! is one, the runtime agent. For Android an AAR, for iOS a zipped XCFramework.
//!
//! Both carry three documents: `policy.json`, as it was signed; `verification-key.pem`; and `apptego.json`, which says for people and
//! programs what is in the package and, where there is no agent, that there is none. The same input gives the same bytes.

pub mod android;
mod documents;
mod error;
pub mod ios;
mod package;
mod policy;

pub use error::Error;

/// The longest app identifier, bytes: the product's limit, and Apple's.
const LONGEST_IDENTIFIER: usize = 255;

/// What the packages for both platforms are made of.
#[derive(Clone, Copy, Debug)]
pub struct Library<'a> {
    /// The app that the package is for, in reverse-DNS form. Which identifiers a tenant may have is decided by the caller; here they
    /// are 1 to 255 letters, digits, `-` and `_` in segments that dots separate.
    pub app_identifier: &'a str,
    /// The version of the package: one to three numbers with dots between them, as Apple's `CFBundleShortVersionString` demands.
    pub version: &'a str,
    /// The signed policy: the canonical JSON of [`SignedPolicy`](domain::live_policy::SignedPolicy).
    pub policy: &'a [u8],
    /// The tenant's Ed25519 public key (RFC 8032), which has to verify the policy.
    pub verification_key: &'a [u8; 32],
}

impl Library<'_> {
    /// Checks the names; what apps would not accept of the policy is found by [`policy::verify`].
    fn check(&self) -> Result<(), Error> {
        let is_named = |segment: &str| {
            !segment.is_empty()
                && segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        };
        if self.app_identifier.len() > LONGEST_IDENTIFIER || !self.app_identifier.split('.').all(is_named) {
            return Err(Error::Identifier { found: beginning(self.app_identifier) });
        }
        let is_number = |part: &str| (1..=9).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        if self.version.split('.').count() > 3 || !self.version.split('.').all(is_number) {
            return Err(Error::Version { found: beginning(self.version) });
        }
        Ok(())
    }
}

/// As much of a text as an error shows.
fn beginning(text: &str) -> String {
    text.chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(app_identifier: &str, version: &str) -> Result<(), Error> {
        Library { app_identifier, version, policy: b"", verification_key: &[0; 32] }.check()
    }

    #[test]
    fn identifiers_are_segments_of_letters_digits_and_dashes() {
        let longest = format!("com.{}", "a".repeat(251));
        for good in ["com.acme.app", "a", "com.acme-inc.My_App2", &longest] {
            assert!(check(good, "1").is_ok(), "{good}");
        }
        let too_long = format!("{longest}a");
        for bad in [
            "",
            ".",
            "com..app",
            "com.acme.",
            "../../etc",
            "com/acme",
            "com.acme\"/><x",
            "com.äcme",
            "a\0b",
            "a b",
            &too_long,
        ] {
            let error = check(bad, "1").unwrap_err();
            assert_eq!(error.code(), "identifier_invalid", "{bad:?}");
            assert!(error.to_string().len() < 300, "{error}");
        }
    }

    #[test]
    fn versions_are_up_to_three_numbers() {
        for good in ["1", "1.0", "10.20.123456789"] {
            assert!(check("a.b.c", good).is_ok(), "{good}");
        }
        for bad in ["", "1.", "1.0.0.0", "1.0-beta", "v1", "1234567890", "1.٣", "<1>"] {
            assert_eq!(check("a.b.c", bad).unwrap_err().code(), "version_invalid", "{bad:?}");
        }
    }
}
