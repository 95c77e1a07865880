//! Which sections are there for debuggers only.

use super::Error;
use super::file::ElfFile;
use super::section::Section;

/// Sections of these names, or whose names go on after them, hold debug information in one of its formats: DWARF (compressed as
/// well), stabs, and what leads from a library to debug information kept elsewhere or packed.
const EXACT_NAMES: [&[u8]; 6] =
    [b".debug", b".gdb_index", b".gnu_debugdata", b".gnu_debuglink", b".gnu_debugaltlink", b".symtab_shndx"];
const PREFIXES: [&[u8]; 3] = [b".debug_", b".zdebug_", b".stab"];

/// Whether the section itself is debug information or a symbol table that no loader reads.
pub(super) fn is_debug(file: &ElfFile, section: &Section) -> bool {
    if section.is_loaded() || section.kind == Section::NULL {
        return false;
    }
    let name = file.name(section);
    matches!(section.kind, Section::SYMTAB | Section::SYMTAB_SHNDX)
        || EXACT_NAMES.contains(&name)
        || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// For each section whether it goes: debug information, symbol tables, and what is of no use without them.
///
/// # Errors
/// Where something that stays refers to something that would go.
pub(super) fn select(file: &ElfFile) -> Result<Vec<bool>, Error> {
    let mut removed: Vec<bool> = file.sections.iter().map(|section| is_debug(file, section)).collect();
    let goes = |removed: &[bool], number: u32| removed.get(index(number)).copied().unwrap_or(false);
    // What a linker was asked to keep of its input; it is done with these, and without symbols they mean nothing.
    let relocations: Vec<bool> = file
        .sections
        .iter()
        .map(|section| {
            let static_one = section.is_relocation() && !section.is_loaded();
            static_one && section.references().into_iter().any(|number| goes(&removed, number))
        })
        .collect();
    merge(&mut removed, &relocations);
    let strings = string_tables(file, &removed)?;
    merge(&mut removed, &strings);
    for section in file.sections.iter().zip(&removed).filter(|(_, gone)| !**gone).map(|(section, _)| section) {
        if let Some(needed) = section.references().into_iter().find(|number| goes(&removed, *number)) {
            let section = file.shown_name(section);
            return Err(Error::StillUsed { section, needed: file.describe(index(needed)) });
        }
    }
    Ok(removed)
}

/// The string tables that only removed sections use.
fn string_tables(file: &ElfFile, removed: &[bool]) -> Result<Vec<bool>, Error> {
    let mut used_by_removed = vec![false; removed.len()];
    let mut used_by_kept = vec![false; removed.len()];
    for (section, gone) in file.sections.iter().zip(removed) {
        let users = if *gone { &mut used_by_removed } else { &mut used_by_kept };
        if let Some(used) = users.get_mut(index(section.link)) {
            *used = true;
        }
    }
    let names = usize::from(file.header.names_section);
    if used_by_removed.get(names).copied().unwrap_or(false) {
        return Err(Error::SharedNames(file.describe(names)));
    }
    let users = used_by_removed.iter().zip(&used_by_kept);
    let only_removed = users.map(|(removed, kept)| *removed && !*kept);
    let tables = file.sections.iter().map(|section| section.kind == Section::STRTAB && !section.is_loaded());
    Ok(only_removed.zip(tables).map(|(unused, table)| unused && table).collect())
}

fn merge(removed: &mut [bool], more: &[bool]) {
    for (gone, also) in removed.iter_mut().zip(more) {
        *gone |= also;
    }
}

fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
