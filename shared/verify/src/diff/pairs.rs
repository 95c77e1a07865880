//! Which entry of one package is which of the other.

use std::collections::{BTreeMap, BTreeSet};

use formats::arsc::{Same, Table, same_values};
use formats::limits::Limits;
use formats::zip::{Archive, Entry};

use super::{Difference, RESOURCES, table};
use crate::error::of_archive;
use crate::{Check, Error};

/// Entries of both packages that belong together: those of the same name, and files whose resource has another path.
pub(crate) struct Pairs {
    /// Names in the first package by names in the second, where they differ.
    renamed: BTreeMap<String, String>,
    /// Names in the first package that have a partner.
    paired: BTreeSet<String>,
    /// How the resource tables differ, where they do.
    pub(super) tables: Option<Difference>,
}

impl Pairs {
    /// Pairs the entries.
    pub(super) fn read(before: &Archive<'_>, after: &Archive<'_>, limits: &Limits) -> Result<Self, Error> {
        let compared = compare_tables(before, after, limits)?;
        let mut renamed = BTreeMap::new();
        if let Some(Ok(same)) = &compared {
            let is_file = |(old, new): &&(String, String)| before.entry(old).is_some() && after.entry(new).is_some();
            renamed.extend(same.paths.iter().filter(is_file).map(|(old, new)| (new.clone(), old.clone())));
        }
        let tables = compared.map(|compared| table::judge(compared, &renamed));
        let mut pairs = Self { renamed, paired: BTreeSet::new(), tables };
        let partners = after.entries().iter().filter_map(|new| pairs.partner(before, new)).map(|old| old.name.clone());
        pairs.paired = partners.collect();
        Ok(pairs)
    }

    /// The entry of the first package that `new` was.
    pub(super) fn partner<'a>(&self, before: &'a Archive<'_>, new: &Entry) -> Option<&'a Entry> {
        before.entry(self.renamed.get(&new.name).unwrap_or(&new.name))
    }

    pub(super) fn has_partner(&self, old: &Entry) -> bool {
        self.paired.contains(&old.name)
    }
}

/// What the tables say of each other; nothing when both are the same, or when one is missing.
fn compare_tables(
    before: &Archive<'_>,
    after: &Archive<'_>,
    limits: &Limits,
) -> Result<Option<Result<Same, String>>, Error> {
    let (Some(old), Some(new)) = (before.entry(RESOURCES), after.entry(RESOURCES)) else { return Ok(None) };
    if (old.size, old.crc32) == (new.size, new.crc32) {
        return Ok(None);
    }
    let read = |archive: &Archive<'_>| {
        archive.read_entry(RESOURCES, limits.table_bytes).map_err(|error| of_archive(Check::Contents, error))
    };
    let (old, new) = (read(before)?, read(after)?);
    let parse = |bytes| Table::parse(bytes, limits).map_err(|error| error.to_string());
    let compared = parse(&old).and_then(|old| {
        let new = parse(&new)?;
        same_values(&old, &new).map_err(|difference| difference.to_string())
    });
    Ok(Some(compared))
}
