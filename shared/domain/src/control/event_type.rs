//! The events that apps report of controls.

use super::{Control, ControlId};

/// Control and the `event_type` of its events (reference: the control catalogue). Certificate Pinning and Enforce App Updates respond as
/// detections do, and their events are named after them.
const EVENT_TYPES: &[(ControlId, &str)] = &[
    (ControlId("RootDetectionResponse"), "root_detection"),
    (ControlId("JailbreakDetectionResponse"), "jailbreak_detection"),
    (ControlId("EmulatorDetectionResponse"), "emulator_detection"),
    (ControlId("DebuggableDetectionResponse"), "debuggable_detection"),
    (ControlId("DebuggerDetectionResponse"), "debugger_detection"),
    (ControlId("DeveloperOptionsDetectionResponse"), "developer_options_detection"),
    (ControlId("HookDetectionResponse"), "hooking_detection"),
    (ControlId("HookingDetectionResponse"), "hooking_detection"),
    (ControlId("MemoryTamperDetectionResponse"), "memory_tamper_detection"),
    (ControlId("AppCloningDetectionResponse"), "app_cloning_detection"),
    (ControlId("AccessibilityServiceDetectionResponse"), "accessibility_service_detection"),
    (ControlId("DeviceLockDetectionResponse"), "device_lock_detection"),
    (ControlId("LocationSpoofingDetectionResponse"), "location_spoofing_detection"),
    (ControlId("VpnDetectionResponse"), "vpn_detection"),
    (ControlId("ProxyUsageDetectionResponse"), "proxy_usage_detection"),
    (ControlId("ScreenCaptureDetectionResponse"), "screen_capture_detection"),
    (ControlId("ScreenRecordingDetectionResponse"), "screen_recording_detection"),
    (ControlId("ScreenMirroringDetectionResponse"), "screen_mirroring_detection"),
    (ControlId("OverlayDetectionResponse"), "overlay_detection"),
    (ControlId("ThirdPartyKeyboardDetectionResponse"), "third_party_keyboard_detection"),
    (ControlId("UnknownSourcesDetectionResponse"), "unknown_sources_detection"),
    (ControlId("AppTamperCheck"), "app_tamper"),
    (ControlId("GooglePlayIntegrity"), "play_integrity"),
    (ControlId("AppleAppAttest"), "app_attest"),
    (ControlId::CERTIFICATE_PINNING, "certificate_pinning"),
    (ControlId::ENFORCE_NEW, "enforce_new"),
];

impl Control {
    /// The `event_type` of the events that apps report of it; nothing for controls that respond to nothing.
    pub fn event_type(&self) -> Option<&'static str> {
        EVENT_TYPES.iter().find(|(id, _)| *id == self.id).map(|(_, name)| *name)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Kind, catalogue};
    use super::*;

    #[test]
    fn controls_that_respond_report_events_and_no_others() {
        for control in catalogue() {
            assert_eq!(control.event_type().is_some(), control.kind == Kind::Response, "{}", control.id);
        }
        assert_eq!(EVENT_TYPES.len(), catalogue().iter().filter(|control| control.kind == Kind::Response).count());
    }
}
