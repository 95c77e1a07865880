//! Load commands: what follows the header.

use crate::reader::{Reader, Truncated, widen};

use super::Error;
use super::error::at_most;
use super::header::{Header, Width};

/// Numbers of load commands, `LC_…` in `mach-o/loader.h`.
pub(super) mod number {
    pub(in super::super) const SEGMENT: u32 = 0x1;
    pub(in super::super) const SYMTAB: u32 = 0x2;
    pub(in super::super) const UNIXTHREAD: u32 = 0x5;
    pub(in super::super) const DYSYMTAB: u32 = 0xB;
    pub(in super::super) const LOAD_DYLIB: u32 = 0xC;
    pub(in super::super) const ID_DYLIB: u32 = 0xD;
    pub(in super::super) const LOAD_DYLINKER: u32 = 0xE;
    pub(in super::super) const ROUTINES: u32 = 0x11;
    pub(in super::super) const SUB_FRAMEWORK: u32 = 0x12;
    pub(in super::super) const SUB_UMBRELLA: u32 = 0x13;
    pub(in super::super) const SUB_CLIENT: u32 = 0x14;
    pub(in super::super) const SUB_LIBRARY: u32 = 0x15;
    pub(in super::super) const TWOLEVEL_HINTS: u32 = 0x16;
    pub(in super::super) const LOAD_WEAK_DYLIB: u32 = 0x8000_0018;
    pub(in super::super) const SEGMENT_64: u32 = 0x19;
    pub(in super::super) const ROUTINES_64: u32 = 0x1A;
    pub(in super::super) const UUID: u32 = 0x1B;
    pub(in super::super) const RPATH: u32 = 0x8000_001C;
    pub(in super::super) const CODE_SIGNATURE: u32 = 0x1D;
    pub(in super::super) const SEGMENT_SPLIT_INFO: u32 = 0x1E;
    pub(in super::super) const REEXPORT_DYLIB: u32 = 0x8000_001F;
    pub(in super::super) const LAZY_LOAD_DYLIB: u32 = 0x20;
    pub(in super::super) const ENCRYPTION_INFO: u32 = 0x21;
    pub(in super::super) const DYLD_INFO: u32 = 0x22;
    pub(in super::super) const DYLD_INFO_ONLY: u32 = 0x8000_0022;
    pub(in super::super) const LOAD_UPWARD_DYLIB: u32 = 0x8000_0023;
    pub(in super::super) const VERSION_MIN_MACOSX: u32 = 0x24;
    pub(in super::super) const VERSION_MIN_IPHONEOS: u32 = 0x25;
    pub(in super::super) const FUNCTION_STARTS: u32 = 0x26;
    pub(in super::super) const DYLD_ENVIRONMENT: u32 = 0x27;
    pub(in super::super) const MAIN: u32 = 0x8000_0028;
    pub(in super::super) const DATA_IN_CODE: u32 = 0x29;
    pub(in super::super) const SOURCE_VERSION: u32 = 0x2A;
    pub(in super::super) const DYLIB_CODE_SIGN_DRS: u32 = 0x2B;
    pub(in super::super) const ENCRYPTION_INFO_64: u32 = 0x2C;
    pub(in super::super) const LINKER_OPTION: u32 = 0x2D;
    pub(in super::super) const LINKER_OPTIMIZATION_HINT: u32 = 0x2E;
    pub(in super::super) const VERSION_MIN_TVOS: u32 = 0x2F;
    pub(in super::super) const VERSION_MIN_WATCHOS: u32 = 0x30;
    pub(in super::super) const BUILD_VERSION: u32 = 0x32;
    pub(in super::super) const DYLD_EXPORTS_TRIE: u32 = 0x8000_0033;
    pub(in super::super) const DYLD_CHAINED_FIXUPS: u32 = 0x8000_0034;
    pub(in super::super) const ATOM_INFO: u32 = 0x36;
    pub(in super::super) const FUNCTION_VARIANTS: u32 = 0x37;
    pub(in super::super) const FUNCTION_VARIANT_FIXUPS: u32 = 0x38;
    pub(in super::super) const TARGET_TRIPLE: u32 = 0x39;
}

