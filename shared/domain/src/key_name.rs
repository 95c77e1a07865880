//! Names of automation keys.

use std::str::FromStr;

use crate::error::Error;
use crate::id::string_conversions;

/// The name of an automation key: 2 to 50 characters (page 004), none of them a control character. White space around it
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
        if text.chars().any(|c| c.is_control() || is_direction(c)) {
            return Err(Error::invalid("name", "Name must not have control characters"));
        }
        Ok(Self(text.to_owned()))
    }
}

/// What makes a list show a name as another one (Unicode Bidirectional Algorithm, 2).
const fn is_direction(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
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
