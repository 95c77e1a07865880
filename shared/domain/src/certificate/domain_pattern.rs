//! The hosts that an entry is for.

use std::collections::BTreeSet;
use std::str::FromStr;

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::id::string_conversions;

/// Bytes of a name at most before it becomes ASCII, where it has 253.
const MAX_BYTES: usize = 1024;
/// Letters, digits, hyphens and underscores stay: some names on the inside of networks have an underscore.
const DENIED: AsciiDenyList = AsciiDenyList::new(true, "!\"#$%&'()*+,/:;<=>?@[\\]^`{|}~");

/// A host name, or all hosts below one (`*.example.com`); lowercase ASCII (RFC 1123, section 2.1), which other letters
/// become as they do in browsers (UTS 46).
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

    /// Each of them once, in the order of its first place.
    pub(crate) fn without_repeats(mut domains: Vec<Self>) -> Vec<Self> {
        let mut seen = BTreeSet::new();
        domains.retain(|domain| seen.insert(domain.clone()));
        domains
    }
}

impl FromStr for DomainPattern {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let (wildcard, host) = text.strip_prefix("*.").map_or(("", text), |host| ("*.", host));
        let name = ascii(host).filter(|name| wildcard.is_empty() || name.contains('.'));
        name.map(|name| Self(format!("{wildcard}{name}"))).ok_or_else(|| {
            Error::invalid("domains", "A domain must be a host name, or *. and a host name of two labels or more")
        })
    }
}

/// The name as DNS has it. A label may have hyphens in its third and fourth place: hosts of large networks do.
fn ascii(host: &str) -> Option<String> {
    let host = Some(host).filter(|host| host.len() <= MAX_BYTES)?;
    let name = Uts46::new().to_ascii(host.as_bytes(), DENIED, Hyphens::CheckFirstLast, DnsLength::Verify).ok()?;
    Some(name.into_owned())
}

string_conversions!(DomainPattern);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_become_what_dns_has() {
        for (text, name) in [
            ("API.Example.com", "api.example.com"),
            ("*.Example.ORG", "*.example.org"),
            ("*.bücher.example", "*.xn--bcher-kva.example"),
            ("faß.example", "xn--fa-hia.example"),
            ("日本語。jp", "xn--wgv71a119e.jp"),
            ("XN--Bcher-KVA.example", "xn--bcher-kva.example"),
            ("r3---sn-4g5e6nz7.example", "r3---sn-4g5e6nz7.example"),
            ("login_test", "login_test"),
            ("192.0.2.7", "192.0.2.7"),
            (&"a".repeat(63), &"a".repeat(63)),
        ] {
            let read: DomainPattern = text.parse().unwrap();
            assert_eq!(String::from(read.clone()), name, "{text}");
            assert_eq!((read.is_wildcard(), read.host()), (name.starts_with("*."), name.trim_start_matches("*.")));
        }
    }

    #[test]
    fn what_is_no_name_is_refused() {
        let long = ["abcdefghi."; 25].concat();
        for name in [format!("{long}abc"), format!("a{}", "\u{ad}".repeat(511))] {
            assert!(name.parse::<DomainPattern>().is_ok(), "{name}");
        }
        for name in [
            "",
            "*",
            "*.",
            "*.com",
            "*.bücher",
            ".",
            ".a.example",
            "a..b",
            "example.com.",
            "-a.example",
            "a-.example",
            "*.*.example",
            "a.*.example",
            "*a.example",
            "＊.example.com",
            "*．example.com",
            "exa mple",
            "exa\u{7f}mple",
            "a:443",
            "https://a.example",
            "a/b",
            "a@b",
            "a%62",
            "xn--",
            "xn--a",
            "xn--a-.example",
            "xn--example-.com",
            "\u{301}a.example",
            "a\u{200d}b.example",
            "א1a.example",
            "\u{ad}",
            "℀.example",
            "a\u{fffd}.example",
            &"a".repeat(64),
            &"ä".repeat(60),
            &format!("{long}abcd"),
            &format!("ab{}", "\u{ad}".repeat(512)),
        ] {
            assert!(name.parse::<DomainPattern>().is_err(), "{name}");
        }
    }

    proptest! {
        #[test]
        fn what_is_read_is_plain_and_reads_back(text in "(\\*\\.)?([a-zA-Z0-9ß-ÿ_-]{1,9}|\\PC{1,4}|xn--[a-z0-9-]{1,9})([.。](\\PC{1,4}|[a-z]{1,9})){0,3}") {
            if let Ok(read) = text.parse::<DomainPattern>() {
                let is_plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.');
                prop_assert!(read.host().bytes().all(is_plain) && read.host().len() <= 253, "{}", read);
                prop_assert_eq!(read.to_string().parse::<DomainPattern>().unwrap(), read);
            }
        }
    }
}
