//! What code is made for.

use object::Architecture;
use object::macho;
use object::write::MachOBuildVersion;

/// A processor and a platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Arm64,
    Arm64Simulator,
    X8664Simulator,
}

impl Target {
    /// As Apple's tools call the processor.
    pub(super) const fn processor(self) -> &'static str {
        match self {
            Self::Arm64 | Self::Arm64Simulator => "arm64",
            Self::X8664Simulator => "x86_64",
        }
    }

    pub(super) const fn architecture(self) -> Architecture {
        match self {
            Self::Arm64 | Self::Arm64Simulator => Architecture::Aarch64,
            Self::X8664Simulator => Architecture::X86_64,
        }
    }

    /// `cputype` and `cpusubtype` of `mach/machine.h`.
    pub(super) const fn cpu(self) -> [u32; 2] {
        match self {
            Self::Arm64 | Self::Arm64Simulator => [macho::CPU_TYPE_ARM64, macho::CPU_SUBTYPE_ARM64_ALL],
            Self::X8664Simulator => [macho::CPU_TYPE_X86_64, macho::CPU_SUBTYPE_X86_64_ALL],
        }
    }

    /// `LC_BUILD_VERSION`'s number of the platform.
    pub(super) const fn platform(self) -> u32 {
        match self {
            Self::Arm64 => macho::PLATFORM_IOS,
            Self::Arm64Simulator | Self::X8664Simulator => macho::PLATFORM_IOSSIMULATOR,
        }
    }

    /// The oldest system: the oldest one that Xcode 16 builds for, and for simulators on Apple's processors the first that there was.
    /// Linkers warn of objects that are for newer systems than the app.
    pub(super) fn build_version(self) -> MachOBuildVersion {
        let major = match self {
            Self::Arm64 | Self::X8664Simulator => 12,
            Self::Arm64Simulator => 14,
        };
        let mut version = MachOBuildVersion::default();
        (version.platform, version.minos, version.sdk) = (self.platform(), major << 16, major << 16);
        version
    }
}
