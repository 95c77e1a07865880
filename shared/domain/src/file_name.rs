//! The name of an uploaded package.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::id::string_conversions;
use crate::platform::Platform;

/// The longest name that common file systems take, in bytes of UTF-8.
const MAX_BYTES: usize = 255;

/// Characters that a file system, a shell script or a header field would trip over, besides control characters.
const REFUSED: [char; 7] = ['<', '>', ':', '"', '|', '?', '*'];

/// A base name with a lowercase `.apk`, `.aab` or `.ipa` extension (page 000). Path components of both kinds are
/// stripped, as documented; what is left is fit for an S3 key and for every common file system.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FileName(String);

impl FileName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The extension, without the dot.
    pub fn extension(&self) -> &str {
        self.0.rsplit_once('.').map_or("", |(_, extension)| extension)
    }

    /// Refuses a package of the other platform.
    pub fn require_platform(&self, platform: Platform) -> Result<(), Error> {
        if platform.extensions().contains(&self.extension()) {
            return Ok(());
        }
        let wanted = match platform {
            Platform::Android => "Invalid file name: android takes a .apk or .aab file",
            Platform::Ios => "Invalid file name: ios takes a .ipa file",
        };
        Err(Error::invalid("file_name", wanted))
    }
}

impl FromStr for FileName {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let invalid = |message: &'static str| Error::invalid("file_name", message);
        let name = text.rsplit(['/', '\\']).next().unwrap_or_default();
        if name.len() > MAX_BYTES {
            return Err(invalid("Invalid file name: longer than 255 bytes"));
        }
        if name.chars().any(|c| c.is_control() || REFUSED.contains(&c) || is_invisible(c)) {
            return Err(invalid("Invalid file name: it contains a character that file systems do not accept"));
        }
        let Some((stem, extension)) = name.rsplit_once('.') else {
            return Err(invalid("Invalid file name: it must end in .apk, .aab or .ipa"));
        };
        if !matches!(extension, "apk" | "aab" | "ipa") {
            return Err(invalid("Invalid file name: it must end in a lowercase .apk, .aab or .ipa"));
        }
        if stem.trim_matches([' ', '.']).is_empty() {
            return Err(invalid("Invalid file name: there is no name before the extension"));
        }
        if stem.starts_with(' ') {
            return Err(invalid("Invalid file name: it begins with a space"));
        }
        Ok(Self(name.to_owned()))
    }
}

string_conversions!(FileName);

/// Direction marks, joiners and private or unassigned characters, which make two different names look alike.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff0}'..='\u{ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strips_path_components_of_both_kinds() {
        for text in ["app.apk", "/tmp/app.apk", "C:\\builds\\app.apk", "../../app.apk", "a\\b/app.apk"] {
            assert_eq!(text.parse::<FileName>().unwrap().as_str(), "app.apk");
        }
    }

    #[test]
    fn refuses_names_that_storage_or_people_would_trip_over() {
        let long = format!("{}.apk", "a".repeat(252));
        let refused = [
            "",
            "app",
            "app.APK",
            "app.zip",
            ".apk",
            "..apk",
            " .apk",
            "app.apk/",
            "a\0.apk",
            "a\n.apk",
            "a\u{202e}kpa.apk",
            "a\".apk",
            "a:b.apk",
            &long,
        ];
        for text in refused {
            assert!(text.parse::<FileName>().is_err(), "{text:?}");
        }
        assert!(format!("{}.apk", "a".repeat(251)).parse::<FileName>().is_ok());
        assert!("Größe & mehr (1).apk".parse::<FileName>().is_ok());
    }

    #[test]
    fn the_extension_fits_the_platform() {
        let ipa: FileName = "app.ipa".parse().unwrap();
        assert!(ipa.require_platform(Platform::Ios).is_ok());
        assert!(ipa.require_platform(Platform::Android).is_err());
    }
}
