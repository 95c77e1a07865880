//! The control catalogue: one row for each security control (reference: the control catalogue).
//!
//! The options calls, the validation of configurations, plan gates and the engine all read these rows.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::plan::Plan;
use crate::platform::Platform;

use Group::{Build, Connection, Detection, DeviceSettings, Obfuscation, Prevention};
use Kind::{Response, Switch};

/// The product's own name of a control. Only names of the catalogue exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ControlId(&'static str);

impl ControlId {
    /// Keep Emulator Architectures.
    pub const ALLOW_EMULATOR_ARCHITECTURES: Self = Self("AllowEmulatorArchitectures");
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
    /// Resource Name Obfuscation.
    pub const RESOURCE_NAME_OBFUSCATION: Self = Self("ResourceNameObfuscation");

    /// The name as it stands in configurations and reports.
    pub const fn as_str(self) -> &'static str {
        self.0
    }

    /// This control's row of the catalogue.
    pub fn control(self) -> Option<&'static Control> {
        CATALOGUE.iter().find(|control| control.id == self)
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
        row.map(|control| control.id).ok_or_else(|| UnknownControl(name.chars().take(64).collect()))
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `{"protection": bool}`.
    Switch,
    /// `{"detection": bool, "action": …}`.
    Response,
}

/// The platforms that a control exists for.
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
}

/// One row of the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Control {
    /// The product's own name.
    pub id: ControlId,
    /// The name shown to people.
    pub name: &'static str,
    /// Where it is offered.
    pub group: Group,
    /// How its setting is stored.
    pub kind: Kind,
    /// What it exists for.
    pub platforms: Platforms,
    /// The lowest plan that may use it.
    pub minimum_plan: Plan,
}

impl Control {
    /// Whether the mechanism is built, so that the control may be enabled.
    pub fn is_available(&self, platform: Platform) -> bool {
        self.platforms.contains(platform) && AVAILABLE.contains(&(self.id, platform))
    }

    /// Whether the control counts as "at least one enabled control" (page 000): device settings and build
    /// configuration do not.
    pub const fn counts_as_protection(&self) -> bool {
        !matches!(self.group, DeviceSettings | Build)
    }
}

/// Every control, in the order in which it is offered.
pub const fn catalogue() -> &'static [Control] {
    CATALOGUE
}

/// What is built today. Everything else is refused by configurations and shown as not available.
const AVAILABLE: &[(ControlId, Platform)] = &[
    (ControlId::ALLOW_EMULATOR_ARCHITECTURES, Platform::Android),
    (ControlId::BACKUP_PREVENTION, Platform::Android),
    (ControlId::CERTIFICATE_PINNING, Platform::Android),
    (ControlId::CERTIFICATE_TRANSPARENCY_PREVENTION, Platform::Android),
    (ControlId::CLEARTEXT_PREVENTION, Platform::Android),
    (ControlId::DEBUGGABLE_PREVENTION, Platform::Android),
    (ControlId::DEBUG_INFO_OBFUSCATION, Platform::Android),
    (ControlId::RESOURCE_NAME_OBFUSCATION, Platform::Android),
];

const fn row(
    id: &'static str,
    name: &'static str,
    group: Group,
    kind: Kind,
    platforms: Platforms,
    minimum_plan: Plan,
) -> Control {
    Control { id: ControlId(id), name, group, kind, platforms, minimum_plan }
}

