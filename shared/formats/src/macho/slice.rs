//! One slice: what its header and load commands say.

use std::ops::Range;

use crate::reader::widen;
use crate::source::Source;

use super::Error;
use super::command::{self, Command, number};
use super::fat::{self, outside};
use super::header::{Cpu, FileKind, Header, Width};
use super::linkedit::{Table, TableKind, check_overlaps};
use super::platform::{Build, Platform, Version};
use super::segment::{Segment, length_of};

/// Bytes behind the load commands that are looked at: as many as one more command takes.
const SLACK: u64 = 16;

/// A binary for one kind of processor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slice {
    /// Where it stands in the file.
    pub range: Range<u64>,
    /// The processor.
    pub cpu: Cpu,
    /// What it is for.
    pub kind: FileKind,
    /// `cryptid`: 0 where the code could be encrypted and is not, `None` where nothing says that it could.
    pub encryption: Option<u32>,
    /// What it was built for; empty where nothing says so.
    pub builds: Vec<Build>,
    /// Identifies the build, also in its debug information.
    pub uuid: Option<[u8; 16]>,
    /// The path by which others link a shared library.
    pub install_name: Option<String>,
    /// The shared libraries it needs, in the order in which symbols number them.
    pub dylibs: Vec<Dylib>,
    /// Where `@rpath` in the name of a library is looked for.
    pub rpaths: Vec<String>,
    /// Where the code signature stands in the file; `None` where there is none.
    pub signature: Option<Range<u64>>,
    /// Where the segment `__TEXT` stands, counted from the beginning of the slice: base and limit of the executable segment of a
    /// code directory. `None` where there is none.
    pub text: Option<Range<u64>>,
    pub(super) header: Header,
    /// Header and load commands.
    pub(super) head: Vec<u8>,
    /// Unused bytes behind the load commands, as far as they are zero and at most 16.
    pub(super) slack: u64,
    pub(super) segments: Vec<Segment>,
    pub(super) tables: Vec<Table>,
    /// First and number of the local, the defined external and the undefined symbols.
    pub(super) symbol_groups: Option<[u32; 6]>,
    /// The first load command of a meaning unknown here, by number and offset.
    pub(super) unknown: Option<(u32, u64)>,
}

/// A shared library that a binary needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dylib {
    /// Its install name.
    pub name: String,
    /// How it is used.
    pub usage: DylibUse,
}

/// How a shared library is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DylibUse {
    /// The binary does not start without it.
    Required,
    /// The binary starts without it.
    Weak,
    /// Its symbols count as the binary's own.
    Reexported,
    /// It needs the binary itself.
    Upward,
    /// It is loaded on first use.
    Lazy,
}

impl DylibUse {
    /// What a load command of that number says; `None` where it is another command.
    const fn of(number: u32) -> Option<Self> {
        Some(match number {
            number::LOAD_DYLIB => Self::Required,
            number::LOAD_WEAK_DYLIB => Self::Weak,
            number::REEXPORT_DYLIB => Self::Reexported,
            number::LOAD_UPWARD_DYLIB => Self::Upward,
            number::LAZY_LOAD_DYLIB => Self::Lazy,
            _ => return None,
        })
    }
}

impl Slice {
    /// Whether it is a program.
    pub const fn is_main(&self) -> bool {
        matches!(self.kind, FileKind::Executable)
    }

    /// Whether its code is encrypted, so that nobody but the App Store's devices can read it.
    pub fn is_encrypted(&self) -> bool {
        self.encryption.is_some_and(|id| id != 0)
    }

    /// Bytes of its symbols with their names, and of debug sections that were linked in.
    pub fn symbol_bytes(&self) -> u64 {
        let symbols = self.tables.iter().filter(|table| matches!(table.kind, TableKind::Symbols | TableKind::Strings));
        let debug = self.segment(Segment::DWARF).into_iter().flat_map(|segment| &segment.sections);
        let ranges = symbols.map(|table| &table.range).chain(debug.map(|section| &section.file));
        ranges.map(|range| range.end.saturating_sub(range.start)).fold(0, u64::saturating_add)
    }

