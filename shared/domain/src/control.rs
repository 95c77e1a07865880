//! The control catalogue: one row for each security control (reference: the control catalogue).
//!
//! The options calls, the validation of configurations, plan gates and the engine all read these rows.

mod catalogue;
mod event_type;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::{Map, Value};

use crate::plan::Plan;
use crate::platform::Platform;
use crate::redaction::without_secrets;

use catalogue::CATALOGUE;

/// The product's own name of a control. Only names of the catalogue exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ControlId(&'static str);

impl ControlId {
    /// Keep Emulator Architectures.
    pub const ALLOW_EMULATOR_ARCHITECTURES: Self = Self("AllowEmulatorArchitectures");
    /// Accept Simulator Builds.
    pub const ALLOW_SIMULATOR_BUILDS: Self = Self("AllowSimulatorBuilds");
    /// Disable Android Backup.
    pub const BACKUP_PREVENTION: Self = Self("BackupPrevention");
    /// Certificate Pinning.
    pub const CERTIFICATE_PINNING: Self = Self("CertificatePinning");
    /// Certificate Transparency Enforcement.
    pub const CERTIFICATE_TRANSPARENCY_PREVENTION: Self = Self("CertificateTransparencyPrevention");
    /// Block Cleartext Traffic.
    pub const CLEARTEXT_PREVENTION: Self = Self("CleartextPrevention");
    /// Disable Debuggable Builds.
    pub const DEBUGGABLE_PREVENTION: Self = Self("DebuggablePrevention");
    /// Debug Information Removal.
    pub const DEBUG_INFO_OBFUSCATION: Self = Self("DebugInfoObfuscation");
    /// Enforce App Updates.
    pub const ENFORCE_NEW: Self = Self("EnforceNew");
    /// Enforce Latest Configuration.
    pub const ENFORCE_LATEST_CONFIGURATION: Self = Self("EnforceLatestConfiguration");
    /// Check For Configuration Updates.
    pub const CONFIGURATION_UPDATE_FREQUENCY: Self = Self("ConfigurationUpdateFrequency");
    /// File Sharing Prevention.
    pub const FILE_SHARING_PREVENTION: Self = Self("FileSharingPrevention");
    /// Resource Name Obfuscation.
    pub const RESOURCE_NAME_OBFUSCATION: Self = Self("ResourceNameObfuscation");
    /// Storage Encryption.
    pub const STORAGE_ENCRYPTION_PREVENTION: Self = Self("StorageEncryptionPrevention");
    /// Only Allow TLS 1.3.
    pub const TLS13_ONLY_PREVENTION: Self = Self("TLS13OnlyPrevention");

    /// The name as it stands in configurations and reports.
    pub const fn as_str(self) -> &'static str {
        self.0
    }

    /// This control's row of the catalogue.
    #[expect(clippy::expect_used, reason = "only the catalogue makes ids, and a test looks each of them up")]
    pub fn control(self) -> &'static Control {
        CATALOGUE.iter().find(|control| control.id == self).expect("a row of the catalogue")
    }
}

impl fmt::Display for ControlId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Serialize for ControlId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0)
    }
}

impl<'de> Deserialize<'de> for ControlId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl FromStr for ControlId {
    type Err = UnknownControl;

    fn from_str(name: &str) -> Result<Self, UnknownControl> {
        let row = CATALOGUE.iter().find(|control| control.id.0 == name);
        row.map(|control| control.id).ok_or_else(|| UnknownControl(without_secrets(name).chars().take(64).collect()))
    }
}

/// A name that the catalogue does not have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown control {0:?}")]
pub struct UnknownControl(String);

/// The options group in which a control is offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// Run-time detections.
    Detection,
    /// Preventions.
    Prevention,
    /// Network connections.
    Connection,
    /// What is stored of a device.
    DeviceSettings,
    /// Code obfuscation.
    Obfuscation,
    /// How the package is built.
    Build,
}

/// How a control's setting is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Kind {
    /// `{"protection": bool}`.
    #[serde(rename = "on/off")]
    Switch,
    /// `{"detection": bool, "action": …}`.
    #[serde(rename = "response")]
    Response,
}

/// Where a control does its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// The engine rewrites the package, for all of the control or a part of it: a change needs a build.
    Build,
    /// The runtime agent in the app does it, by the policy that it has.
    Runtime,
    /// This backend does it.
    Server,
}

/// The platforms that a control exists for, or that a setting is narrowed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Platforms {
    /// Android only.
    Android,
    /// iOS only.
    Ios,
    /// Both.
    Both,
}

impl Platforms {
    /// Whether `platform` is one of them.
    pub const fn contains(self, platform: Platform) -> bool {
        matches!((self, platform), (Self::Both, _) | (Self::Android, Platform::Android) | (Self::Ios, Platform::Ios))
    }

