//! HTTPS URLs that somebody else chose.

use std::str::FromStr;

use fluent_uri::Uri;
use fluent_uri::component::{Authority, Host};
use serde::{Deserialize, Serialize};

use crate::certificate::DomainPattern;
use crate::id::string_conversions;

/// Bytes of a URL at most: what every browser and proxy on the way takes.
pub const MAX_BYTES: usize = 2048;

/// An HTTPS URL in the strict syntax of RFC 3986, which leaves browsers nothing to repair: a host name or an IP address,
/// no user, no fragment. It stays as it was written, since identity providers compare their names byte by byte.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HttpsUrl(String);

impl HttpsUrl {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a text is no such URL. `Display` goes on where the field's name ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAnHttpsUrl {
    /// Above [`MAX_BYTES`].
    #[error("must be at most {MAX_BYTES} characters long")]
    TooLong,
    /// Another scheme, no scheme, no host, or signs that a URL does not have.
    #[error("must be an HTTPS URL")]
    Malformed,
    /// `https://user@host/`.
    #[error("must not contain a user name or password")]
    User,
    /// `https://host/#fragment`.
    #[error("must not contain a fragment")]
    Fragment,
}

impl FromStr for HttpsUrl {
    type Err = NotAnHttpsUrl;

    fn from_str(text: &str) -> Result<Self, NotAnHttpsUrl> {
        if text.len() > MAX_BYTES {
            return Err(NotAnHttpsUrl::TooLong);
        }
        let url = Uri::parse(text).map_err(|_| NotAnHttpsUrl::Malformed)?;
        let authority = url.authority().filter(|_| url.scheme().as_str().eq_ignore_ascii_case("https"));
        let authority = authority.ok_or(NotAnHttpsUrl::Malformed)?;
        if authority.has_userinfo() {
            return Err(NotAnHttpsUrl::User);
        }
        if !is_host(&authority) || authority.port_to_u16().is_err() {
            return Err(NotAnHttpsUrl::Malformed);
        }
        if url.has_fragment() { Err(NotAnHttpsUrl::Fragment) } else { Ok(Self(text.to_owned())) }
    }
}

/// RFC 3986 takes nearly everything for a name.
fn is_host(authority: &Authority<'_>) -> bool {
    match authority.host_parsed() {
        Host::RegName(name) => name.as_str().parse().is_ok_and(|name: DomainPattern| !name.is_wildcard()),
        Host::Ipv4 { .. } | Host::Ipv6 { .. } => true,
        Host::IpvFuture { .. } => false,
    }
}

string_conversions!(HttpsUrl);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_providers_are_called_is_kept_as_it_is() {
        for text in [
            "https://idp.example.com/saml",
            "https://idp.example.com",
            "HTTPS://IDP.Example.com:8443/a/./b?c=%2Fd&e=f;g",
            "https://sts.windows.net/9f1c0a4e-7b8d-4a4d-b52e-6a6d5c5c1f11/",
            "https://login_test/~user/(x)",
            "https://192.0.2.7/sso",
            "https://[2001:db8::7]:443/sso",
        ] {
            assert_eq!(text.parse::<HttpsUrl>().map(String::from).as_deref(), Ok(text));
        }
    }

    #[test]
    fn what_is_no_plain_https_url_is_refused() {
        use NotAnHttpsUrl::{Fragment, Malformed, User};
        for (text, why) in [
            ("", Malformed),
            ("https://", Malformed),
            ("https:///path", Malformed),
            ("https:example.com", Malformed),
            ("https:/example.com", Malformed),
            ("//example.com/", Malformed),
            ("example.com", Malformed),
            ("http://example.com/", Malformed),
            ("httpsx://example.com/", Malformed),
            ("javascript:alert(1)//https://example.com", Malformed),
            ("urn:oasis:names:tc:SAML:2.0:metadata", Malformed),
            (" https://example.com/", Malformed),
            ("https://example.com/ ", Malformed),
            ("https://example.com/a b", Malformed),
            ("https://example.com/\n", Malformed),
            ("https://example.com/\0", Malformed),
            ("https:\\\\example.com\\", Malformed),
            ("https://example.com\\@evil.example/", Malformed),
            ("https://example.com/\"><script>", Malformed),
            ("https://exämple.com/", Malformed),
            ("https://example.com/ä", Malformed),
            ("https://example.com/%", Malformed),
            ("https://exa%6dple.com/", Malformed),
            ("https://*.example.com/", Malformed),
            ("https://-example.com/", Malformed),
            ("https://a..b/", Malformed),
            ("https://[v7.x]/", Malformed),
            ("https://[::1/", Malformed),
            ("https://example.com:65536/", Malformed),
            ("https://example.com:x/", Malformed),
            ("https://user@example.com/", User),
            ("https://user:password@example.com/", User),
            ("https://@example.com/", User),
            ("https://example.com/#", Fragment),
            ("https://example.com/#/sso", Fragment),
        ] {
            assert_eq!(text.parse::<HttpsUrl>(), Err(why), "{text:?}");
        }
    }

    #[test]
    fn a_url_ends_at_2048_bytes() {
        let start = "https://example.com/";
        let longest = format!("{start}{}", "a".repeat(MAX_BYTES - start.len()));
        assert!(longest.parse::<HttpsUrl>().is_ok());
        assert_eq!(format!("{longest}a").parse::<HttpsUrl>(), Err(NotAnHttpsUrl::TooLong));
    }

    proptest! {
        #[test]
        fn what_is_read_is_printable_ascii_and_reads_back(text in "https://[ -~é\\t]{0,60}") {
            if let Ok(url) = text.parse::<HttpsUrl>() {
                let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"\\\"<>^`{|}#".contains(&byte);
                prop_assert!(text.bytes().all(is_plain));
                prop_assert!(!text.split('/').nth(2).unwrap_or_default().contains('@'));
                prop_assert_eq!(serde_json::from_value::<HttpsUrl>(text.into()).unwrap(), url);
            }
        }
    }
}