    /// Reads the header and the load commands at the beginning of `range`, front to back.
    pub(super) fn read(source: &dyn Source, range: Range<u64>) -> Result<Self, Error> {
        let length = length_of(&range);
        let mut head = read(source, &range, 0..Header::LONGEST.min(length))?;
        let header = Header::read(&head)?;
        command::check_header(&header)?;
        let end = header.commands_end();
        if end > length {
            let commands = header.commands_length.into();
            return Err(outside(
                "the load commands".to_owned(),
                end.saturating_sub(commands),
                commands,
                "the slice",
                length,
            ));
        }
        let seen = widen(head.len());
        head.extend(read(source, &range, seen..end.saturating_add(SLACK).min(length).max(seen))?);
        let behind = head.split_off(usize::try_from(end).unwrap_or(usize::MAX).min(head.len()));
        let free = widen(behind.iter().take_while(|byte| **byte == 0).count());
        let mut slice = Self::empty(range, header);
        for command in command::read(&head, &header)? {
            slice.take(&command)?;
        }
        slice.head = head;
        slice.check(length)?;
        slice.slack = free.min(slice.first_content(length).saturating_sub(end));
        Ok(slice)
    }

    const fn empty(range: Range<u64>, header: Header) -> Self {
        Self {
            range,
            cpu: header.cpu,
            kind: header.kind,
            encryption: None,
            builds: Vec::new(),
            uuid: None,
            install_name: None,
            dylibs: Vec::new(),
            rpaths: Vec::new(),
            signature: None,
            text: None,
            header,
            head: Vec::new(),
            slack: 0,
            segments: Vec::new(),
            tables: Vec::new(),
            symbol_groups: None,
            unknown: None,
        }
    }

    fn take(&mut self, command: &Command<'_>) -> Result<(), Error> {
        let mut fields = command.fields();
        match command.number {
            number::SEGMENT | number::SEGMENT_64 => self.segments.push(Segment::read(command, self.header.width)?),
            number::ID_DYLIB => self.install_name = Some(command.text(&mut fields, "dylib.name")?),
            number::RPATH => self.rpaths.push(command.text(&mut fields, "path")?),
            number::UUID => self.uuid = Some(fields.array("uuid")?),
            number::ENCRYPTION_INFO | number::ENCRYPTION_INFO_64 => self.take_encryption(command)?,
            number::BUILD_VERSION => {
                let platform = Platform::of(fields.u32("platform")?);
                let (minimum_os, sdk) = (Version(fields.u32("minos")?), Version(fields.u32("sdk")?));
                self.builds.push(Build { platform, minimum_os, sdk });
            }
            other => match (DylibUse::of(other), Platform::of_version_command(other)) {
                (Some(usage), _) => self.take_dylib(command, usage)?,
                (_, Some(platform)) => self.take_version(command, platform)?,
                _ => self.take_tables(command)?,
            },
        }
        Ok(())
    }

    /// Takes note of the tables that a command tells of, or that it is not known whether it tells of any.
    fn take_tables(&mut self, command: &Command<'_>) -> Result<(), Error> {
        if command.number == number::DYSYMTAB {
            let (mut fields, mut groups) = (command.fields(), [0; 6]);
            for number in &mut groups {
                *number = fields.u32("a group of symbols")?;
            }
            self.symbol_groups = Some(groups);
        }
        let before = self.tables.len();
        Table::read(command, self.header.width, &mut self.tables)?;
        if self.tables.len() == before && !command.is_placeless() {
            self.unknown.get_or_insert((command.number, command.offset));
        }
        Ok(())
    }

    fn take_dylib(&mut self, command: &Command<'_>, usage: DylibUse) -> Result<(), Error> {
        let name = command.text(&mut command.fields(), "dylib.name")?;
        self.dylibs.push(Dylib { name, usage });
        Ok(())
    }

    fn take_encryption(&mut self, command: &Command<'_>) -> Result<(), Error> {
        let mut fields = command.fields();
        let (offset, length) = (u64::from(fields.u32("cryptoff")?), u64::from(fields.u32("cryptsize")?));
        self.encryption = Some(fields.u32("cryptid")?);
        let end = self.length();
        if offset.saturating_add(length) > end {
            return Err(outside("encrypted code".to_owned(), offset, length, "the slice", end));
        }
        Ok(())
    }

    /// The older way to name a platform, which knew no simulators.
    fn take_version(&mut self, command: &Command<'_>, platform: Platform) -> Result<(), Error> {
        let mut fields = command.fields();
        let (minimum_os, sdk) = (Version(fields.u32("version")?), Version(fields.u32("sdk")?));
        let platform = if self.cpu.is_intel() { platform.simulator() } else { platform };
        self.builds.push(Build { platform, minimum_os, sdk });
        Ok(())
    }

