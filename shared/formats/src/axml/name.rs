//! Names of attributes that this project reads or edits, with their resource ids.

/// The namespace of the platform's attributes.
pub const ANDROID_NAMESPACE: &str = "http://schemas.android.com/apk/res/android";

/// An attribute of the `android:` namespace. The platform looks for the id; the text is for people and for adding it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AndroidAttribute {
    /// Resource id, as in the platform's `public.xml`.
    pub id: u32,
    /// Name without the namespace.
    pub name: &'static str,
}

macro_rules! attributes {
    ($($constant:ident $id:literal $name:literal)*) => {
        impl AndroidAttribute {
            $(#[doc = concat!("`android:", $name, "`")]
            pub const $constant: Self = Self { id: $id, name: $name };)*
        }
    };
}

attributes! {
    ALLOW_BACKUP 0x0101_0280 "allowBackup"
    APP_COMPONENT_FACTORY 0x0101_057a "appComponentFactory"
    DATA_EXTRACTION_RULES 0x0101_063e "dataExtractionRules"
    DEBUGGABLE 0x0101_000f "debuggable"
    ENABLED 0x0101_000e "enabled"
    EXTRACT_NATIVE_LIBS 0x0101_04ea "extractNativeLibs"
    FULL_BACKUP_CONTENT 0x0101_04eb "fullBackupContent"
    HAS_CODE 0x0101_000c "hasCode"
    ICON 0x0101_0002 "icon"
    LABEL 0x0101_0001 "label"
    MIN_SDK_VERSION 0x0101_020c "minSdkVersion"
    NAME 0x0101_0003 "name"
    NETWORK_SECURITY_CONFIG 0x0101_0527 "networkSecurityConfig"
    ROUND_ICON 0x0101_052c "roundIcon"
    SHELL 0x0101_0594 "shell"
    TARGET_SDK_VERSION 0x0101_0270 "targetSdkVersion"
    USES_CLEARTEXT_TRAFFIC 0x0101_04ec "usesCleartextTraffic"
    VERSION_CODE 0x0101_021b "versionCode"
    VERSION_CODE_MAJOR 0x0101_0576 "versionCodeMajor"
    VERSION_NAME 0x0101_021c "versionName"
}
