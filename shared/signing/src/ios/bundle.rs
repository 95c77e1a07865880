//! Which apps a profile is for.

use std::fmt;
use std::str::FromStr;

const WILDCARD: &str = "*";

/// A bundle identifier (`com.example.app`), all that begin alike (`com.example.*`), or all (`*`): an App ID without its prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BundlePattern(String);

/// The text is no bundle identifier and no pattern of such.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a bundle identifier has letters, digits and hyphens between periods, and an asterisk only as its whole last part"
)]
pub struct MalformedPattern;

impl FromStr for BundlePattern {
    type Err = MalformedPattern;

    fn from_str(text: &str) -> Result<Self, MalformedPattern> {
        let is_name =
            |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let (parts, last) = text.rsplit_once('.').map_or((None, text), |(parts, last)| (Some(parts), last));
        let sound = parts.is_none_or(|parts| parts.split('.').all(is_name)) && (last == WILDCARD || is_name(last));
        if sound { Ok(Self(text.to_owned())) } else { Err(MalformedPattern) }
    }
}

impl BundlePattern {
    /// Whether this is the identifier of one of the apps. The asterisk stands for at least one character, and letters must
    /// agree in case, as in Apple's "App ID" (DevPedia).
    pub fn covers(&self, bundle_id: &str) -> bool {
        match self.0.strip_suffix(WILDCARD) {
            Some(start) => bundle_id.strip_prefix(start).is_some_and(|rest| !rest.is_empty()),
            None => bundle_id == self.0,
        }
    }

    /// Whether it ends in an asterisk.
    pub fn is_wildcard(&self) -> bool {
        self.0.ends_with(WILDCARD)
    }

    /// The pattern as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BundlePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
