//! The header of a slice.

use std::fmt;

use crate::reader::{Reader, Truncated};

use super::Error;
use super::fat::{BIG_32, BIG_64, THIN_32, THIN_64, is_archive};

/// Width of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Width {
    Bits32,
    Bits64,
}

impl Width {
    /// Length of the header, bytes.
    pub(super) const fn header_length(self) -> u8 {
        match self {
            Self::Bits32 => 28,
            Self::Bits64 => 32,
        }
    }

    /// The next address.
    pub(super) fn word(self, reader: &mut Reader<'_>, field: &'static str) -> Result<u64, Truncated> {
        match self {
            Self::Bits32 => reader.u32(field).map(u64::from),
            Self::Bits64 => reader.u64(field),
        }
    }
}

/// A kind of processor.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Cpu {
    /// `cputype`.
    pub kind: u32,
    /// `cpusubtype`, whose highest byte has capability bits.
    pub subtype: u32,
}

impl Cpu {
    const X86: u32 = 7;
    const ARM: u32 = 12;
    const X86_64: u32 = 0x0100_0007;
    const ARM64: u32 = 0x0100_000C;
    const ARM64_32: u32 = 0x0200_000C;
    /// `CPU_SUBTYPE_MASK`: what is left of a subtype without its capability bits.
    const MODEL: u32 = 0x00FF_FFFF;

    /// Whether it is an Intel processor: of iOS and its kin, only simulators ran on these.
    pub const fn is_intel(self) -> bool {
        matches!(self.kind, Self::X86 | Self::X86_64)
    }

    pub(super) const fn is_same(self, other: Self) -> bool {
        self.kind == other.kind && self.subtype & Self::MODEL == other.subtype & Self::MODEL
    }

    const fn name(self) -> Option<&'static str> {
        Some(match (self.kind, self.subtype & Self::MODEL) {
            (Self::X86, _) => "i386",
            (Self::X86_64, 8) => "x86_64h",
            (Self::X86_64, _) => "x86_64",
            (Self::ARM, 6) => "armv6",
            (Self::ARM, 9) => "armv7",
            (Self::ARM, 11) => "armv7s",
            (Self::ARM, 12) => "armv7k",
            (Self::ARM, _) => "arm",
            (Self::ARM64, 2) => "arm64e",
            (Self::ARM64, _) => "arm64",
            (Self::ARM64_32, _) => "arm64_32",
            _ => return None,
        })
    }
}

/// The name that Apple's tools give it.
impl fmt::Display for Cpu {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => formatter.write_str(name),
            None => write!(formatter, "processor {:#x}.{:#x}", self.kind, self.subtype),
        }
    }
}

impl fmt::Debug for Cpu {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// What a binary is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// What a compiler writes, not linked yet.
    Object,
    /// A program.
    Executable,
    /// A shared library, also inside a framework.
    Dylib,
    /// A plug-in that a program loads at run time.
    Bundle,
    /// Debug information of another binary.
    Dsym,
    /// Another one, by its number.
    Other(u32),
}

impl FileKind {
    const fn of(number: u32) -> Self {
        match number {
            1 => Self::Object,
            2 => Self::Executable,
            6 => Self::Dylib,
            8 => Self::Bundle,
            10 => Self::Dsym,
            other => Self::Other(other),
        }
    }

    /// Whether such a binary is loaded by dyld, and therefore signed.
    pub const fn is_signed(self) -> bool {
        matches!(self, Self::Executable | Self::Dylib | Self::Bundle)
    }
}

impl fmt::Display for FileKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Object => formatter.write_str("object"),
            Self::Executable => formatter.write_str("executable"),
            Self::Dylib => formatter.write_str("dylib"),
            Self::Bundle => formatter.write_str("bundle"),
            Self::Dsym => formatter.write_str("dsym"),
            Self::Other(number) => write!(formatter, "{number}"),
        }
    }
}

/// What the header of a slice says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) width: Width,
    pub(super) cpu: Cpu,
    pub(super) kind: FileKind,
    pub(super) command_count: u32,
    pub(super) commands_length: u32,
}

impl Header {
    /// Length of the longer of the two headers, bytes.
    pub(super) const LONGEST: u64 = 32;
    /// Where `ncmds` stands, and behind it `sizeofcmds`.
    pub(super) const COUNT_FIELD: u64 = 16;
    pub(super) const LENGTH_FIELD: u64 = 20;

    /// Reads the header at the beginning of `head`.
    pub(super) fn read(head: &[u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(head);
        let width = match reader.array("magic") {
            Ok(THIN_32) => Width::Bits32,
            Ok(THIN_64) => Width::Bits64,
            Ok(BIG_32 | BIG_64) => return Err(Error::BigEndian),
            _ if is_archive(head) => return Err(Error::StaticLibrary),
            _ => return Err(Error::NotMachO),
        };
        let cpu = Cpu { kind: reader.u32("cputype")?, subtype: reader.u32("cpusubtype")? };
        let kind = FileKind::of(reader.u32("filetype")?);
        let command_count = reader.u32("ncmds")?;
        let commands_length = reader.u32("sizeofcmds")?;
        reader.u32("flags")?;
        if width == Width::Bits64 {
            reader.u32("reserved")?;
        }
        Ok(Self { width, cpu, kind, command_count, commands_length })
    }

    /// Where the load commands end.
    pub(super) fn commands_end(&self) -> u64 {
        u64::from(self.width.header_length()).saturating_add(self.commands_length.into())
    }
}
