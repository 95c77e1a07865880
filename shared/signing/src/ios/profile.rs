//! Provisioning profiles.

use std::fmt;
use std::sync::Arc;

use formats::limits::Limits;
use formats::plist::{self, Date, Dictionary, optional, required, unix_seconds};

use super::bundle::BundlePattern;
use super::error::ProfileError;
use super::signed;
use crate::Certificate;
use crate::message::{excerpt, excerpts};

/// Profiles of large teams, with hundreds of certificates and devices, take some 200 KiB.
const MAX_PROFILE: usize = 1 << 20;
/// Number of characters in the identifiers that Apple gives to teams.
const TEAM_LENGTH: usize = 10;
/// Lengths of a UUID's parts.
const UUID_PARTS: [usize; 5] = [8, 4, 4, 4, 12];
/// The entitlement that names the apps, and what it is called for macOS.
const APPLICATION_IDENTIFIERS: [&str; 2] = ["application-identifier", "com.apple.application-identifier"];

/// Where apps signed under a profile run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProfileKind {
    /// On the devices it lists, under a debugger.
    Development,
    /// On the devices it lists.
    AdHoc,
    /// Nowhere before the App Store has signed them again.
    AppStore,
    /// On all devices of an organisation.
    Enterprise,
}

impl ProfileKind {
    /// What a profile is by its fields: all devices makes it one for an organisation; a debugger, for development; a list of
    /// devices, ad hoc; and none of these, for the App Store.
    fn of(all_devices: bool, debugger: bool, listed_devices: bool) -> Self {
        match (all_devices, debugger, listed_devices) {
            (true, _, _) => Self::Enterprise,
            (false, true, _) => Self::Development,
            (false, false, true) => Self::AdHoc,
            (false, false, false) => Self::AppStore,
        }
    }
}

impl fmt::Display for ProfileKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Development => "development",
            Self::AdHoc => "ad hoc",
            Self::AppStore => "App Store",
            Self::Enterprise => "enterprise",
        })
    }
}

/// A provisioning profile (`.mobileprovision`) whose signature holds.
///
/// The signature is checked under the certificate that comes with it, which shows that the file is whole and unchanged. It does
/// not show that Apple made it: the certificate's chain is not followed, as devices and the App Store follow it, and a
/// profile that they refuse is of no use to whoever made it. What is signed with algorithms that are not verified here is
/// refused.
#[derive(Debug, Clone)]
pub struct ProvisioningProfile {
    name: String,
    uuid: String,
    team_id: String,
    team_name: Option<String>,
    app_id_name: Option<String>,
    prefix: String,
    pattern: BundlePattern,
    platforms: Vec<String>,
    kind: ProfileKind,
    devices: Vec<String>,
    created: i64,
    expires: i64,
    certificates: Vec<Certificate>,
    entitlements: Dictionary,
    file: File,
}

/// The file that a profile was read from. Shown by its name only: it says nothing that the profile does not.
#[derive(Clone)]
struct File(Arc<[u8]>);

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("File")
    }
}

impl ProvisioningProfile {
    /// Reads a profile and checks its signature.
    ///
    /// # Errors
    /// The first defect.
    pub fn parse(bytes: &[u8]) -> Result<Self, ProfileError> {
        if bytes.len() > MAX_PROFILE {
            return Err(ProfileError::TooLarge { length: bytes.len(), limit: MAX_PROFILE });
        }
        Self::of(&plist::read_dictionary(&signed::content(bytes)?, &Limits::default())?, bytes)
    }

    fn of(fields: &Dictionary, bytes: &[u8]) -> Result<Self, ProfileError> {
        let entitlements: &Dictionary = required(fields, "Entitlements")?;
        let (prefix, pattern) = application_identifier(fields, entitlements)?;
        let devices: Option<Vec<&str>> = optional(fields, "ProvisionedDevices")?;
        let all_devices = optional(fields, "ProvisionsAllDevices")?.unwrap_or(false);
        let debugger = optional(entitlements, "get-task-allow")?.unwrap_or(false);
        let date = |key| Ok::<_, plist::Error>(unix_seconds(required::<Date>(fields, key)?));
        let text = |key| Ok::<_, plist::Error>(optional::<&str>(fields, key)?.map(str::to_owned));
        Ok(Self {
            name: required::<&str>(fields, "Name")?.to_owned(),
            uuid: uuid(required(fields, "UUID")?)?,
            team_id: team(&required::<Vec<&str>>(fields, "TeamIdentifier")?)?,
            team_name: text("TeamName")?,
            app_id_name: text("AppIDName")?,
            prefix,
            pattern,
            platforms: owned(&optional::<Vec<&str>>(fields, "Platform")?.unwrap_or_default()),
            kind: ProfileKind::of(all_devices, debugger, devices.is_some()),
            devices: owned(&devices.unwrap_or_default()),
            created: date("CreationDate")?,
            expires: date("ExpirationDate")?,
            certificates: certificates(&required::<Vec<&[u8]>>(fields, "DeveloperCertificates")?)?,
            entitlements: entitlements.clone(),
            file: File(bytes.into()),
        })
    }

