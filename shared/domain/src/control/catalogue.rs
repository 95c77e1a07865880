//! The rows of the catalogue: a flat table, group by group.

use super::Group::{Build, Connection, Detection, DeviceSettings, Obfuscation, Prevention};
use super::Kind::{Response, Switch};
use super::Platforms::{Android, Both, Ios};
use super::{Control, ControlId, Group, Kind, Platforms, Stage};
use crate::plan::Plan::{self, Enterprise, Free, Team};

const fn row(
    group: Group,
    id: &'static str,
    name: &'static str,
    platforms: Platforms,
    minimum_plan: Plan,
    description: &'static str,
    masvs: &'static [&'static str],
) -> Control {
    let id = ControlId(id);
    let stage = match group {
        Obfuscation | Build => Stage::Build,
        _ => Stage::Runtime,
    };
    let kind = if matches!(group, Detection) { Response } else { Switch };
    let live_update = matches!(stage, Stage::Runtime);
    Control { id, name, description, group, kind, platforms, minimum_plan, stage, live_update, masvs }
}

impl Control {
    const fn of_kind(self, kind: Kind) -> Self {
        Self { kind, ..self }
    }

    /// The engine does it, or its part.
    const fn at_build(self) -> Self {
        Self { stage: Stage::Build, live_update: false, ..self }
    }

    /// This backend does it.
    const fn at_server(self) -> Self {
        Self { stage: Stage::Server, live_update: false, ..self }
    }

    /// The agent does it with what was recorded when the package was built.
    const fn as_built(self) -> Self {
        Self { live_update: false, ..self }
    }
}

