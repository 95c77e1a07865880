//! Cursors of lists: where a page ended, in a text that callers hand back and cannot change.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq as _;

use crate::credential::{Pepper, PepperVersion};
use crate::error::Error;

/// Bytes of the tag: a guess succeeds once in 2¹²⁸.
const TAG: usize = 16;
/// The longest cursor that is looked at.
const MAX_TEXT: usize = 512;
/// Between the parts; stands in none of them.
const SEPARATOR: char = '\n';

/// A cursor as a caller handed it back, not checked yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    version: PepperVersion,
    position: String,
    tag: Vec<u8>,
}

/// The text for a page of the list `scope` that ended at `position`.
pub fn seal(scope: &str, position: &str, pepper: &Pepper) -> String {
    let tag = URL_SAFE_NO_PAD.encode(tag(scope, position, pepper));
    URL_SAFE_NO_PAD.encode([pepper.version().as_str(), position, &tag].join("\n"))
}

impl Cursor {
    /// Reads the text.
    pub fn read(text: &str) -> Result<Self, Error> {
        let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).ok();
        let plain = Some(text).filter(|text| text.len() <= MAX_TEXT).and_then(decode);
        let plain = plain.and_then(|bytes| String::from_utf8(bytes).ok()).ok_or_else(invalid)?;
        let mut parts = plain.split(SEPARATOR);
        match (parts.next(), parts.next(), parts.next().and_then(decode), parts.next()) {
            (Some(version), Some(position), Some(tag), None) if is_version(version) => {
                Ok(Self { version: PepperVersion::new(version.to_owned()), position: position.to_owned(), tag })
            }
            _ => Err(invalid()),
        }
    }

    /// The pepper that it says it was made under.
    pub const fn version(&self) -> &PepperVersion {
        &self.version
    }

    /// Where the page ended, if the cursor was made for the list `scope`.
    pub fn open(self, scope: &str, pepper: Option<&Pepper>) -> Result<String, Error> {
        let pepper = pepper.filter(|pepper| *pepper.version() == self.version);
        let genuine = pepper.is_some_and(|pepper| tag(scope, &self.position, pepper).ct_eq(&self.tag).into());
        if genuine { Ok(self.position) } else { Err(invalid()) }
    }
}

fn tag(scope: &str, position: &str, pepper: &Pepper) -> Vec<u8> {
    let mut tag = pepper.tag("cursor", &[scope, position]).to_vec();
    tag.truncate(TAG);
    tag
}

/// Names of versions of a secret are UUIDs, or texts of 32 to 64 characters like them (Secrets Manager API reference, GetSecretValue).
fn is_version(text: &str) -> bool {
    (32..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn invalid() -> Error {
    Error::invalid("cursor", "Invalid cursor: use one that this list answered, with the same filters")
}

#[cfg(test)]
mod tests {
    use super::*;

    const VERSION: &str = "0190b5f0-7c3e-7d10-8a52-6f0d2c4e9b11";

    fn pepper(byte: u8) -> Pepper {
        Pepper::new(PepperVersion::new(VERSION.to_owned()), vec![byte; 32])
    }

    #[test]
    fn a_cursor_opens_for_its_own_list_and_pepper_only() {
        let text = seal("builds a", "1700000000", &pepper(1));
        let open = |scope, pepper: Option<&Pepper>| Cursor::read(&text).unwrap().open(scope, pepper);
        assert_eq!(Cursor::read(&text).unwrap().version().as_str(), VERSION);
        assert_eq!(open("builds a", Some(&pepper(1))).unwrap(), "1700000000");
        for (scope, pepper) in [("builds b", Some(pepper(1))), ("builds a", Some(pepper(2))), ("builds a", None)] {
            assert!(open(scope, pepper.as_ref()).is_err());
        }
    }

    #[test]
    fn no_changed_cursor_opens() {
        let text = seal("builds", "1700000000", &pepper(1));
        for index in 0..text.len() {
            for other in ['A', 'B', '_', '-', '=', 'é'] {
                let changed: String =
                    text.chars().enumerate().map(|(at, c)| if at == index { other } else { c }).collect();
                let opened = Cursor::read(&changed).and_then(|cursor| cursor.open("builds", Some(&pepper(1))));
                assert!(changed == text || opened.is_err(), "{changed}");
            }
            assert!(Cursor::read(&text[..index]).and_then(|cursor| cursor.open("builds", Some(&pepper(1)))).is_err());
        }
        for text in ["", "AAAA", &"A".repeat(10_000)] {
            assert!(Cursor::read(text).is_err());
        }
    }
}
