//! The property lists of an XCFramework and of the frameworks in it.

use formats::limits::Limits;
use formats::plist::{self, Dictionary, Form, Value};

use super::NAME;
use super::target::Target;
use crate::library::Error;

/// `CFBundleIdentifier` of the frameworks: theirs and not the app's, which must not be twice in an app.
const IDENTIFIER: &str = "com.apptego.library";
/// `MinimumOSVersion`. Where Xcode embeds a static framework, it puts an empty library for the app's own minimum in the place of the
/// code, and the App Store refuses one that is for newer systems than this says; whatever the app's minimum is, it is below this.
/// Frameworks that are widely used say the same (Firebase's, since Xcode 15.3). The code's real minimum is in its load commands.
const MINIMUM_OF_ANY_APP: &str = "100.0";

/// A framework within the XCFramework.
#[derive(Clone, Copy, Debug)]
pub(super) enum Slice {
    Device,
    Simulator,
}

impl Slice {
    pub(super) const ALL: [Self; 2] = [Self::Device, Self::Simulator];

    /// Its folder, named as `xcodebuild -create-xcframework` does.
    pub(super) const fn identifier(self) -> &'static str {
        match self {
            Self::Device => "ios-arm64",
            Self::Simulator => "ios-arm64_x86_64-simulator",
        }
    }

    /// In the order that `lipo` writes them.
    pub(super) const fn targets(self) -> &'static [Target] {
        match self {
            Self::Device => &[Target::Arm64],
            Self::Simulator => &[Target::X8664Simulator, Target::Arm64Simulator],
        }
    }

    fn entry(self) -> Dictionary {
        let mut processors: Vec<&str> = self.targets().iter().map(|target| target.processor()).collect();
        processors.sort_unstable();
        let processors = processors.into_iter().map(Value::from).collect();
        let mut entry = dictionary([
            ("BinaryPath", format!("{NAME}.framework/{NAME}").into()),
            ("LibraryIdentifier", self.identifier().into()),
            ("LibraryPath", format!("{NAME}.framework").into()),
            ("SupportedArchitectures", Value::Array(processors)),
            ("SupportedPlatform", "ios".into()),
        ]);
        if let Self::Simulator = self {
            entry.insert("SupportedPlatformVariant".to_owned(), "simulator".into());
        }
        entry
    }
}

/// `Info.plist` of the XCFramework.
pub(super) fn xcframework() -> Result<Vec<u8>, Error> {
    let libraries = Slice::ALL.map(|slice| Value::Dictionary(slice.entry())).to_vec();
    write(&dictionary([
        ("AvailableLibraries", Value::Array(libraries)),
        ("CFBundlePackageType", "XFWK".into()),
        ("XCFrameworkFormatVersion", "1.0".into()),
    ]))
}

/// `Info.plist` of a framework.
pub(super) fn framework(slice: Slice, version: &str) -> Result<Vec<u8>, Error> {
    let platform = match slice {
        Slice::Device => "iPhoneOS",
        Slice::Simulator => "iPhoneSimulator",
    };
    write(&dictionary([
        ("CFBundleDevelopmentRegion", "en".into()),
        ("CFBundleExecutable", NAME.into()),
        ("CFBundleIdentifier", IDENTIFIER.into()),
        ("CFBundleInfoDictionaryVersion", "6.0".into()),
        ("CFBundleName", NAME.into()),
        ("CFBundlePackageType", "FMWK".into()),
        ("CFBundleShortVersionString", version.into()),
        ("CFBundleSupportedPlatforms", Value::Array(vec![platform.into()])),
        ("CFBundleVersion", version.into()),
        ("MinimumOSVersion", MINIMUM_OF_ANY_APP.into()),
    ]))
}

/// The agent's privacy manifest, which has to be a dictionary that answers whether it tracks people.
pub(super) fn check_privacy_manifest(manifest: &[u8]) -> Result<&[u8], Error> {
    let refused = |error: plist::Error| Error::agent("privacy manifest", error);
    let read = plist::read_dictionary(manifest, &Limits::default()).map_err(refused)?;
    plist::required::<bool>(&read, "NSPrivacyTracking").map_err(refused)?;
    Ok(manifest)
}

fn dictionary<const N: usize>(entries: [(&str, Value); N]) -> Dictionary {
    entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

fn write(dictionary: &Dictionary) -> Result<Vec<u8>, Error> {
    plist::write(dictionary, Form::Xml).map_err(Error::PropertyList)
}