/// Real binaries have some hundred commands.
const MOST_COMMANDS: u32 = 8192;
/// Length of all commands, which are held in memory; real ones have some ten thousand bytes.
const MOST_BYTES: u32 = 1 << 20;
/// `cmd` and `cmdsize`.
const COMMAND_HEADER: usize = 8;

/// One load command.
#[derive(Clone, Copy, Debug)]
pub(super) struct Command<'a> {
    pub(super) number: u32,
    /// Where it starts in the slice.
    pub(super) offset: u64,
    bytes: &'a [u8],
}

impl<'a> Command<'a> {
    /// Its fields behind `cmdsize`.
    pub(super) fn fields(&self) -> Reader<'a> {
        let mut reader = Reader::at(self.bytes, self.offset);
        // There are that many, or it would not have been read.
        let _ = reader.take(COMMAND_HEADER, "cmdsize");
        reader
    }

    /// A text whose offset within the command stands in the next of `fields`.
    pub(super) fn text(&self, fields: &mut Reader<'_>, field: &'static str) -> Result<String, Error> {
        let place = fields.offset();
        let start = fields.u32(field)?;
        let rest = usize::try_from(start).ok().filter(|start| *start >= COMMAND_HEADER);
        let Some(rest) = rest.and_then(|start| self.bytes.get(start..)) else {
            return Error::invalid(field, place, start.into(), "the text stands in the load command");
        };
        // The last one may fill the command to its end.
        let text = rest.split(|byte| *byte == 0).next().unwrap_or_default();
        match std::str::from_utf8(text) {
            Ok(text) => Ok(text.to_owned()),
            Err(_) => Error::invalid(field, place, start.into(), "the text is UTF-8"),
        }
    }

    /// Whether it is known to tell of no place in the file.
    pub(super) const fn is_placeless(&self) -> bool {
        matches!(
            self.number,
            number::LOAD_DYLINKER
                | number::UNIXTHREAD
                | number::ROUTINES
                | number::ROUTINES_64
                | number::SUB_FRAMEWORK
                | number::SUB_UMBRELLA
                | number::SUB_CLIENT
                | number::SUB_LIBRARY
                | number::DYLD_ENVIRONMENT
                | number::MAIN
                | number::SOURCE_VERSION
                | number::LINKER_OPTION
                | number::TARGET_TRIPLE
        )
    }

    /// The name of those commands that there may be only one of.
    pub(super) const fn only_one(&self) -> Option<&'static str> {
        Some(match self.number {
            number::SYMTAB => "LC_SYMTAB",
            number::DYSYMTAB => "LC_DYSYMTAB",
            number::ID_DYLIB => "LC_ID_DYLIB",
            number::TWOLEVEL_HINTS => "LC_TWOLEVEL_HINTS",
            number::UUID => "LC_UUID",
            number::CODE_SIGNATURE => "LC_CODE_SIGNATURE",
            number::SEGMENT_SPLIT_INFO => "LC_SEGMENT_SPLIT_INFO",
            number::ENCRYPTION_INFO | number::ENCRYPTION_INFO_64 => "LC_ENCRYPTION_INFO",
            number::DYLD_INFO | number::DYLD_INFO_ONLY => "LC_DYLD_INFO",
            number::FUNCTION_STARTS => "LC_FUNCTION_STARTS",
            number::MAIN => "LC_MAIN",
            number::DATA_IN_CODE => "LC_DATA_IN_CODE",
            number::DYLIB_CODE_SIGN_DRS => "LC_DYLIB_CODE_SIGN_DRS",
            number::LINKER_OPTIMIZATION_HINT => "LC_LINKER_OPTIMIZATION_HINT",
            number::DYLD_EXPORTS_TRIE => "LC_DYLD_EXPORTS_TRIE",
            number::DYLD_CHAINED_FIXUPS => "LC_DYLD_CHAINED_FIXUPS",
            number::ATOM_INFO => "LC_ATOM_INFO",
            number::FUNCTION_VARIANTS => "LC_FUNCTION_VARIANTS",
            number::FUNCTION_VARIANT_FIXUPS => "LC_FUNCTION_VARIANT_FIXUPS",
            _ => return None,
        })
    }
}

