//! What people call the controls, beside the names and ids of the catalogue.

use domain::control::catalogue;

/// Ids and phrases. Where people make no difference between two controls, both are meant.
#[rustfmt::skip]
const SYNONYMS: &[(&[&str], &[&str])] = &[
    (&["RootDetectionResponse"], &["root", "rooted", "rooting", "rooted device", "rooted phone"]),
    (&["JailbreakDetectionResponse"], &["jailbreak", "jailbroken", "jailbreaking", "jailbroken device", "jailbroken phone"]),
    (&["EmulatorDetectionResponse"], &["emulator", "emulated", "simulator", "emulated device"]),
    (&["DebuggableDetectionResponse"], &["debuggable", "debuggable app"]),
    (&["DebuggerDetectionResponse"], &["debugger", "attached debugger"]),
    (&["DeveloperOptionsDetectionResponse"], &["developer option", "developer mode", "developer mode detection"]),
    (&["HookDetectionResponse", "HookingDetectionResponse"],
        &["hook", "hooking", "hooked", "hooking framework", "frida", "xposed", "frida detection", "xposed detection"]),
    (&["MemoryTamperDetectionResponse"],
        &["memory tamper", "memory tampering", "tampered memory", "memory manipulation", "memory tampering detection"]),
    (&["AppCloningDetectionResponse"], &["app cloning", "cloned app", "app clone", "cloning", "dual space", "cloning detection"]),
    (&["AccessibilityServiceDetectionResponse"], &["accessibility service", "accessibility abuse", "accessibility detection"]),
    (&["DeviceLockDetectionResponse"], &["missing device lock", "missing screen lock", "missing passcode"]),
    (&["LocationSpoofingDetectionResponse"],
        &["location spoofing", "spoofed location", "mock location", "fake location", "fake gps", "gps spoofing",
          "mock location detection", "gps spoofing detection"]),
    (&["VpnDetectionResponse"], &["vpn", "vpn usage", "vpn connection"]),
    (&["ProxyUsageDetectionResponse"], &["proxy", "proxy usage", "proxy detection", "proxy connection"]),
    (&["ScreenCaptureDetectionResponse"], &["screen capture", "screenshot", "screenshot detection"]),
    (&["ScreenRecordingDetectionResponse"], &["screen recording", "recorded screen"]),
    (&["ScreenMirroringDetectionResponse"], &["screen mirroring", "mirrored screen", "screen casting", "screen sharing"]),
    (&["OverlayDetectionResponse"], &["overlay", "overlay attack", "screen overlay", "tapjacking"]),
    (&["ThirdPartyKeyboardDetectionResponse"],
        &["third party keyboard", "custom keyboard", "keyboard detection", "third-party input method"]),
    (&["UnknownSourcesDetectionResponse"],
        &["unknown source", "sideload", "sideloaded", "sideloading", "sideloaded app", "sideloading detection"]),
    (&["AppTamperCheck"],
        &["app tamper", "app tampering", "tampered app", "repackaging", "repackaged", "repackaged app", "tamper detection",
          "app tampering detection", "repackaging detection"]),
    (&["GooglePlayIntegrity"], &["play integrity", "play integrity failure", "google play integrity failure"]),
    (&["AppleAppAttest"], &["app attest", "app attest failure", "app attestation", "attestation failure"]),
    (&["CertificatePinning"],
        &["pinning", "cert pinning", "ssl pinning", "pinning failure", "pinning violation", "certificate pinning failure",
          "certificate pinning violation", "pinned certificate"]),
    (&["CleartextPrevention"], &["cleartext", "cleartext traffic", "cleartext prevention"]),
    (&["TLS13OnlyPrevention"], &["tls 1.3", "tls 1.3 only"]),
    (&["CertificateTransparencyPrevention"], &["certificate transparency"]),
    (&["StringEncryptionObfuscation"], &["string obfuscation"]),
    (&["IdentifierObfuscation"], &["identifier obfuscation", "name obfuscation", "renaming"]),
    (&["DebugInfoObfuscation"], &["debug information", "debug info", "debug info removal"]),
    (&["BackupPrevention"], &["android backup", "backup prevention"]),
    (&["BackupProtection"], &["ios backup", "backup protection"]),
    (&["EnforceNew"], &["enforced update", "forced update", "app update enforcement", "outdated app"]),
    (&["ClipboardProtectionPrevention"], &["clipboard"]),
    (&["KeyboardCachePrevention"], &["keyboard cache"]),
    (&["AutofillSuggestionPrevention"], &["autofill", "autofill suggestion"]),
    (&["StoreIPAddress"], &["ip address storage", "storing ip addresses"]),
    (&["StoreLocation"], &["location storage", "approximate location"]),
];

/// Those whose events say that something is not there or failed: devices with it are not those that report them.
pub(in super::super) const FAILURES: &[&str] =
    &["DeviceLockDetectionResponse", "GooglePlayIntegrity", "AppleAppAttest", "CertificatePinning"];

/// Ids of controls, and what is said for them: the name and the id of each, the type of its events, and [`SYNONYMS`].
pub(super) fn spoken() -> Vec<(Vec<String>, Vec<String>)> {
    let named = catalogue().iter().map(|control| {
        let names = [control.name.to_lowercase(), control.id.as_str().to_lowercase()];
        (vec![control.id.as_str().to_owned()], names.to_vec())
    });
    let of_type = |event_type: &'static str| {
        let controls = catalogue().iter().filter(move |control| control.event_type() == Some(event_type));
        controls.map(|control| control.id.as_str().to_owned()).collect()
    };
    let types = catalogue().iter().filter_map(|control| control.event_type());
    let typed =
        types.map(|event_type| (of_type(event_type), vec![event_type.to_owned(), event_type.replace('_', " ")]));
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    let synonyms = SYNONYMS.iter().map(|(ids, phrases)| (owned(ids), owned(phrases)));
    named.chain(synonyms).chain(typed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn synonyms_are_of_controls_that_exist() {
        for ids in SYNONYMS.iter().map(|(ids, _)| *ids).chain([FAILURES]) {
            assert!(ids.iter().all(|id| catalogue().iter().any(|control| control.id.as_str() == *id)), "{ids:?}");
        }
    }
}
