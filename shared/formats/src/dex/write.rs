//! Writing a file anew: section by section in the order of the file, then the offsets, which are known only then.
//!
//! Nothing becomes longer: indices only fall, numbers take as few bytes as they can, and items move towards the beginning.

mod items;
mod relink;
mod renumber;

use super::error::Error;
use super::header::{HEADER_LENGTH, seal};
use super::map::{HEADER_TABLES, Kind};
use super::{Dex, Section};

use renumber::Renumber;

/// What [`Dex::strip_debug_info`] took out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stripped {
    /// Debug items: a table of lines and local names that one or more methods use.
    pub line_tables: u32,
    /// Names of parameters and local variables in these items.
    pub local_names: u32,
    /// Classes that named their source file.
    pub source_files: u32,
    /// Strings that nothing else used.
    pub strings: u32,
    /// Types that nothing else used.
    pub types: u32,
    /// Whether such strings and types stayed, as some code is not what a compiler writes: a packer may put the real code there at run
    /// time, with the indices of before.
    pub pools_kept: bool,
}

impl Dex<'_> {
    /// The file without line tables, names of local variables and source files, and without the strings and types that only
    /// these used; `None` where there is nothing to take out. Annotations stay, as programs can read them.
    ///
    /// # Errors
    /// None that is known, as the file was parsed.
    pub fn strip_debug_info(&self) -> Result<Option<(Vec<u8>, Stripped)>, Error> {
        let line_tables = self.section(Kind::DebugInfo).map_or(0, |section| section.count);
        if (line_tables, self.survey.debugged, self.survey.source_files) == (0, 0, 0) {
            return Ok(None);
        }
        let renumber = Renumber::without_debug_info(self);
        let (strings, types) = renumber.removed();
        let stripped = Stripped {
            line_tables,
            local_names: self.survey.local_names,
            source_files: self.survey.source_files,
            strings,
            types,
            pools_kept: self.survey.strange_code,
        };
        let out = Writer::new(self, renumber, true).write()?;
        Ok(Some((out, stripped)))
    }

    /// The same file written anew. It has the same bytes, unless numbers take more bytes than they need, items have holes between
    /// them, class data stands before the code, or checksum and signature are not those of the content.
    ///
    /// # Errors
    /// Where a method's debug information is not at the start of a debug item: it could not be kept.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        Writer::new(self, Renumber::default(), false).write()
    }
}

/// A file while it is written.
struct Writer<'d, 'a> {
    dex: &'d Dex<'a>,
    renumber: Renumber,
    /// Without debug information and source files.
    strip: bool,
    out: Vec<u8>,
    written: Vec<Written>,
}

/// A section of the new file.
struct Written {
    kind: Kind,
    count: u32,
    offset: usize,
    /// Where each item of the old section now starts; 0 for items that are gone. Empty for the tables.
    starts: Vec<u32>,
}

impl<'d, 'a> Writer<'d, 'a> {
    fn new(dex: &'d Dex<'a>, renumber: Renumber, strip: bool) -> Self {
        Self { dex, renumber, strip, out: Vec::with_capacity(dex.bytes.len()), written: Vec::new() }
    }

    fn write(mut self) -> Result<Vec<u8>, Error> {
        let order = self.order();
        for (section, count) in &order {
            self.align(section.kind);
            let offset = self.out.len();
            let starts = match section.kind {
                Kind::Map => self.map_room(order.len()),
                _ => self.section(section)?,
            };
            self.written.push(Written { kind: section.kind, count: *count, offset, starts });
        }
        self.out.extend_from_slice(self.dex.trailing());
        self.relink()?;
        self.head();
        Ok(self.out)
    }

    /// The sections to be written, and what they will count.
    fn order(&self) -> Vec<(&'d Section, u32)> {
        let mut order: Vec<_> = self.dex.sections.iter().map(|section| (section, self.count(section))).collect();
        order.retain(|(_, count)| *count > 0);
        // The length of class data depends on where the code stands.
        let place = |kind: Kind| order.iter().position(|(section, _)| section.kind == kind);
        if let (Some(data), Some(code)) = (place(Kind::ClassData), place(Kind::Code))
            && data < code
        {
            let class_data = order.remove(data);
            order.insert(code, class_data);
        }
        order
    }

    fn count(&self, section: &Section) -> u32 {
        match section.kind {
            Kind::StringId | Kind::StringData => section.count.saturating_sub(self.renumber.strings.removed()),
            Kind::TypeId => section.count.saturating_sub(self.renumber.types.removed()),
            Kind::DebugInfo if self.strip => 0,
            _ => section.count,
        }
    }

    fn align(&mut self, kind: Kind) {
        let length = self.out.len();
        self.out.resize(length.checked_next_multiple_of(kind.alignment()).unwrap_or(length), 0);
    }

    fn map_room(&mut self, sections: usize) -> Vec<u32> {
        let start = self.here();
        let length = sections.saturating_mul(12).saturating_add(4);
        self.out.resize(self.out.len().saturating_add(length), 0);
        vec![start]
    }

    /// Where the next byte will stand.
    fn here(&self) -> u32 {
        narrow(self.out.len())
    }

    fn written(&self, kind: Kind) -> Option<&Written> {
        self.written.iter().find(|written| written.kind == kind)
    }

    /// Map and header.
    fn head(&mut self) {
        let mut map = narrow(self.written.len()).to_le_bytes().to_vec();
        for Written { kind, count, offset, .. } in &self.written {
            map.extend(kind.code().to_le_bytes());
            map.extend([0; 2]);
            map.extend(count.to_le_bytes());
            map.extend(narrow(*offset).to_le_bytes());
        }
        let map_offset = self.written(Kind::Map).map_or(0, |written| written.offset);
        let data = self.written.iter().find(|written| written.kind.is_data()).map_or(0, |written| written.offset);
        let mut fields = vec![narrow(map_offset)];
        for kind in HEADER_TABLES {
            fields.extend(self.written(kind).map_or([0, 0], |table| [table.count, narrow(table.offset)]));
        }
        fields.extend([narrow(self.out.len().saturating_sub(data)), narrow(data)]);
        put(&mut self.out, map_offset, &map);
        for (at, field) in (52_usize..).step_by(4).zip(fields) {
            put(&mut self.out, at, &field.to_le_bytes());
        }
        seal(&mut self.out);
    }
}

/// Overwrites bytes.
pub(super) fn put(out: &mut [u8], at: usize, bytes: &[u8]) {
    if let Some(place) = out.get_mut(at..at.saturating_add(bytes.len())) {
        place.copy_from_slice(bytes);
    }
}

/// A length or place in a file that is not longer than the one that was read, whose length has 32 bits.
fn narrow(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

const _: () = assert!(HEADER_LENGTH == 112, "the header's last field is the data's offset");