    fn check(&mut self, length: u64) -> Result<(), Error> {
        if !self.kind.is_signed() {
            // Compilers and dsymutil leave offsets and sizes of what stands in another file.
            return Ok(());
        }
        for segment in &self.segments {
            segment.check(length)?;
        }
        self.check_order()?;
        self.text = self.segment(Segment::TEXT).map(|text| text.file.clone());
        let linkedit = self.segment(Segment::LINKEDIT).map(|linkedit| linkedit.file.clone());
        let (container, name) = match linkedit {
            Some(range) => (range, "the segment __LINKEDIT"),
            None => (0..length, "the slice"),
        };
        let end = self.content_end();
        for table in &self.tables {
            table.check(&container, name)?;
            if table.range.is_empty() && table.range.start > end {
                return Err(outside(table.describe(), table.range.start, 0, "what is signed", end));
            }
        }
        check_overlaps(&self.tables)?;
        self.signature = self.take_signature(length)?;
        Ok(())
    }

    /// Segments share no bytes, and the first one begins with the header and holds all load commands.
    fn check_order(&self) -> Result<(), Error> {
        for (name, shown) in [(Segment::TEXT, "segment __TEXT"), (Segment::LINKEDIT, "segment __LINKEDIT")] {
            if let Some(second) = self.segments.iter().filter(|segment| segment.name == name).nth(1) {
                return Err(Error::Twice { command: shown, offset: second.command });
            }
        }
        let mut sorted: Vec<&Segment> = self.segments.iter().filter(|segment| !segment.file.is_empty()).collect();
        sorted.sort_by_key(|segment| segment.file.start);
        for pair in sorted.windows(2) {
            if let [first, second] = pair
                && second.file.start < first.file.end
            {
                let (what, other) = (first.shown_name(), second.shown_name());
                return Err(Error::Overlap { what, other, offset: second.file.start });
            }
        }
        let end = self.header.commands_end();
        if let Some(first) = sorted.first().filter(|first| first.file.start != 0 || first.file.end < end) {
            let rule = "the first segment holds the header and the load commands";
            return Error::invalid("fileoff", first.command, first.file.start, rule);
        }
        for section in sorted.iter().flat_map(|segment| &segment.sections) {
            if !section.file.is_empty() && section.file.start < end {
                let (what, other) = ("the load commands".to_owned(), "a section".to_owned());
                return Err(Error::Overlap { what, other, offset: section.file.start });
            }
        }
        Ok(())
    }

    fn take_signature(&self, length: u64) -> Result<Option<Range<u64>>, Error> {
        let Some(signature) = self.table(TableKind::CodeSignature) else { return Ok(None) };
        let range = signature.range.clone();
        if range.end != length {
            let rule = "the code signature ends where the slice ends";
            return Error::invalid("dataoff", signature.field, range.start, rule);
        }
        let ends = self.tables.iter().filter(|table| !table.range.is_empty() && table.kind != TableKind::CodeSignature);
        if let Some(behind) = ends.max_by_key(|table| table.range.end).filter(|table| table.range.end > range.start) {
            let (what, other) = (behind.describe(), signature.describe());
            return Err(Error::Overlap { what, other, offset: range.start });
        }
        Ok(Some(self.in_file(range)))
    }

    /// A range of the slice as a range of the file.
    pub(super) const fn in_file(&self, range: Range<u64>) -> Range<u64> {
        self.range.start.saturating_add(range.start)..self.range.start.saturating_add(range.end)
    }

    /// Length in bytes.
    pub(super) const fn length(&self) -> u64 {
        self.range.end.saturating_sub(self.range.start)
    }

    /// Where its code signature starts, or where the slice ends if there is none.
    pub(super) fn content_end(&self) -> u64 {
        self.table(TableKind::CodeSignature).map_or_else(|| self.length(), |signature| signature.range.start)
    }

    /// Whether its addresses have 64 bits.
    pub(super) fn is_wide(&self) -> bool {
        self.header.width == Width::Bits64
    }

    /// The segment of that name.
    pub(super) fn segment(&self, name: [u8; 16]) -> Option<&Segment> {
        self.segments.iter().find(|segment| segment.name == name)
    }

    /// The table of that kind, of which there is only one.
    pub(super) fn table(&self, kind: TableKind) -> Option<&Table> {
        self.tables.iter().find(|table| table.kind == kind)
    }

    /// Where the first byte behind the load commands stands that is not padding.
    fn first_content(&self, length: u64) -> u64 {
        let sections = self.segments.iter().flat_map(|segment| &segment.sections).map(|section| &section.file);
        let segments = self.segments.iter().map(|segment| &segment.file).filter(|file| file.start > 0);
        let ranges = sections.chain(segments).chain(self.tables.iter().map(|table| &table.range));
        ranges.filter(|range| !range.is_empty()).map(|range| range.start).min().unwrap_or(length)
    }
}

/// Bytes of a slice.
fn read(source: &dyn Source, slice: &Range<u64>, range: Range<u64>) -> Result<Vec<u8>, Error> {
    fat::read(source, slice.start.saturating_add(range.start), length_of(&range), "the header")
}
