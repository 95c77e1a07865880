//! Platforms, configuration versions and the file kinds that belong to a platform.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::Error;

/// The platform that a package runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Platform {
    /// APK and AAB.
    Android,
    /// IPA.
    Ios,
}

impl Platform {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Android, Self::Ios];

    /// The word on the wire and in object keys.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Android => "android",
            Self::Ios => "ios",
        }
    }

    /// The extensions that its packages carry, without the dot.
    pub const fn extensions(self) -> &'static [&'static str] {
        match self {
            Self::Android => &["apk", "aab"],
            Self::Ios => &["ipa"],
        }
    }
}

impl FromStr for Platform {
    type Err = Error;

    fn from_str(word: &str) -> Result<Self, Error> {
        match word {
            "android" => Ok(Self::Android),
            "ios" => Ok(Self::Ios),
            _ => Err(Error::invalid("platform", "Invalid platform: use android or ios")),
        }
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A configuration version. Aliases (`dev`, `stg`, `prod`) are read in any case; the long names are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ConfigVersion {
    /// `dev`, `development`.
    Development,
    /// `stg`, `staging`.
    Staging,
    /// `prod`, `production`.
    Production,
}

impl ConfigVersion {
    /// Every version, in the order of promotion.
    pub const ALL: [Self; 3] = [Self::Development, Self::Staging, Self::Production];

    /// The long name, as in responses and object keys.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Development => "development",
            Self::Staging => "staging",
            Self::Production => "production",
        }
    }
}

impl FromStr for ConfigVersion {
    type Err = Error;

    fn from_str(word: &str) -> Result<Self, Error> {
        match word.to_ascii_lowercase().as_str() {
            "dev" | "development" => Ok(Self::Development),
            "stg" | "staging" => Ok(Self::Staging),
            "prod" | "production" => Ok(Self::Production),
            _ => Err(Error::invalid("version", "Invalid configuration version")),
        }
    }
}

impl fmt::Display for ConfigVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
