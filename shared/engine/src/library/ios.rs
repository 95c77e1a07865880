//! The XCFramework, zipped: a static framework for devices and one for simulators.
//!
//! A static framework is linked into the app and need not be embedded. Xcode 15 and later embed it without its code, for the sake of its
//! resources; older ones would embed the code twice. So everything that code needs is in symbols (`AppTego.h`), and the documents among
//! the resources are for people and for the privacy report.

mod plists;
mod static_library;
mod symbols;
mod target;

use std::io::Write;

use super::package::Package;
use super::{Error, Library, documents};

use plists::Slice;
use target::Target;

/// Name of the framework, its module and its code.
const NAME: &str = "AppTego";
const HEADER: &str = include_str!("ios/AppTego.h");
const MODULE_MAP: &str = include_str!("ios/module.modulemap");
/// Nothing collected, nothing used that Apple asks reasons for.
const PRIVACY_MANIFEST: &str = include_str!("ios/PrivacyInfo.xcprivacy");

/// The runtime agent for iOS. What it wants to know of the library it finds in the symbols of `AppTego.h`. As of every static library,
/// an app gets those of its members that something refers to.
#[derive(Clone, Copy, Debug)]
pub struct Agent<'a> {
    /// Its version, for people.
    pub version: &'a str,
    /// Static library for devices.
    pub arm64: &'a [u8],
    /// Static library for simulators on Apple's processors.
    pub arm64_simulator: &'a [u8],
    /// Static library for simulators on Intel's processors.
    pub x86_64_simulator: &'a [u8],
    /// `PrivacyInfo.xcprivacy`: what it collects and why it uses what Apple asks reasons for.
    pub privacy_manifest: &'a [u8],
}

/// Writes the zipped XCFramework. Without an agent its code is the symbols alone, and `apptego.json` says so.
///
/// # Errors
/// What is wrong with the input; [`Error::Sink`] where the sink fails.
pub fn write(library: &Library<'_>, agent: Option<&Agent<'_>>, sink: &mut dyn Write) -> Result<(), Error> {
    let documents = documents::of(library, "ios", agent.map(|agent| agent.version))?;
    let privacy = match agent {
        Some(agent) => plists::check_privacy_manifest(agent.privacy_manifest)?,
        None => PRIVACY_MANIFEST.as_bytes(),
    };
    let codes = Slice::ALL
        .iter()
        .map(|slice| static_library::of(library, agent, slice.targets()))
        .collect::<Result<Vec<Vec<u8>>, Error>>()?;
    let mut package = Package::new(sink);
    package.add(&format!("{NAME}.xcframework/Info.plist"), plists::xcframework()?)?;
    for (slice, code) in Slice::ALL.iter().zip(codes) {
        let folder = format!("{NAME}.xcframework/{}/{NAME}.framework", slice.identifier());
        let mut add = |path: &str, content: &[u8]| package.add(&format!("{folder}/{path}"), content);
        add("Info.plist", &plists::framework(*slice, library.version)?)?;
        add(NAME, &code)?;
        add("Headers/AppTego.h", HEADER.as_bytes())?;
        add("Modules/module.modulemap", MODULE_MAP.as_bytes())?;
        add("PrivacyInfo.xcprivacy", privacy)?;
        for (name, content) in &documents {
            add(name, content)?;
        }
    }
    package.finish()
}

impl Agent<'_> {
    fn library(&self, target: Target) -> &[u8] {
        match target {
            Target::Arm64 => self.arm64,
            Target::Arm64Simulator => self.arm64_simulator,
            Target::X8664Simulator => self.x86_64_simulator,
        }
    }
}