#[rustfmt::skip]
const CATALOGUE: &[Control] = &[
    row("RootDetectionResponse", "Root Detection", Detection, Response, Platforms::Android, Plan::Free),
    row("JailbreakDetectionResponse", "Jailbreak Detection", Detection, Response, Platforms::Ios, Plan::Free),
    row("EmulatorDetectionResponse", "Emulator Detection", Detection, Response, Platforms::Both, Plan::Team),
    row("DebuggableDetectionResponse", "Debuggable Detection", Detection, Response, Platforms::Both, Plan::Team),
    row("DebuggerDetectionResponse", "Debugger Detection", Detection, Response, Platforms::Ios, Plan::Team),
    row("DeveloperOptionsDetectionResponse", "Developer Options Detection", Detection, Response, Platforms::Both, Plan::Team),
    row("HookDetectionResponse", "Hook Detection", Detection, Response, Platforms::Android, Plan::Team),
    row("HookingDetectionResponse", "Hooking Detection", Detection, Response, Platforms::Ios, Plan::Team),
    row("MemoryTamperDetectionResponse", "Memory Tamper Detection", Detection, Response, Platforms::Ios, Plan::Team),
    row("AppCloningDetectionResponse", "App Cloning Detection", Detection, Response, Platforms::Android, Plan::Team),
    row("AccessibilityServiceDetectionResponse", "Accessibility Service Detection", Detection, Response, Platforms::Android, Plan::Team),
    row("DeviceLockDetectionResponse", "Device Lock Detection", Detection, Response, Platforms::Both, Plan::Team),
    row("LocationSpoofingDetectionResponse", "Location Spoofing Detection", Detection, Response, Platforms::Both, Plan::Team),
    row("VpnDetectionResponse", "VPN Detection", Detection, Response, Platforms::Both, Plan::Team),
    row("ProxyUsageDetectionResponse", "Proxy Usage Detection", Detection, Response, Platforms::Both, Plan::Team),
    row("ScreenCaptureDetectionResponse", "Screen Capture Detection", Detection, Response, Platforms::Both, Plan::Team),
    row("ScreenRecordingDetectionResponse", "Screen Recording Detection", Detection, Response, Platforms::Android, Plan::Team),
    row("ScreenMirroringDetectionResponse", "Screen Mirroring Detection", Detection, Response, Platforms::Both, Plan::Team),
    row("OverlayDetectionResponse", "Overlay Detection", Detection, Response, Platforms::Android, Plan::Team),
    row("ThirdPartyKeyboardDetectionResponse", "Third-Party Keyboard Detection", Detection, Response, Platforms::Both, Plan::Team),
    row("UnknownSourcesDetectionResponse", "Unknown Sources Detection", Detection, Response, Platforms::Both, Plan::Team),
    row("AppTamperCheck", "App Tamper Detection", Detection, Response, Platforms::Both, Plan::Team),
    row("GooglePlayIntegrity", "Google Play Integrity", Detection, Response, Platforms::Android, Plan::Enterprise),
    row("AppleAppAttest", "Apple App Attest", Detection, Response, Platforms::Ios, Plan::Enterprise),
    row("AndroidScreenCaptureProtection", "Android Screen Capture Protection", Prevention, Switch, Platforms::Android, Plan::Free),
    row("TaskSwitcherBlurPrevention", "Hide Task Switcher Content", Prevention, Switch, Platforms::Both, Plan::Team),
    row("ScreenshotPrevention", "Screenshot Prevention", Prevention, Switch, Platforms::Ios, Plan::Team),
    row("ScreenRecordingPrevention", "Screen Recording Prevention", Prevention, Switch, Platforms::Ios, Plan::Team),
    row("StoragePermissionHardeningPrevention", "Storage Permission Hardening", Prevention, Switch, Platforms::Android, Plan::Team),
    row("StorageEncryptionPrevention", "Storage Encryption", Prevention, Switch, Platforms::Ios, Plan::Team),
    row("KeychainAccessibilityPrevention", "Keychain Accessibility Hardening", Prevention, Switch, Platforms::Ios, Plan::Team),
    row("BackupPrevention", "Disable Android Backup", Prevention, Switch, Platforms::Android, Plan::Team),
    row("BackupProtection", "iOS Backup Protection", Prevention, Switch, Platforms::Ios, Plan::Team),
    row("FileSharingPrevention", "File Sharing Prevention", Prevention, Switch, Platforms::Ios, Plan::Team),
    row("ClipboardProtectionPrevention", "Clipboard Protection", Prevention, Switch, Platforms::Both, Plan::Team),
    row("SpotlightIndexingPrevention", "Spotlight And Handoff Suppression", Prevention, Switch, Platforms::Ios, Plan::Team),
    row("SystemSharingPrevention", "System Sharing Suppression", Prevention, Switch, Platforms::Ios, Plan::Team),
    row("KeyboardCachePrevention", "Keyboard Cache Prevention", Prevention, Switch, Platforms::Ios, Plan::Team),
    row("AutofillSuggestionPrevention", "Autofill Suggestion Prevention", Prevention, Switch, Platforms::Android, Plan::Team),
    row("DebuggablePrevention", "Disable Debuggable Builds", Prevention, Switch, Platforms::Both, Plan::Team),
    row("OverlayPrevention", "Overlay Prevention", Prevention, Switch, Platforms::Android, Plan::Team),
    row("CertificatePinning", "Certificate Pinning", Connection, Response, Platforms::Both, Plan::Team),
    row("CleartextPrevention", "Block Cleartext Traffic", Connection, Switch, Platforms::Android, Plan::Team),
    row("TLS13OnlyPrevention", "Only Allow TLS 1.3", Connection, Switch, Platforms::Both, Plan::Team),
    row("CertificateTransparencyPrevention", "Certificate Transparency Enforcement", Connection, Switch, Platforms::Android, Plan::Team),
    row("StoreIPAddress", "Store IP Addresses", DeviceSettings, Switch, Platforms::Both, Plan::Enterprise),
    row("StoreLocation", "Store Approximate Location", DeviceSettings, Switch, Platforms::Both, Plan::Enterprise),
    row("StoreDeviceInformation", "Store Device Information", DeviceSettings, Switch, Platforms::Both, Plan::Enterprise),
    row("EnforceLatestConfiguration", "Enforce Latest Configuration", DeviceSettings, Switch, Platforms::Both, Plan::Enterprise),
    row("ConfigurationUpdateFrequency", "Check For Configuration Updates", DeviceSettings, Switch, Platforms::Both, Plan::Enterprise),
    row("EnforceNew", "Enforce App Updates", DeviceSettings, Response, Platforms::Both, Plan::Team),
    row("StringEncryptionObfuscation", "String Encryption", Obfuscation, Switch, Platforms::Android, Plan::Team),
    row("DebugInfoObfuscation", "Debug Information Removal", Obfuscation, Switch, Platforms::Both, Plan::Team),
    row("IdentifierObfuscation", "Identifier Renaming", Obfuscation, Switch, Platforms::Android, Plan::Team),
    row("ResourceNameObfuscation", "Resource Name Obfuscation", Obfuscation, Switch, Platforms::Android, Plan::Team),
    row("AllowEmulatorArchitectures", "Keep Emulator Architectures", Build, Switch, Platforms::Android, Plan::Free),
    row("AllowSimulatorBuilds", "Accept Simulator Builds", Build, Switch, Platforms::Ios, Plan::Free),
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
    fn what_is_available_stands_in_the_catalogue() {
        for (id, platform) in AVAILABLE {
            assert!(id.control().is_some_and(|control| control.is_available(*platform)), "{id}");
        }
    }
}