/// Refuses headers that announce more commands than anything needs, before these are read.
pub(super) fn check_header(header: &Header) -> Result<(), Error> {
    at_most("number of load commands", header.command_count.into(), MOST_COMMANDS.into())?;
    at_most("length of the load commands in bytes", header.commands_length.into(), MOST_BYTES.into())
}

/// The commands in `bytes`, which are the slice from its beginning to the end of the commands.
pub(super) fn read<'a>(bytes: &'a [u8], header: &Header) -> Result<Vec<Command<'a>>, Error> {
    let mut reader = Reader::new(bytes);
    reader.take(header.width.header_length().into(), "mach_header")?;
    let mut commands: Vec<Command<'_>> = Vec::new();
    for _ in 0..header.command_count {
        let command = read_command(&mut reader, header.width)?;
        if let Some(name) = command.only_one()
            && commands.iter().any(|earlier| earlier.only_one() == Some(name))
        {
            return Err(Error::Twice { command: name, offset: command.offset });
        }
        commands.push(command);
    }
    if !reader.is_empty() {
        let (found, rule) = (u64::from(header.commands_length), "the load commands fill that space");
        return Error::invalid("sizeofcmds", Header::LENGTH_FIELD, found, rule);
    }
    Ok(commands)
}

fn read_command<'a>(reader: &mut Reader<'a>, width: Width) -> Result<Command<'a>, Error> {
    let whole = *reader;
    let offset = reader.offset();
    let number = reader.u32("cmd")?;
    let length = reader.u32("cmdsize")?;
    let count = usize::try_from(length).ok().filter(|length| *length >= COMMAND_HEADER && length.is_multiple_of(4));
    let Some(count) = count else {
        return Error::invalid("cmdsize", offset, length.into(), "it is a multiple of 4, at least 8");
    };
    if width == Width::Bits64 && number == super::command::number::SEGMENT {
        return Error::invalid("cmd", offset, number.into(), "64-bit slices have LC_SEGMENT_64");
    }
    if width == Width::Bits32 && number == super::command::number::SEGMENT_64 {
        return Error::invalid("cmd", offset, number.into(), "32-bit slices have LC_SEGMENT");
    }
    let bytes = { whole }.take(count, "the load command")?;
    reader.take(count.saturating_sub(COMMAND_HEADER), "the load command")?;
    Ok(Command { number, offset, bytes })
}

/// Overwrites the 32-bit field at `offset` of a header; nothing where it is too short, which readers have ruled out.
pub(super) fn put_u32(bytes: &mut [u8], offset: u64, value: u32) {
    put(bytes, offset, &value.to_le_bytes());
}

/// Overwrites an address at `offset`; `None` where a 32-bit slice has no room for it.
pub(super) fn put_word(bytes: &mut [u8], offset: u64, value: u64, width: Width) -> Result<(), Truncated> {
    match (width, u32::try_from(value)) {
        (Width::Bits64, _) => put(bytes, offset, &value.to_le_bytes()),
        (Width::Bits32, Ok(value)) => put(bytes, offset, &value.to_le_bytes()),
        (Width::Bits32, Err(_)) => {
            return Err(Truncated { field: "an address", offset, wanted: 8, available: 4 });
        }
    }
    Ok(())
}

fn put(bytes: &mut [u8], offset: u64, value: &[u8]) {
    let start = usize::try_from(offset).unwrap_or(usize::MAX);
    let end = start.saturating_add(value.len());
    if let Some(field) = bytes.get_mut(start..end) {
        field.copy_from_slice(value);
    }
    debug_assert!(widen(bytes.len()) >= offset);
}
