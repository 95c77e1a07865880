//! DEX files, the code of Android apps: versions 035, 037, 038, 039 and 040.
//!
//! The layout is that of the platform's "Dalvik executable format". What the platform's own verifier refuses about the structure
//! is refused here too: items of one kind stand together without holes, and every reference points to the start of an item.
//! What it tolerates is kept: code that it would refuse when it is used, methods whose debug information is nowhere, items that
//! nothing refers to, bytes behind the last item.

mod annotations;
mod class_data;
mod code;
mod debug;
mod dump;
mod error;
mod header;
mod instruction;
mod leb;
mod links;
mod map;
mod names;
mod query;
mod read;
mod same;
mod survey;
mod tables;
mod text;
mod value;
mod write;

use std::fmt;

use header::Head;
use map::Kind;
use survey::Survey;
use tables::Tables;

pub use dump::dump;
pub use error::Error;
pub use header::Header;
pub use same::{Difference, Same, same_code};
pub use write::Stripped;

use crate::reader::Reader;

/// A parsed file, which keeps the bytes that it was parsed from.
#[derive(Clone)]
pub struct Dex<'a> {
    bytes: &'a [u8],
    head: Head,
    tables: Tables<'a>,
    /// In the order of the file.
    sections: Vec<Section>,
    survey: Survey<'a>,
}

/// All items of one kind.
#[derive(Clone, Debug)]
struct Section {
    kind: Kind,
    count: u32,
    offset: u32,
    end: u32,
    /// Where each item starts; empty for the tables, whose items have one length.
    starts: Vec<u32>,
}

impl fmt::Debug for Dex<'_> {
    /// Without the bytes, which can be megabytes.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Dex").field("version", &self.head.version).finish_non_exhaustive()
    }
}

impl<'a> Dex<'a> {
    /// The format's version: 35, 37, 38, 39 or 40.
    pub const fn version(&self) -> u8 {
        self.head.version
    }

    const fn tables(&self) -> &Tables<'a> {
        &self.tables
    }

    fn section(&self, kind: Kind) -> Option<&Section> {
        self.sections.iter().find(|section| section.kind == kind)
    }

    /// Where a kind of item starts, 0 if there is none.
    fn offset(&self, kind: Kind) -> u64 {
        self.section(kind).map_or(0, |section| u64::from(section.offset))
    }

    /// What stands behind the last item.
    fn trailing(&self) -> &'a [u8] {
        self.sections.last().map_or(&[], |last| self.at(last.end).rest())
    }

    /// The bytes of all items of a kind.
    fn section_bytes(&self, kind: Kind) -> &'a [u8] {
        let bytes = self.section(kind).and_then(|section| {
            let length = usize::try_from(section.end.checked_sub(section.offset)?).ok()?;
            self.at(section.offset).rest().get(..length)
        });
        bytes.unwrap_or_default()
    }

    /// Where each item of a kind starts.
    fn starts(&self, kind: Kind) -> &[u32] {
        self.section(kind).map_or(&[], |section| &section.starts)
    }

    /// The items of a kind, each from its first byte on.
    fn items(&self, kind: Kind) -> impl Iterator<Item = Reader<'a>> {
        self.starts(kind).iter().map(|start| self.at(*start))
    }

    /// The file from `offset` on.
    fn at(&self, offset: u32) -> Reader<'a> {
        let rest = usize::try_from(offset).ok().and_then(|offset| self.bytes.get(offset..));
        Reader::at(rest.unwrap_or_default(), u64::from(offset))
    }
}
