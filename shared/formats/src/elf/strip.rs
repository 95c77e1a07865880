//! Removing symbols and debug sections.

use crate::limits::Limits;
use crate::piece::{Piece, Pieces};
use crate::reader::widen;
use crate::source::Source;

use super::Error;
use super::debug::Removal;
use super::file::ElfFile;
use super::layout::Layout;
use super::section::Section;

/// A library without symbols and debug sections: the pieces, one after another, are its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stripped {
    /// What to write, in order. The ranges of the source ascend.
    pub pieces: Vec<Piece>,
    /// Length of all pieces in bytes.
    pub len: u64,
    /// What is no longer there.
    pub removed: Vec<Removed>,
}

/// A section that was removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removed {
    /// Its name; control characters escaped, long ones cut.
    pub name: String,
    /// Its length in the file, bytes.
    pub size: u64,
}

/// Removes the symbol table, debug sections, and what only these need. `None`: there is nothing to remove.
///
/// The source is read at its beginning and at its end; memory is bounded by the number of sections.
///
/// # Errors
/// Libraries that cannot be edited without a guess; see [`Error`].
pub fn strip(source: &dyn Source, limits: &Limits) -> Result<Option<Stripped>, Error> {
    let file = ElfFile::read(source, limits)?;
    let removal = Removal::select(&file)?;
    if removal.is_empty() {
        return Ok(None);
    }
    let layout = Layout::plan(source, &file, &removal)?;
    let sections = section_headers(&file, &removal, &layout);
    let class = file.header.class;
    let what = "length of a 32-bit file in bytes";
    let no_room = || Error::Limit { what, found: layout.table, limit: u32::MAX.into() };
    let count = u16::try_from(sections.len()).unwrap_or(u16::MAX);
    let header = file.header.with_table(layout.table, count).ok_or_else(no_room)?;
    let mut table = Vec::new();
    for section in &sections {
        section.write(&mut table, class).ok_or_else(no_room)?;
    }

    let mut pieces = Pieces::default();
    let mut copied = widen(header.len());
    pieces.bytes(header);
    for zeros in &layout.zeros {
        pieces.copy(copied..zeros.start);
        pieces.zeros_up_to(zeros.end);
        copied = zeros.end;
    }
    pieces.copy(copied..layout.fixed_end);
    for moved in layout.moved.iter().filter(|moved| !moved.from.is_empty()) {
        pieces.zeros_up_to(moved.to);
        pieces.copy(moved.from.clone());
    }
    pieces.zeros_up_to(layout.table);
    pieces.bytes(table);
    let removed =
        removal.gone(&file).map(|(_, section)| Removed { name: file.shown_name(section), size: section.size });
    Ok(Some(Stripped { pieces: pieces.pieces, len: pieces.length, removed: removed.collect() }))
}

/// The headers under their old numbers, up to the last one that is needed.
fn section_headers(file: &ElfFile, removal: &Removal, layout: &Layout) -> Vec<Section> {
    let mut sections = vec![Section::default(); file.sections.len()];
    let mut needed = 1;
    for (number, section) in removal.kept(file) {
        if let Some(header) = sections.get_mut(number) {
            *header = section.without(removal);
            needed = number.saturating_add(1);
        }
    }
    for moved in &layout.moved {
        if let Some(header) = sections.get_mut(moved.number) {
            header.offset = moved.to;
        }
    }
    sections.truncate(needed);
    sections
}
