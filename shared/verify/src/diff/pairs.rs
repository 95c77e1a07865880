//! Which entry of one package is which of the other.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use formats::limits::Limits;
use formats::zip::{Archive, Entry};
use formats::{arsc, proto};

use super::{Difference, table};
use crate::error::of_archive;
use crate::parts::{Part, Parts};
use crate::{Check, Error};

/// Entries of both packages that belong together: those of the same name, and files whose resource has another path.
pub(crate) struct Pairs {
    /// Names in the first package by names in the second, where they differ.
    renamed: BTreeMap<String, String>,
    /// Names in the first package that have a partner.
    paired: BTreeSet<String>,
    /// How the resource tables differ, where they do, by their entries.
    pub(super) tables: BTreeMap<String, Difference>,
    /// The new names of entries of resource tables in protobuf form, by id.
    pub(super) new_names: HashMap<u32, String>,
}

/// What two tables say of each other.
struct Compared {
    /// The entry.
    table: String,
    same: Result<arsc::Same, String>,
    /// What references in the second table say of which id, where it is something else than in the first.
    references: BTreeMap<u32, String>,
    new_names: HashMap<u32, String>,
}

impl Pairs {
    /// Pairs the entries.
    pub(super) fn read(
        before: &Archive<'_>,
        after: &Archive<'_>,
        parts: &Parts,
        limits: &Limits,
    ) -> Result<Self, Error> {
        let (mut renamed, mut new_names, mut compared) = (BTreeMap::new(), HashMap::new(), Vec::new());
        for table in parts.tables() {
            let Some(mut one) = compare_tables(before, after, parts, table, limits)? else { continue };
            let folder = parts.split(&one.table).map_or("", |(folder, _)| folder);
            let names = one.same.iter().flat_map(|same| &same.paths);
            let names = names.map(|(old, new)| (format!("{folder}{old}"), format!("{folder}{new}")));
            let is_file = |(old, new): &(String, String)| before.entry(old).is_some() && after.entry(new).is_some();
            renamed.extend(names.filter(is_file).map(|(old, new)| (new, old)));
            new_names.extend(std::mem::take(&mut one.new_names));
            compared.push(one);
        }
        let judge = |one: Compared| {
            let folder = parts.split(&one.table).map_or("", |(folder, _)| folder);
            let wrong = one.references.iter().find(|(id, name)| !follows(**id, name, &new_names));
            let difference = match wrong {
                Some((id, name)) => Difference::Content { detail: wrong_reference(*id, name) },
                None => table::judge(one.same, folder, &renamed),
            };
            (one.table, difference)
        };
        let tables = compared.into_iter().map(judge).collect();
        let mut pairs = Self { renamed, paired: BTreeSet::new(), tables, new_names };
        let partners = after.entries().iter().filter_map(|new| pairs.partner(before, new)).map(|old| old.name.clone());
        pairs.paired = partners.collect();
        Ok(pairs)
    }

    /// The entry of the first package that `new` was.
    pub(super) fn partner<'a>(&self, before: &'a Archive<'_>, new: &Entry) -> Option<&'a Entry> {
        before.entry(self.renamed.get(&new.name).unwrap_or(&new.name))
    }

    /// A sentence about the first reference in a part of the second package that does not have the new name of what it refers to. What
    /// cannot be read has none.
    pub(super) fn left_behind(&self, part: Part, bytes: &[u8], limits: &Limits) -> Option<String> {
        let names = &self.new_names;
        let mut wrong = None;
        let visit = |id, name: &str| {
            if wrong.is_none() && !name.is_empty() && names.contains_key(&id) && !follows(id, name, names) {
                wrong = Some(wrong_reference(id, name));
            }
        };
        let _ = match part {
            Part::Table => proto::Table::parse(bytes, limits).map(|table| table.visit_references(visit)),
            _ => proto::visit_references(bytes, limits, visit),
        };
        wrong
    }

    pub(super) fn has_partner(&self, old: &Entry) -> bool {
        self.paired.contains(&old.name)
    }
}

/// Whether a reference that carries another name than before carries that of what it refers to.
pub(super) fn follows(id: u32, name: &str, new_names: &HashMap<u32, String>) -> bool {
    new_names.get(&id).is_some_and(|new| name.rsplit(['/', ':']).next() == Some(new))
}

pub(super) fn wrong_reference(id: u32, name: &str) -> String {
    format!("a reference to {id:#010x} says {name:?}, which is not the name of that resource")
}

/// What the tables say of each other; nothing when both are the same, or when one is missing.
fn compare_tables(
    before: &Archive<'_>,
    after: &Archive<'_>,
    parts: &Parts,
    table: String,
    limits: &Limits,
) -> Result<Option<Compared>, Error> {
    let (Some(old), Some(new)) = (before.entry(&table), after.entry(&table)) else { return Ok(None) };
    if (old.size, old.crc32) == (new.size, new.crc32) {
        return Ok(None);
    }
    let read = |archive: &Archive<'_>| {
        archive.read_entry(&table, limits.table_bytes).map_err(|error| of_archive(Check::Contents, error))
    };
    let (old, new) = (read(before)?, read(after)?);
    let compared = match parts {
        Parts::Apk => compare_compiled(&old, &new, limits).map(|same| (same, BTreeMap::new(), HashMap::new())),
        Parts::Bundle(_) => compare_messages(&old, &new, limits),
    };
    Ok(Some(match compared {
        Ok((same, references, new_names)) => Compared { table, same: Ok(same), references, new_names },
        Err(detail) => Compared { table, same: Err(detail), references: BTreeMap::new(), new_names: HashMap::new() },
    }))
}

fn compare_compiled(old: &[u8], new: &[u8], limits: &Limits) -> Result<arsc::Same, String> {
    let parse = |bytes| arsc::Table::parse(bytes, limits).map_err(|error| error.to_string());
    arsc::same_values(&parse(old)?, &parse(new)?).map_err(|difference| difference.to_string())
}

/// What is the same, what references say now, and the new names.
type Messages = (arsc::Same, BTreeMap<u32, String>, HashMap<u32, String>);

fn compare_messages(old: &[u8], new: &[u8], limits: &Limits) -> Result<Messages, String> {
    let parse = |bytes| proto::Table::parse(bytes, limits).map_err(|error| error.to_string());
    let (old, new) = (parse(old)?, parse(new)?);
    let proto::Same { table, references } = proto::same_values(&old, &new).map_err(|it| it.to_string())?;
    let before: HashMap<u32, &str> = old.entries().collect();
    let changed = new.entries().filter(|(id, name)| before.get(id).is_some_and(|before| before != name));
    let names = changed.map(|(id, name)| (id, name.to_owned())).collect();
    Ok((table, references, names))
}
