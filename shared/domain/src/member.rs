//! Who belongs to a tenant: people, named by their e-mail address, and API tokens.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::credential::ApiTokenId;
use crate::error::Error;
use crate::id::string_conversions;

/// Octets of an address at most (RFC 5321, 4.5.3.1.3, without the angle brackets).
const MAX_ADDRESS: usize = 254;
/// Octets of its local part at most (RFC 5321, 4.5.3.1.1).
const MAX_LOCAL_PART: usize = 64;
/// Octets of one label of its domain at most (RFC 1035, 2.3.4).
const MAX_LABEL: usize = 63;

/// An e-mail address, lowercase: letters, digits and the signs of an unquoted local part (RFC 5321, 4.1.2), all ASCII,
/// and a domain of at least two labels.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EmailAddress(String);

impl EmailAddress {
    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for EmailAddress {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let (local, domain) = text.rsplit_once('@').unwrap_or_default();
        let labels: Vec<&str> = domain.split('.').collect();
        let short = text.len() <= MAX_ADDRESS && local.len() <= MAX_LOCAL_PART;
        if short && is_local_part(local) && labels.len() >= 2 && labels.into_iter().all(is_label) {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            Err(Error::invalid("user_id", "Invalid email address"))
        }
    }
}

string_conversions!(EmailAddress);

fn is_local_part(text: &str) -> bool {
    let atom = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte);
    text.split('.').all(|part| !part.is_empty() && part.bytes().all(atom))
}

fn is_label(text: &str) -> bool {
    let sign = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let edges = !text.starts_with('-') && !text.ends_with('-');
    (1..=MAX_LABEL).contains(&text.len()) && edges && text.bytes().all(sign)
}

/// A member of a tenant, as the `user_id` of the wire names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum MemberId {
    /// Somebody who signs in.
    Person(EmailAddress),
    /// An API token.
    Token(ApiTokenId),
}

impl FromStr for MemberId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text.contains('@') {
            true => text.parse().map(Self::Person),
            false => text.parse().map(Self::Token).map_err(|_| Error::invalid("user_id", "Invalid user ID")),
        }
    }
}

impl fmt::Display for MemberId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person(address) => address.fmt(f),
            Self::Token(id) => id.fmt(f),
        }
    }
}

impl TryFrom<String> for MemberId {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<MemberId> for String {
    fn from(id: MemberId) -> Self {
        id.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_are_lowercased_and_hostile_ones_refused() {
        let read: EmailAddress = "New.User+ci@Example.COM".parse().unwrap();
        assert_eq!(read.as_str(), "new.user+ci@example.com");
        let long = format!("{}@example.com", "a".repeat(65));
        let longer = format!("a@{}.com", "example.".repeat(40));
        for text in [
            "",
            "@",
            "a@b",
            "a@b.",
            "a@.b",
            "a b@c.de",
            "a@b@c.de",
            ".a@b.cd",
            "a..b@c.de",
            "a@-b.cd",
            "a@b_c.de",
            "ä@b.cd",
            "a@bücher.de",
            "a@b.cd\n",
            "\"a\"@b.cd",
            "a@b.cd,e@f.gh",
            "<a@b.cd>",
            &long,
            &longer,
        ] {
            assert!(text.parse::<EmailAddress>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_member_is_a_person_or_a_token() {
        assert!(matches!("Owner@example.com".parse(), Ok(MemberId::Person(_))));
        assert!(matches!("atk_abc123".parse(), Ok(MemberId::Token(_))));
        for text in ["", "auto_abc123", "owner", "atk_", "atk_a#b"] {
            assert!(text.parse::<MemberId>().is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_read_is_ascii_without_a_sign_that_keys_or_headers_use(text in "[ -~]{0,30}@[ -~]{0,30}") {
            if let Ok(address) = text.parse::<EmailAddress>() {
                prop_assert!(address.as_str().bytes().all(|byte| byte.is_ascii_graphic() && !b"\"(),:;<>[\\]".contains(&byte)));
                prop_assert_eq!(address.as_str().parse::<EmailAddress>().unwrap(), address);
            }
        }
    }
}
