//! Names of tenants.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::id::string_conversions;

/// The name of a tenant: 5 to 30 letters, digits and spaces (page 004). A letter is what Unicode calls alphabetic, in
/// every script; a digit is 0 to 9; a space is U+0020. Characters are counted, not bytes. Spaces around it go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TenantName(String);

impl TenantName {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TenantName {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let text = text.trim_matches(' ');
        if !(5..=30).contains(&text.chars().count()) {
            return Err(Error::invalid("tenant_name", "Tenant name must be 5 to 30 characters"));
        }
        if !text.chars().all(|c| c.is_alphabetic() || c.is_ascii_digit() || c == ' ') {
            return Err(Error::invalid("tenant_name", "Tenant name may contain only letters, numbers, and spaces"));
        }
        Ok(Self(text.to_owned()))
    }
}

string_conversions!(TenantName);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn letters_are_those_of_every_script_and_length_is_in_characters() {
        for text in ["Local", "Example Tenant", "Müller und Söhne", "株式会社東京", "12345", &"a".repeat(30), "ééééé"]
        {
            assert_eq!(text.parse::<TenantName>().unwrap().as_str(), text);
        }
        assert_eq!("  Local  ".parse::<TenantName>().unwrap().as_str(), "Local");
        let long = "a".repeat(31);
        for text in [
            "",
            "     ",
            "abcd",
            "  abcd  ",
            &long,
            "Acme, Inc",
            "tab\ttab",
            "a\u{a0}bcde",
            "line\nline",
            "Ⅻ½⓵②③",
            "😀😀😀😀😀",
            "abcd\0",
        ] {
            assert!(text.parse::<TenantName>().is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_read_reads_back(text in ".{0,40}") {
            if let Ok(name) = text.parse::<TenantName>() {
                prop_assert!((5..=30).contains(&name.as_str().chars().count()));
                prop_assert_eq!(name.as_str().parse::<TenantName>().unwrap(), name);
            }
        }
    }
}
