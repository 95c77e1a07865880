//! Why a build failed, in sentences for the person who has to act.

mod causes;

use std::io;

use domain::control::ControlId;
use domain::platform::Platform;
use formats::zip;

use crate::kind::Kind;
use crate::{inspect, manifest};

/// A part of an app bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BundlePart {
    /// A module's manifest.
    Manifest,
    /// A module's resources.
    Resources,
    /// Anything else.
    Other,
}

/// Why a build failed. `Display` is what the customer reads; [`code`](Self::code) is what programs compare.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The package is no sound archive.
    #[error("The package is not a sound archive: {0}. Build it again and upload it unchanged.")]
    Archive(#[source] zip::Error),
    /// The content of an entry is damaged.
    #[error("The package is damaged: {0}. Build it again and upload it unchanged.")]
    Damaged(#[source] zip::Error),
    /// The package exceeds a limit.
    #[error("The package is refused: {0}.")]
    TooLarge(#[source] zip::Error),
    /// The package is something else than its name says.
    #[error("{file_name} is {found}, not {expected}. Upload it under its own extension, or build {expected}.")]
    WrongKind {
        /// Name of the upload.
        file_name: String,
        /// What the content is.
        found: Kind,
        /// What the extension says.
        expected: Kind,
    },
    /// An archive, but none of the packages known.
    #[error("{file_name} is an archive, but not {expected}: {reason}.")]
    UnknownKind {
        /// Name of the upload.
        file_name: String,
        /// What the extension says.
        expected: Kind,
        /// What is missing.
        reason: &'static str,
    },
    /// The plan is for another platform than the package.
    #[error("{kind} does not run on {platform}. Start the build for the package's own platform.")]
    WrongPlatform {
        /// What the package is.
        kind: Kind,
        /// The plan's platform.
        platform: Platform,
    },
    /// The plan's key signs packages of the other platform.
    #[error(
        "Signing failed: a key for {key} cannot sign packages for {platform}. Choose a signing key for {platform}."
    )]
    WrongKey {
        /// What the key is for.
        key: Platform,
        /// The plan's platform.
        platform: Platform,
    },
    /// The package is one of several that make up an app.
    #[error(
        "The package is the split \"{split}\" of an app, which cannot be protected alone. Upload the complete APK."
    )]
    Split {
        /// The split's name.
        split: String,
    },
    /// An entry is not what devices expect under its name.
    #[error("{entry} is not {expected}. Build the app again and upload it unchanged.")]
    WrongContent {
        /// The entry.
        entry: String,
        /// What it should be.
        expected: &'static str,
    },
    /// A control cannot be applied to an entry.
    #[error(
        "{control}: {entry} cannot be processed: {reason}. Change the app, or disable the control and build again."
    )]
    Control {
        /// The control.
        control: ControlId,
        /// The entry.
        entry: String,
        /// What is wrong with it.
        reason: String,
    },
    /// No entry of the certificate list can be enforced.
    #[error(
        "{control}: nothing can be pinned: {reasons}. Add the public key's hash and the hosts to the certificate list, or disable the control."
    )]
    NothingToPin {
        /// The control.
        control: ControlId,
        /// Why not, entry by entry.
        reasons: String,
    },
    /// The resource table cannot be read, or has no room for what a control adds.
    #[error("resources.arsc cannot be processed: {0}. Build the app again and upload it unchanged.")]
    Resources(#[from] formats::arsc::Error),
    /// A part of an app bundle cannot be read or edited.
    #[error("{entry} cannot be processed: {cause}. Build the app again and upload it unchanged.")]
    Bundle {
        /// Which part.
        part: BundlePart,
        /// Its entry.
        entry: String,
        /// What is wrong with it.
        #[source]
        cause: formats::proto::Error,
    },
    /// A bundle that is none of an app.
    #[error("{file_name} has nothing that could be protected: {reason}. Upload the bundle of an app.")]
    NoApp {
        /// Name of the upload.
        file_name: String,
        /// What it is.
        reason: &'static str,
    },
    /// A control that this engine does not apply.
    #[error("The control {control} cannot be applied to {platform} packages yet. Disable it and build again.")]
    ControlUnavailable {
        /// The control.
        control: ControlId,
        /// The plan's platform.
        platform: Platform,
    },
    /// The manifest cannot be read, or a control cannot be applied to it.
    #[error("{}", manifest_message(.0))]
    Manifest(#[from] manifest::Error),
    /// A property list that every app has cannot be read.
    #[error("{entry} cannot be processed: {cause}. Build the app again and upload it unchanged.")]
    PropertyList {
        /// The entry.
        entry: String,
        /// What is wrong with it.
        #[source]
        cause: formats::plist::Error,
    },
    /// The package names an app in a way that no platform takes.
    #[error(
        "{entry} names the app {found:?}; a package's name has 1 to 255 letters from A to Z, digits, '.', '_' and '-'. Correct it, build the app again and upload it."
    )]
    PackageName {
        /// The entry that names it.
        entry: String,
        /// The name, or its beginning.
        found: String,
    },
    /// An iOS app with more bundles than any tool makes.
    #[error("The app has more than {limit} bundles, and no more are signed.")]
    TooManyBundles {
        /// The limit.
        limit: usize,
    },
    /// An iOS app whose bundles within bundles list the same files over and over.
    #[error("The lists of files that the app's bundles need are longer than {limit} bytes together.")]
    TooMuchToList {
        /// The limit in bytes.
        limit: usize,
    },
    /// An iOS app with a file that devices read in the place of an `Info.plist`.
    #[error("{} is read by devices in the place of Info.plist, which is what controls edit. Put everything into Info.plist and build the app again.", .entry.escape_debug())]
    OtherInfo {
        /// The entry.
        entry: String,
    },
    /// A bundle of an iOS app whose `Info.plist` names no executable that is there.
    #[error(
        "{folder} has no executable: CFBundleExecutable in its Info.plist names none that is there. Build the app again and upload it unchanged."
    )]
    NoExecutable {
        /// Folder of the bundle.
        folder: String,
    },
    /// Code that cannot be read, or has no room for a signature.
    #[error("{} cannot be processed: {cause}. Build the app again and upload it unchanged.", .entry.escape_debug())]
    Code {
        /// The entry.
        entry: String,
        /// What is wrong with it.
        #[source]
        cause: formats::macho::Error,
    },
    /// Code that only devices of the App Store's customer can read.
    #[error("{} is encrypted by the App Store and cannot be protected. Upload the app as your own build exports it.", .entry.escape_debug())]
    Encrypted {
        /// The entry.
        entry: String,
    },
    /// Code for the simulator, where the policy does not accept such.
    #[error(
        "{} was built for the simulator, which devices do not run. Build the app for devices, or enable AllowSimulatorBuilds.", .entry.escape_debug()
    )]
    Simulator {
        /// The entry.
        entry: String,
    },
    /// Code that the devices which the app is for do not run.
    #[error("{} has no code for {wanted}, only for {found}. Build it for these devices.", .entry.escape_debug())]
    ArchitectureMissing {
        /// The entry.
        entry: String,
        /// What it has to have.
        wanted: &'static str,
        /// What there is.
        found: String,
    },
    /// A code signature cannot be made, or the one that is there cannot be understood.
    #[error("{} cannot be signed: {cause}.", .entry.escape_debug())]
    CodeSignature {
        /// The entry.
        entry: String,
        /// Why not.
        #[source]
        cause: signing::code::Error,
    },
    /// A program whose slices ask for different things.
    #[error(
        "{}: the slices for {} and {} ask for different entitlements, and a program is signed with the same ones in every slice. Build the app again with one set of entitlements.",
        .entry.escape_debug(), .slices[0], .slices[1]
    )]
    DifferentEntitlements {
        /// The entry.
        entry: String,
        /// Processors of two that differ.
        slices: [String; 2],
    },
    /// The profile, under which every program of an app is signed, is not for all of them.
    #[error(
        "Signing failed: the provisioning profile {profile:?} is for the app identifier {pattern}, and not for {programs}. One profile signs every program of an app: upload one that covers them all, for {wildcard} or wider."
    )]
    ProfileTooNarrow {
        /// Name of the profile.
        profile: String,
        /// Its apps.
        pattern: String,
        /// The programs that it does not cover, or some of them.
        programs: String,
        /// The narrowest app identifier that covers all programs.
        wildcard: String,
    },
    /// What a program asks for does not fit the profile.
    #[error("Signing failed: {}: {cause}", .bundle.escape_debug())]
    Entitlements {
        /// Folder of the program.
        bundle: String,
        /// What does not fit.
        #[source]
        cause: signing::ios::EntitlementsError,
    },
    /// The key cannot sign this package.
    #[error("Signing failed: {0}. Check the signing key.")]
    Signing(#[source] signing::apk::SigningError),
    /// The input cannot be read; nothing is said about the package.
    #[error("Reading the package failed.")]
    Source(#[source] io::Error),
    /// The output cannot be written.
    #[error("Writing the protected package failed.")]
    Sink(#[source] io::Error),
    /// Somebody cancelled the build.
    #[error("The build was cancelled.")]
    Cancelled,
    /// No time was left.
    #[error("The build did not finish in the time that a build may take.")]
    Deadline,
    /// The output cannot be laid out: more entries or bytes than the format has room for.
    #[error("The protected package cannot be written: {0}.")]
    Layout(#[source] zip::Error),
}

impl Error {
    /// A stable name of the variant.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Archive(_) => "archive_invalid",
            Self::Damaged(_) => "archive_damaged",
            Self::TooLarge(_) => "package_too_large",
            Self::WrongKind { .. } => "wrong_format",
            Self::UnknownKind { .. } => "unknown_format",
            Self::WrongPlatform { .. } => "wrong_platform",
            Self::Split { .. } => "split_package",
            Self::WrongContent { .. } => "content_invalid",
            Self::ControlUnavailable { .. } => "control_unavailable",
            Self::Manifest(manifest::Error::Document(_)) => "manifest_invalid",
            Self::Bundle { part: BundlePart::Manifest, .. } => "manifest_invalid",
            Self::Resources(_) | Self::Bundle { part: BundlePart::Resources, .. } => "resources_invalid",
            Self::Bundle { part: BundlePart::Other, .. } => "bundle_invalid",
            Self::NoApp { .. } => "no_app",
            Self::Manifest(_) | Self::Control { .. } | Self::NothingToPin { .. } => "control_not_applicable",
            Self::PropertyList { .. } => "property_list_invalid",
            Self::PackageName { .. } => "package_name_invalid",
            Self::TooManyBundles { .. }
            | Self::TooMuchToList { .. }
            | Self::OtherInfo { .. }
            | Self::NoExecutable { .. } => "bundle_invalid",
            Self::Code { .. } => "code_invalid",
            Self::Encrypted { .. } => "app_encrypted",
            Self::Simulator { .. } => "simulator_build",
            Self::ArchitectureMissing { .. } => "architecture_missing",
            Self::Signing(_)
            | Self::WrongKey { .. }
            | Self::CodeSignature { .. }
            | Self::DifferentEntitlements { .. }
            | Self::ProfileTooNarrow { .. }
            | Self::Entitlements { .. } => "signing_failed",
            Self::Source(_) => "source_failed",
            Self::Sink(_) => "sink_failed",
            Self::Cancelled => "cancelled",
            Self::Deadline => "deadline",
            Self::Layout(_) => "layout_failed",
        }
    }

    /// Whether the package or the plan is the cause, so that another attempt would end the same way.
    pub const fn is_permanent(&self) -> bool {
        !matches!(self, Self::Source(_) | Self::Sink(_) | Self::Cancelled | Self::Deadline)
    }
}

/// The manifest's own errors are fragments: the place first, then what was found there.
fn manifest_message(error: &manifest::Error) -> String {
    match error {
        manifest::Error::Document(cause) => {
            format!("{} cannot be processed: {cause}. Build the app again and upload it unchanged.", inspect::MANIFEST)
        }
        other => format!("{other}. Change the app, or disable the control and build again."),
    }
}
