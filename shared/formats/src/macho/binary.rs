//! A whole file.

use crate::source::Source;

use super::Error;
use super::fat::FatTable;
use super::slice::Slice;

/// What the headers of a file say: of one slice, or of several behind a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binary {
    /// In the order of the file; at least one.
    pub slices: Vec<Slice>,
    pub(super) fat: Option<FatTable>,
}

impl Binary {
    /// Reads the headers and load commands of all slices, front to back; memory is bounded, and the rest of the file is not read.
    ///
    /// # Errors
    /// What is no Mach-O file, or one that dyld, codesign and this reader could understand differently; see [`Error`].
    pub fn read(source: &dyn Source) -> Result<Self, Error> {
        let Some(fat) = FatTable::read(source)? else {
            let slice = Slice::read(source, 0..source.len())?;
            return Ok(Self { slices: vec![slice], fat: None });
        };
        let mut slices = Vec::new();
        for (number, entry) in fat.entries.iter().enumerate() {
            let named = |error: Error| error.in_slice(number, entry.range.start);
            let slice = Slice::read(source, entry.range.clone()).map_err(named)?;
            if !slice.cpu.is_same(entry.cpu) {
                let rule = "the table of slices names another processor";
                return Error::invalid("cputype", 4, slice.cpu.kind.into(), rule).map_err(named);
            }
            slices.push(slice);
        }
        Ok(Self { slices, fat: Some(fat) })
    }

    /// Whether it has a table of slices, be it of one.
    pub const fn is_fat(&self) -> bool {
        self.fat.is_some()
    }
}