#[rustfmt::skip]
pub(super) const CATALOGUE: &[Control] = &[
    row(Detection, "RootDetectionResponse", "Root Detection", Android, Free,
        "Detects that the device is rooted.", &["MASVS-RESILIENCE-1"]),
    row(Detection, "JailbreakDetectionResponse", "Jailbreak Detection", Ios, Free,
        "Detects that the device is jailbroken.", &["MASVS-RESILIENCE-1"]),
    row(Detection, "EmulatorDetectionResponse", "Emulator Detection", Both, Team,
        "Detects that the app runs in an emulator or simulator.", &["MASVS-RESILIENCE-1"]),
    row(Detection, "DebuggableDetectionResponse", "Debuggable Detection", Both, Team,
        "Detects that the app was made debuggable.", &["MASVS-RESILIENCE-4"]),
    row(Detection, "DebuggerDetectionResponse", "Debugger Detection", Ios, Team,
        "Detects that a debugger is attached.", &["MASVS-RESILIENCE-4"]),
    row(Detection, "DeveloperOptionsDetectionResponse", "Developer Options Detection", Both, Team,
        "Detects that developer options or developer mode are on.", &["MASVS-RESILIENCE-1"]),
    row(Detection, "HookDetectionResponse", "Hook Detection", Android, Team,
        "Detects hooking frameworks such as Frida and Xposed.", &["MASVS-RESILIENCE-4"]),
    row(Detection, "HookingDetectionResponse", "Hooking Detection", Ios, Team,
        "Detects hooking frameworks and injected libraries.", &["MASVS-RESILIENCE-4"]),
    row(Detection, "MemoryTamperDetectionResponse", "Memory Tamper Detection", Ios, Team,
        "Detects changes to the app's code in memory.", &["MASVS-RESILIENCE-2", "MASVS-RESILIENCE-4"]),
    row(Detection, "AppCloningDetectionResponse", "App Cloning Detection", Android, Team,
        "Detects that the app runs in a cloning or dual-space container.", &["MASVS-RESILIENCE-1"]),
    row(Detection, "AccessibilityServiceDetectionResponse", "Accessibility Service Detection", Android, Team,
        "Detects accessibility services that can read the screen and act for the user.", &["MASVS-PLATFORM-3"]),
    row(Detection, "DeviceLockDetectionResponse", "Device Lock Detection", Both, Team,
        "Detects that the device has no screen lock.", &["MASVS-RESILIENCE-1"]),
    row(Detection, "LocationSpoofingDetectionResponse", "Location Spoofing Detection", Both, Team,
        "Detects mock locations.", &["MASVS-RESILIENCE-1"]),
    row(Detection, "VpnDetectionResponse", "VPN Detection", Both, Team,
        "Detects that traffic goes through a VPN.", &["MASVS-NETWORK-1"]),
    row(Detection, "ProxyUsageDetectionResponse", "Proxy Usage Detection", Both, Team,
        "Detects that traffic goes through a proxy.", &["MASVS-NETWORK-1"]),
    row(Detection, "ScreenCaptureDetectionResponse", "Screen Capture Detection", Both, Team,
        "Detects screenshots (Android 14 and later).", &["MASVS-PLATFORM-3"]),
    row(Detection, "ScreenRecordingDetectionResponse", "Screen Recording Detection", Android, Team,
        "Detects that the screen is being recorded.", &["MASVS-PLATFORM-3"]),
    row(Detection, "ScreenMirroringDetectionResponse", "Screen Mirroring Detection", Both, Team,
        "Detects that the screen is mirrored or cast.", &["MASVS-PLATFORM-3"]),
    row(Detection, "OverlayDetectionResponse", "Overlay Detection", Android, Team,
        "Detects windows of other apps above this one.", &["MASVS-PLATFORM-3"]),
    row(Detection, "ThirdPartyKeyboardDetectionResponse", "Third-Party Keyboard Detection", Both, Team,
        "Detects keyboards that did not come with the system.", &["MASVS-PLATFORM-3"]),
    row(Detection, "UnknownSourcesDetectionResponse", "Unknown Sources Detection", Both, Team,
        "Detects that the app was not installed by a trusted store.", &["MASVS-RESILIENCE-2"]),
    row(Detection, "AppTamperCheck", "App Tamper Detection", Both, Team,
        "Detects that the package was changed or signed again after it was protected.", &["MASVS-RESILIENCE-2"]).as_built(),
    row(Detection, "GooglePlayIntegrity", "Google Play Integrity", Android, Enterprise,
        "Asks Google Play whether app, device and account are genuine.", &["MASVS-RESILIENCE-1", "MASVS-RESILIENCE-2"]),
    row(Detection, "AppleAppAttest", "Apple App Attest", Ios, Enterprise,
        "Asks Apple whether the app is a genuine instance.", &["MASVS-RESILIENCE-1", "MASVS-RESILIENCE-2"]),
    row(Prevention, "AndroidScreenCaptureProtection", "Android Screen Capture Protection", Android, Free,
        "Keeps the app's screens out of screenshots, recordings and casts.", &["MASVS-PLATFORM-3"]),
    row(Prevention, "TaskSwitcherBlurPrevention", "Hide Task Switcher Content", Both, Team,
        "Hides the app's content in the task switcher.", &["MASVS-PLATFORM-3"]),
    row(Prevention, "ScreenshotPrevention", "Screenshot Prevention", Ios, Team,
        "Keeps the app's screens out of screenshots.", &["MASVS-PLATFORM-3"]),
    row(Prevention, "ScreenRecordingPrevention", "Screen Recording Prevention", Ios, Team,
        "Shows a privacy view while the screen is captured.", &["MASVS-PLATFORM-3"]),
    row(Prevention, "StoragePermissionHardeningPrevention", "Storage Permission Hardening", Android, Team,
        "Makes the app's files readable to the app only.", &["MASVS-STORAGE-1"]),
    row(Prevention, "StorageEncryptionPrevention", "Storage Encryption", Ios, Team,
        "Keeps the app's files encrypted while the device is locked.", &["MASVS-STORAGE-1"]).at_build(),
    row(Prevention, "KeychainAccessibilityPrevention", "Keychain Accessibility Hardening", Ios, Team,
        "Keeps keychain items on this device and out of synchronization.", &["MASVS-STORAGE-1"]),
    row(Prevention, "BackupPrevention", "Disable Android Backup", Android, Team,
        "Keeps the app's data out of cloud backups and device transfers.", &["MASVS-STORAGE-2"]).at_build(),
    row(Prevention, "BackupProtection", "iOS Backup Protection", Ios, Team,
        "Keeps the app's own folders out of iOS backups.", &["MASVS-STORAGE-2"]),
    row(Prevention, "FileSharingPrevention", "File Sharing Prevention", Ios, Team,
        "Switches file sharing and opening documents in place off.", &["MASVS-STORAGE-2"]).at_build(),
    row(Prevention, "ClipboardProtectionPrevention", "Clipboard Protection", Both, Team,
        "Keeps what is copied in the app from other apps.", &["MASVS-STORAGE-2", "MASVS-PLATFORM-3"]),
    row(Prevention, "SpotlightIndexingPrevention", "Spotlight And Handoff Suppression", Ios, Team,
        "Keeps the app's content out of Spotlight and Handoff.", &["MASVS-STORAGE-2"]),
    row(Prevention, "SystemSharingPrevention", "System Sharing Suppression", Ios, Team,
        "Switches the system's sharing sheet off.", &["MASVS-STORAGE-2", "MASVS-PLATFORM-1"]),
    row(Prevention, "KeyboardCachePrevention", "Keyboard Cache Prevention", Ios, Team,
        "Keeps typed text out of the keyboard's cache.", &["MASVS-STORAGE-2"]),
    row(Prevention, "AutofillSuggestionPrevention", "Autofill Suggestion Prevention", Android, Team,
        "Keeps fields of the app away from autofill services.", &["MASVS-STORAGE-2", "MASVS-PLATFORM-3"]),
    row(Prevention, "DebuggablePrevention", "Disable Debuggable Builds", Both, Team,
        "Removes what lets a debugger or profiler attach to the app.", &["MASVS-RESILIENCE-4"]).at_build(),
    row(Prevention, "OverlayPrevention", "Overlay Prevention", Android, Team,
        "Hides windows of other apps above this one and ignores touches through them.", &["MASVS-PLATFORM-3"]).at_build(),
    row(Connection, "CertificatePinning", "Certificate Pinning", Both, Team,
        "Accepts only servers whose certificates are on the version's list.", &["MASVS-NETWORK-2"]).of_kind(Response).at_build(),
    row(Connection, "CleartextPrevention", "Block Cleartext Traffic", Android, Team,
        "Refuses connections that are not encrypted.", &["MASVS-NETWORK-1"]).at_build(),
    row(Connection, "TLS13OnlyPrevention", "Only Allow TLS 1.3", Both, Team,
        "Refuses connections below TLS 1.3.", &["MASVS-NETWORK-1"]).at_build(),
    row(Connection, "CertificateTransparencyPrevention", "Certificate Transparency Enforcement", Android, Team,
        "Refuses certificates that no public log knows; enforced from Android 16 on.", &["MASVS-NETWORK-1"]).at_build(),
    row(DeviceSettings, "StoreIPAddress", "Store IP Addresses", Both, Enterprise,
        "Stores the IP address of devices with their events.", &["MASVS-PRIVACY-1"]).at_server(),
    row(DeviceSettings, "StoreLocation", "Store Approximate Location", Both, Enterprise,
        "Stores the country of devices with their events.", &["MASVS-PRIVACY-1"]).at_server(),
    row(DeviceSettings, "StoreDeviceInformation", "Store Device Information", Both, Enterprise,
        "Stores model and system version of devices.", &["MASVS-PRIVACY-1"]).at_server(),
    row(DeviceSettings, "EnforceLatestConfiguration", "Enforce Latest Configuration", Both, Enterprise,
        "Demands the newest signed configuration when the app starts.", &["MASVS-RESILIENCE-2"]),
    row(DeviceSettings, "ConfigurationUpdateFrequency", "Check For Configuration Updates", Both, Enterprise,
        "Fetches new configurations while the app runs.", &["MASVS-RESILIENCE-2"]),
    row(DeviceSettings, "EnforceNew", "Enforce App Updates", Both, Team,
        "Blocks versions of the app below a minimum.", &["MASVS-CODE-2"]).of_kind(Response),
    row(Obfuscation, "StringEncryptionObfuscation", "String Encryption", Android, Team,
        "Replaces string constants of the code by calls that decrypt them.", &["MASVS-RESILIENCE-3"]),
    row(Obfuscation, "DebugInfoObfuscation", "Debug Information Removal", Both, Team,
        "Removes line tables, local names, source names and symbols.", &["MASVS-RESILIENCE-3"]),
    row(Obfuscation, "IdentifierObfuscation", "Identifier Renaming", Android, Team,
        "Renames private classes, methods and fields.", &["MASVS-RESILIENCE-3"]),
    row(Obfuscation, "ResourceNameObfuscation", "Resource Name Obfuscation", Android, Team,
        "Shortens the names and paths of resources.", &["MASVS-RESILIENCE-3"]),
    row(Build, "AllowEmulatorArchitectures", "Keep Emulator Architectures", Android, Free,
        "Keeps native code for x86, which only emulators use. Off drops it where the package also has ARM code.", &[]),
    row(Build, "AllowSimulatorBuilds", "Accept Simulator Builds", Ios, Free,
        "Accepts packages that were built for the simulator.", &[]),
];
