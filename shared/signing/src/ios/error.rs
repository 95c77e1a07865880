//! Why a profile cannot be used, alone or with a key. No message carries key material or a password.

use formats::plist;

use crate::apk::Problem;
use crate::certificate::{ValidityError, day};
use crate::key::KeyError;
use crate::message::listed;

/// Why a file is no provisioning profile.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProfileError {
    /// It is longer than any profile.
    #[error("the provisioning profile has {length} bytes, and at most {limit} are read")]
    TooLarge {
        /// Its length in bytes.
        length: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// Only what the profile says, without the signature around it.
    #[error(
        "the provisioning profile is a bare property list without a signature: upload the .mobileprovision file itself"
    )]
    NotSigned,
    /// It is no signed data, or not whole.
    #[error(
        "the provisioning profile is damaged or another kind of file ({field} at offset {offset} {problem}): download it \
         from Apple's developer site again"
    )]
    Damaged {
        /// The field, by its name in CMS.
        field: &'static str,
        /// Where it stands, in bytes.
        offset: u64,
        /// What is wrong with it.
        problem: Problem,
    },
    /// There is a place for signatures, and none in it.
    #[error("nobody has signed the provisioning profile: download it from Apple's developer site again")]
    Unsigned,
    /// With a kind of key or a hash function that is not verified here.
    #[error("the provisioning profile is signed with an algorithm that is not supported")]
    UnsupportedSignature,
    /// It is not what was signed.
    #[error("the provisioning profile was changed after it was signed: download it from Apple's developer site again")]
    BadSignature,
    /// The property list inside cannot be read, or lacks a field.
    #[error("the provisioning profile cannot be read: {0}")]
    Contents(#[from] plist::Error),
    /// The identifier of the profile.
    #[error("the provisioning profile's UUID {found:?} is none")]
    Uuid {
        /// What stands there.
        found: String,
    },
    /// The team that the profile belongs to.
    #[error("the provisioning profile must name one team by ten upper-case letters and digits, and names {}", listed(.found))]
    Team {
        /// What stands there.
        found: Vec<String>,
    },
    /// The application identifier does not begin with a prefix that the profile lists.
    #[error("the provisioning profile's application identifier {found:?} does not begin with one of its prefixes, {}", listed(.prefixes))]
    Prefix {
        /// The application identifier.
        found: String,
        /// The prefixes.
        prefixes: Vec<String>,
    },
    /// What the application identifier says behind its prefix.
    #[error(
        "the provisioning profile is for the apps {found:?}, which is neither a bundle identifier nor one that ends in a \
         period and an asterisk"
    )]
    BundlePattern {
        /// What stands there.
        found: String,
    },
    /// One of the certificates cannot be read.
    #[error("certificate {position} in the provisioning profile is not an X.509 certificate")]
    Certificate {
        /// Which one, counted from 1.
        position: usize,
    },
}

/// Why a key and a profile are no identity that can sign.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityError {
    /// The keystore does not open.
    #[error(transparent)]
    Key(KeyError),
    /// The keystore holds more than the one key.
    #[error(
        "the p12 file holds several keys, {}: export the one alone whose certificate the provisioning profile lists",
        listed(.aliases)
    )]
    SeveralKeys {
        /// Names of the keys.
        aliases: Vec<String>,
    },
    /// The certificate is not valid now.
    #[error(transparent)]
    Certificate(#[from] ValidityError),
    /// The profile cannot be read.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// The profile is for other devices than iOS devices.
    #[error("the provisioning profile {profile:?} is for apps of {}, not of iOS", listed(.platforms))]
    Platform {
        /// Name of the profile.
        profile: String,
        /// The platforms that it names.
        platforms: Vec<String>,
    },
    /// The profile is not valid any more.
    #[error(
        "the provisioning profile {profile:?} expired on {}: renew it on Apple's developer site and upload the new one",
        day(*.expired)
    )]
    ProfileExpired {
        /// Name of the profile.
        profile: String,
        /// When, in Unix seconds.
        expired: i64,
    },
    /// The profile was made for other certificates.
    #[error(
        "the provisioning profile {profile:?} does not list the certificate of the p12 file ({certificate}): add the \
         certificate to the profile, or upload the p12 file of one that it lists"
    )]
    CertificateNotListed {
        /// Name of the profile.
        profile: String,
        /// Subject of the key's certificate.
        certificate: String,
    },
    /// The certificate belongs to another team than the profile.
    #[error("the certificate belongs to team {}, and the provisioning profile {profile:?} to team {team}", listed(.certificate))]
    OtherTeam {
        /// Name of the profile.
        profile: String,
        /// Team of the profile.
        team: String,
        /// Organizational units in the certificate's subject, where Apple puts the team.
        certificate: Vec<String>,
    },
}

/// Why an app cannot be signed under a profile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EntitlementsError {
    /// The profile is for other apps.
    #[error(
        "the provisioning profile {profile:?} is for the app identifier {pattern}, and the app has {bundle_id}: make a \
         profile for it on Apple's developer site"
    )]
    OtherApp {
        /// Name of the profile.
        profile: String,
        /// Its apps.
        pattern: String,
        /// Bundle identifier of the app.
        bundle_id: String,
    },
    /// The app has entitlements that the profile does not grant.
    #[error(
        "the provisioning profile {profile:?} lacks entitlements of the app: {}. Enable their capabilities for the App ID on \
         Apple's developer site, then make the profile again and upload it",
        .refused.join(", ")
    )]
    NotGranted {
        /// Name of the profile.
        profile: String,
        /// The entitlements, with the value in parentheses where others are granted.
        refused: Vec<String>,
    },
}

impl From<KeyError> for IdentityError {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::SeveralKeys { aliases } => Self::SeveralKeys { aliases },
            error => Self::Key(error),
        }
    }
}
