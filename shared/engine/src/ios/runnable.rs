//! Whether the devices that an app is for run its code.

use std::collections::BTreeMap;

use domain::control::ControlId;
use formats::macho::{Binary, Build, FileKind, Platform, Slice};

use crate::ios::bundles::{Bundle, BundleKind};
use crate::{Error, Plan};

/// What a kind of device runs.
struct Device {
    /// What messages call it.
    name: &'static str,
    platform: Platform,
    processors: &'static [&'static str],
}

const PHONE: Device = Device { name: "iOS on arm64", platform: Platform::Ios, processors: &["arm64", "arm64e"] };
const WATCH: Device = Device {
    name: "watchOS on arm64_32, arm64 or armv7k",
    platform: Platform::WatchOs,
    processors: &["arm64_32", "arm64", "arm64e", "armv7k"],
};

impl Device {
    /// The device for which an entry of the app in the folder `root` is: apps for the watch lie in `Watch`, those of the first
    /// watches within an extension.
    fn of(root: &str, entry: &str) -> &'static Self {
        let path = entry.strip_prefix(root).unwrap_or_default();
        let within_extension = path.strip_prefix("/PlugIns/").is_some_and(|path| path.contains(".app/"));
        if path.starts_with("/Watch/") || within_extension { &WATCH } else { &PHONE }
    }

    fn runs(&self, slice: &Slice) -> bool {
        let is_its_own = |build: &Build| build.platform == self.platform;
        self.processors.contains(&slice.cpu.to_string().as_str())
            && (slice.builds.is_empty() || slice.builds.iter().any(is_its_own))
    }
}

/// Refuses code that cannot be signed for devices, or that they do not run: of a library, and of every bundle but those that are
/// loaded at run time. No device runs an app for the simulator, so that there the processors are not looked at. Tells whether it was
/// built for that, as a whole or in part.
pub(crate) fn require(bundles: &[Bundle], code: &BTreeMap<String, Binary>, plan: &Plan<'_>) -> Result<bool, Error> {
    if let Some(bundle) = bundles.iter().find(|bundle| !code.contains_key(&bundle.executable)) {
        let entry = bundle.executable.clone();
        return Err(Error::WrongContent { entry, expected: "an executable (Mach-O)" });
    }
    let may_be_for_simulator = plan.policy.has(ControlId::ALLOW_SIMULATOR_BUILDS);
    let (root, program) = bundles.last().map(|app| (app.path.as_str(), app.executable.as_str())).unwrap_or_default();
    let is_for_devices = code.get(program).is_some_and(|program| !is_simulated(program));
    let mut is_for_simulator_only = false;
    for (entry, binary) in code {
        if binary.slices.iter().any(Slice::is_encrypted) {
            return Err(Error::Encrypted { entry: entry.clone() });
        }
        let is_simulated = is_simulated(binary);
        if is_simulated && !may_be_for_simulator {
            return Err(Error::Simulator { entry: entry.clone() });
        }
        is_for_simulator_only |= is_simulated;
        let device = Device::of(root, entry);
        let is_run = || binary.slices.iter().any(|slice| device.runs(slice));
        if is_for_devices && !is_simulated && must_run(bundles, entry, binary) && !is_run() {
            return Err(missing(entry, device, binary));
        }
    }
    Ok(is_for_simulator_only)
}

/// Libraries of some vendors have slices for the simulator beside those for devices.
fn is_simulated(binary: &Binary) -> bool {
    binary.slices.iter().all(|slice| slice.builds.iter().any(|build| build.platform.is_simulator()))
}

/// Other code may be a tool for somebody's desk that lies among the resources.
fn must_run(bundles: &[Bundle], entry: &str, binary: &Binary) -> bool {
    let is_of_bundle = |bundle: &Bundle| bundle.kind != BundleKind::PlugIn && bundle.executable == entry;
    bundles.iter().any(is_of_bundle) || binary.slices.iter().any(|slice| slice.kind == FileKind::Dylib)
}

fn missing(entry: &str, device: &Device, binary: &Binary) -> Error {
    let found = binary.slices.iter().map(|slice| {
        let systems = slice.builds.iter().map(|build| format!("{} on ", build.platform)).collect::<String>();
        format!("{systems}{}", slice.cpu)
    });
    let found = found.collect::<Vec<_>>().join(", ");
    Error::ArchitectureMissing { entry: entry.to_owned(), wanted: device.name, found }
}