    /// Name that whoever made the profile gave it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Identifier of the profile, as it is written there.
    pub fn uuid(&self) -> &str {
        &self.uuid
    }

    /// Identifier of the team that the profile belongs to: ten upper-case letters and digits.
    pub fn team_id(&self) -> &str {
        &self.team_id
    }

    /// Name of the team.
    pub fn team_name(&self) -> Option<&str> {
        self.team_name.as_deref()
    }

    /// Name of the App ID.
    pub fn app_id_name(&self) -> Option<&str> {
        self.app_id_name.as_deref()
    }

    /// What stands in front of the bundle identifier in the application identifier: the team, but for App IDs made before 2011.
    pub fn application_identifier_prefix(&self) -> &str {
        &self.prefix
    }

    /// The apps that may be signed.
    pub fn bundle_pattern(&self) -> &BundlePattern {
        &self.pattern
    }

    /// Whether the app of this bundle identifier may be signed.
    pub fn covers(&self, bundle_id: &str) -> bool {
        self.pattern.covers(bundle_id)
    }

    /// Platforms, such as `iOS`; none in profiles of before 2014.
    pub fn platforms(&self) -> &[String] {
        &self.platforms
    }

    /// Where the apps run.
    pub fn kind(&self) -> ProfileKind {
        self.kind
    }

    /// Identifiers of the devices that are listed.
    pub fn devices(&self) -> &[String] {
        &self.devices
    }

    /// When the profile was made, in Unix seconds.
    pub fn created(&self) -> i64 {
        self.created
    }

    /// Last moment at which it is valid, in Unix seconds.
    pub fn expires(&self) -> i64 {
        self.expires
    }

    /// The certificates whose keys may sign.
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// The file, as it was read.
    pub fn bytes(&self) -> &[u8] {
        &self.file.0
    }

    /// The entitlements that apps may claim, with asterisks where they may choose.
    pub fn entitlements(&self) -> &Dictionary {
        &self.entitlements
    }
}

/// The application identifier's prefix, and the pattern behind it.
fn application_identifier(
    fields: &Dictionary,
    entitlements: &Dictionary,
) -> Result<(String, BundlePattern), ProfileError> {
    let [ios, macos] = APPLICATION_IDENTIFIERS;
    let identifier = match optional::<&str>(entitlements, macos)? {
        Some(identifier) if !entitlements.contains_key(ios) => identifier,
        _ => required(entitlements, ios)?,
    };
    let prefixes: Vec<&str> = required(fields, "ApplicationIdentifierPrefix")?;
    let split = identifier.split_once('.').filter(|(prefix, _)| is_team(prefix) && prefixes.contains(prefix));
    let Some((prefix, pattern)) = split else {
        return Err(ProfileError::Prefix { found: excerpt(identifier), prefixes: excerpts(&prefixes) });
    };
    let malformed = |_| ProfileError::BundlePattern { found: excerpt(pattern) };
    Ok((prefix.to_owned(), pattern.parse().map_err(malformed)?))
}

fn team(found: &[&str]) -> Result<String, ProfileError> {
    match found {
        [team] if is_team(team) => Ok((*team).to_owned()),
        _ => Err(ProfileError::Team { found: excerpts(found) }),
    }
}

fn is_team(text: &str) -> bool {
    text.len() == TEAM_LENGTH && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

fn uuid(text: &str) -> Result<String, ProfileError> {
    let is_hex = |part: &str| part.bytes().all(|byte| byte.is_ascii_hexdigit());
    let sound = text.split('-').map(str::len).eq(UUID_PARTS) && text.split('-').all(is_hex);
    if sound { Ok(text.to_owned()) } else { Err(ProfileError::Uuid { found: excerpt(text) }) }
}

fn certificates(all: &[&[u8]]) -> Result<Vec<Certificate>, ProfileError> {
    let read = |(position, der): (usize, &&[u8])| {
        Certificate::from_der(der).map_err(|_| ProfileError::Certificate { position })
    };
    (1..).zip(all).map(read).collect()
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}
