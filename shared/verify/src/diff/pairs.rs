//! Which entry of one package is which of the other.

use std::collections::{BTreeMap, BTreeSet};

use formats::limits::Limits;
use formats::zip::{Archive, Entry};

use crate::Error;

/// Entries of both packages that belong together: those of the same name, and files whose resource has another path.
pub(crate) struct Pairs {
    /// Names in the first package by names in the second, where they differ.
    renamed: BTreeMap<String, String>,
    /// Names in the first package that have a partner.
    paired: BTreeSet<String>,
}

/// Pairs the entries.
pub(super) fn pair(before: &Archive<'_>, after: &Archive<'_>, _limits: &Limits) -> Result<Pairs, Error> {
    let renamed = BTreeMap::new();
    let same = after.entries().iter().filter(|new| before.entry(&new.name).is_some()).map(|new| new.name.clone());
    let paired = same.chain(renamed.values().cloned()).collect();
    Ok(Pairs { renamed, paired })
}

impl Pairs {
    /// The entry of the first package that `new` was.
    pub(super) fn partner<'a>(&self, before: &'a Archive<'_>, new: &Entry) -> Option<&'a Entry> {
        before.entry(self.renamed.get(&new.name).unwrap_or(&new.name))
    }

    pub(super) fn has_partner(&self, old: &Entry) -> bool {
        self.paired.contains(&old.name)
    }
}
