//! Names of automation keys and of signing keys.

use std::str::FromStr;

use crate::error::Error;
use crate::id::string_conversions;
use crate::text::is_unseen;

/// The name of an automation key or a signing key: 2 to 50 characters (page 004), none of them a control character. White space around it
/// goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyName(String);

impl FromStr for KeyName {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        if !(2..=50).contains(&text.chars().count()) {
            return Err(Error::invalid("name", "Name must be 2 to 50 characters"));
        }
        if text.chars().any(is_unseen) {
            return Err(Error::invalid("name", "Name must not have control characters"));
        }
        Ok(Self(text.to_owned()))
    }
}

string_conversions!(KeyName);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_2_to_50_characters() {
        for text in ["CI", "GitHub Actions", " é✓ ", &"x".repeat(50)] {
            assert_eq!(text.parse::<KeyName>().unwrap().to_string(), text.trim());
        }
        for text in ["", "x", " x ", &"x".repeat(51), "a\nb", "a\0", "key\u{202e}yek"] {
            assert!(text.parse::<KeyName>().is_err(), "{text:?}");
        }
    }
}
