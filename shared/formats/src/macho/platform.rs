//! What a binary was built for.

use std::fmt;

use super::command::number;

/// An operating system, and whether it is a simulated one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are Apple's")]
pub enum Platform {
    MacOs,
    Ios,
    TvOs,
    WatchOs,
    BridgeOs,
    MacCatalyst,
    IosSimulator,
    TvOsSimulator,
    WatchOsSimulator,
    DriverKit,
    VisionOs,
    VisionOsSimulator,
    /// Another one, by its number.
    Other(u32),
}

impl Platform {
    /// The platform of that number in `LC_BUILD_VERSION`.
    pub(super) const fn of(number: u32) -> Self {
        match number {
            1 => Self::MacOs,
            2 => Self::Ios,
            3 => Self::TvOs,
            4 => Self::WatchOs,
            5 => Self::BridgeOs,
            6 => Self::MacCatalyst,
            7 => Self::IosSimulator,
            8 => Self::TvOsSimulator,
            9 => Self::WatchOsSimulator,
            10 => Self::DriverKit,
            11 => Self::VisionOs,
            12 => Self::VisionOsSimulator,
            other => Self::Other(other),
        }
    }

    /// The platform of an `LC_VERSION_MIN_…` command; `None` where it is another command.
    pub(super) const fn of_version_command(number: u32) -> Option<Self> {
        Some(match number {
            number::VERSION_MIN_MACOSX => Self::MacOs,
            number::VERSION_MIN_IPHONEOS => Self::Ios,
            number::VERSION_MIN_TVOS => Self::TvOs,
            number::VERSION_MIN_WATCHOS => Self::WatchOs,
            _ => return None,
        })
    }

    /// Whether it is simulated on a Mac; no device runs such a binary.
    pub const fn is_simulator(self) -> bool {
        matches!(self, Self::IosSimulator | Self::TvOsSimulator | Self::WatchOsSimulator | Self::VisionOsSimulator)
    }

    /// The simulator of a platform, where it has one.
    pub(super) const fn simulator(self) -> Self {
        match self {
            Self::Ios => Self::IosSimulator,
            Self::TvOs => Self::TvOsSimulator,
            Self::WatchOs => Self::WatchOsSimulator,
            other => other,
        }
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::MacOs => "macOS",
            Self::Ios => "iOS",
            Self::TvOs => "tvOS",
            Self::WatchOs => "watchOS",
            Self::BridgeOs => "bridgeOS",
            Self::MacCatalyst => "Mac Catalyst",
            Self::IosSimulator => "iOS simulator",
            Self::TvOsSimulator => "tvOS simulator",
            Self::WatchOsSimulator => "watchOS simulator",
            Self::DriverKit => "DriverKit",
            Self::VisionOs => "visionOS",
            Self::VisionOsSimulator => "visionOS simulator",
            Self::Other(number) => return write!(formatter, "platform {number}"),
        })
    }
}

/// A version as load commands have it: `13.0`, or `10.3.1` where there is a third part.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub(super) u32);

impl Version {
    /// The number in front of the first dot.
    pub const fn major(self) -> u32 {
        self.0 >> 16
    }

    /// The number behind the first dot.
    pub const fn minor(self) -> u32 {
        (self.0 >> 8) & 0xFF
    }

    /// The number behind the second dot.
    pub const fn patch(self) -> u32 {
        self.0 & 0xFF
    }
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.major(), self.minor())?;
        if self.patch() == 0 { Ok(()) } else { write!(formatter, ".{}", self.patch()) }
    }
}

impl fmt::Debug for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// One platform that a binary was built for. Almost every binary has one; those for the Mac and Mac Catalyst at once have two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Build {
    /// The platform.
    pub platform: Platform,
    /// The oldest system that it runs on.
    pub minimum_os: Version,
    /// The SDK that it was built with; 0.0 where that is not known.
    pub sdk: Version,
}