    /// Each of them.
    pub fn iter(self) -> impl Iterator<Item = Platform> {
        Platform::ALL.into_iter().filter(move |platform| self.contains(*platform))
    }
}

/// One row of the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Control {
    /// The product's own name.
    pub id: ControlId,
    /// The name shown to people.
    pub name: &'static str,
    /// What it does, for people.
    pub description: &'static str,
    /// Where it is offered.
    pub group: Group,
    /// How its setting is stored.
    pub kind: Kind,
    /// What it exists for.
    pub platforms: Platforms,
    /// The lowest plan that may use it.
    pub minimum_plan: Plan,
    /// Where it does its work.
    pub stage: Stage,
    /// Whether a live configuration push can change it.
    pub live_update: bool,
    /// The controls of OWASP MASVS 2.1 that it serves.
    pub masvs: &'static [&'static str],
}

impl Control {
    /// Whether the mechanism is built, so that the control may be enabled.
    pub fn is_available(&self, platform: Platform) -> bool {
        self.platforms.contains(platform) && AVAILABLE.contains(&(self.id, platform))
    }

    /// The platforms that it is available on.
    pub fn available_platforms(&self) -> impl Iterator<Item = Platform> {
        Platform::ALL.into_iter().filter(|platform| self.is_available(*platform))
    }

    /// Whether the control counts as "at least one enabled control" (page 000): device settings and build
    /// configuration do not.
    pub const fn counts_as_protection(&self) -> bool {
        !matches!(self.group, Group::DeviceSettings | Group::Build)
    }

    /// A setting that only switches it on or off.
    pub fn switched(&self, on: bool) -> Value {
        let field = match self.kind {
            Kind::Switch => "protection",
            Kind::Response => "detection",
        };
        Map::from_iter([(field.to_owned(), on.into())]).into()
    }

    /// The fields that its setting may have, in the order in which they are shown.
    pub fn fields(&self) -> impl Iterator<Item = &'static str> {
        let own: &[&str] = match self.kind {
            Kind::Switch => &["protection"],
            Kind::Response => &["detection", "action", "title", "message", "buttons", "actions", "redirects"],
        };
        let more: &[&str] = match self.id {
            ControlId::ENFORCE_NEW => &["protection"],
            ControlId::TLS13_ONLY_PREVENTION | ControlId::CERTIFICATE_TRANSPARENCY_PREVENTION => &["domains"],
            _ => &[],
        };
        own.iter().chain(more).chain(&["platform"]).copied()
    }
}

/// Every control, in the order in which it is offered.
pub const fn catalogue() -> &'static [Control] {
    CATALOGUE
}

/// What is built today. Everything else is refused by configurations and shown as not available.
const AVAILABLE: &[(ControlId, Platform)] = &[
    (ControlId::ALLOW_EMULATOR_ARCHITECTURES, Platform::Android),
    (ControlId::ALLOW_SIMULATOR_BUILDS, Platform::Ios),
    (ControlId::BACKUP_PREVENTION, Platform::Android),
    (ControlId::CERTIFICATE_PINNING, Platform::Android),
    (ControlId::CERTIFICATE_PINNING, Platform::Ios),
    (ControlId::CERTIFICATE_TRANSPARENCY_PREVENTION, Platform::Android),
    (ControlId::CLEARTEXT_PREVENTION, Platform::Android),
    (ControlId::DEBUGGABLE_PREVENTION, Platform::Android),
    (ControlId::DEBUGGABLE_PREVENTION, Platform::Ios),
    (ControlId::DEBUG_INFO_OBFUSCATION, Platform::Android),
    (ControlId::DEBUG_INFO_OBFUSCATION, Platform::Ios),
    (ControlId::FILE_SHARING_PREVENTION, Platform::Ios),
    (ControlId::RESOURCE_NAME_OBFUSCATION, Platform::Android),
    (ControlId::STORAGE_ENCRYPTION_PREVENTION, Platform::Ios),
    (ControlId::TLS13_ONLY_PREVENTION, Platform::Ios),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_parse_back() {
        for (index, control) in catalogue().iter().enumerate() {
            assert_eq!(control.id.as_str().parse(), Ok(control.id));
            assert!(catalogue()[..index].iter().all(|earlier| earlier.id != control.id), "{}", control.id);
        }
    }

    #[test]
    fn people_are_told_what_each_control_does() {
        for control in catalogue() {
            assert!(control.description.ends_with('.') && control.description.len() <= 200, "{}", control.id);
            assert!(control.masvs.iter().all(|entry| entry.starts_with("MASVS-")), "{}", control.id);
            assert!(!control.live_update || control.stage == Stage::Runtime, "{}", control.id);
        }
    }

    #[test]
    fn what_is_available_stands_in_the_catalogue() {
        for (id, platform) in AVAILABLE {
            assert!(id.control().is_available(*platform), "{id}");
        }
    }
}
