//! Which sections are there for debuggers only.

use super::Error;
use super::file::ElfFile;
use super::section::Section;

/// Sections of these names, and those whose names begin so, hold debug information in one of its formats: DWARF (compressed as
/// well), stabs, and what leads from a library to debug information that is packed or kept elsewhere.
const NAMES: [&[u8]; 6] =
    [b".debug", b".gdb_index", b".gnu_debugdata", b".gnu_debuglink", b".gnu_debugaltlink", b".symtab_shndx"];
const PREFIXES: [&[u8]; 3] = [b".debug_", b".zdebug_", b".stab"];

/// Whether the section itself is debug information or a symbol table that no loader reads.
pub(super) fn is_debug(file: &ElfFile, section: &Section) -> bool {
    let name = file.name(section);
    let known = matches!(section.kind, Section::SYMTAB | Section::SYMTAB_SHNDX)
        || NAMES.contains(&name)
        || PREFIXES.iter().any(|prefix| name.starts_with(prefix));
    known && !section.is_loaded() && section.kind != Section::NULL
}

/// The numbers of sections that go.
#[derive(Debug)]
pub(super) struct Removal(Vec<bool>);

impl Removal {
    /// Debug information, symbol tables, and what is of no use without them.
    ///
    /// # Errors
    /// Where something that stays refers to something that would go.
    pub(super) fn select(file: &ElfFile) -> Result<Self, Error> {
        let mut removal = Self(file.sections.iter().map(|section| is_debug(file, section)).collect());
        // What a linker was asked to keep of its input. It is done with these, and without symbols they mean nothing.
        let leftover = |section: &Section| section.is_relocation() && !section.is_loaded();
        let relocations: Vec<bool> = file
            .sections
            .iter()
            .map(|section| leftover(section) && section.references().into_iter().any(|number| removal.has(number)))
            .collect();
        removal.add(&relocations);
        let strings = removal.string_tables(file)?;
        removal.add(&strings);
        for section in removal.kept(file).map(|(_, section)| section.without(&removal)) {
            if let Some(needed) = section.references().into_iter().find(|number| removal.has(*number)) {
                let section = file.shown_name(&section);
                return Err(Error::StillUsed { section, needed: file.describe(index(needed)) });
            }
        }
        Ok(removal)
    }

    /// Whether the section of this number goes.
    pub(super) fn has(&self, number: u32) -> bool {
        self.0.get(index(number)).copied().unwrap_or(false)
    }

    /// Whether nothing goes.
    pub(super) fn is_empty(&self) -> bool {
        !self.0.contains(&true)
    }

    /// The sections that stay, with their numbers.
    pub(super) fn kept<'a>(&'a self, file: &'a ElfFile) -> impl Iterator<Item = (usize, &'a Section)> {
        self.numbered(file, false)
    }

    /// The sections that go, with their numbers.
    pub(super) fn gone<'a>(&'a self, file: &'a ElfFile) -> impl Iterator<Item = (usize, &'a Section)> {
        self.numbered(file, true)
    }

    fn numbered<'a>(&'a self, file: &'a ElfFile, wanted: bool) -> impl Iterator<Item = (usize, &'a Section)> {
        file.sections
            .iter()
            .enumerate()
            .zip(&self.0)
            .filter(move |(_, gone)| **gone == wanted)
            .map(|(section, _)| section)
    }

    /// The string tables that only removed sections use.
    fn string_tables(&self, file: &ElfFile) -> Result<Vec<bool>, Error> {
        let users = |sections: &mut dyn Iterator<Item = (usize, &Section)>| {
            let mut used = vec![false; self.0.len()];
            for (_, section) in sections {
                if let Some(used) = used.get_mut(index(section.link)) {
                    *used = true;
                }
            }
            used
        };
        let (by_gone, by_kept) = (users(&mut self.gone(file)), users(&mut self.kept(file)));
        let names = usize::from(file.header.names_section);
        let goes = |sections: &[bool]| names != 0 && sections.get(names).copied().unwrap_or(false);
        if goes(&self.0) || goes(&by_gone) {
            return Err(Error::SharedNames(file.describe(names)));
        }
        let only_gone = by_gone.iter().zip(&by_kept).map(|(gone, kept)| *gone && !*kept);
        let tables = file.sections.iter().map(|section| section.kind == Section::STRTAB && !section.is_loaded());
        Ok(only_gone.zip(tables).map(|(unused, table)| unused && table).collect())
    }

    fn add(&mut self, more: &[bool]) {
        for (gone, also) in self.0.iter_mut().zip(more) {
            *gone |= also;
        }
    }
}

fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
