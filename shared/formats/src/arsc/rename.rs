//! Other names for entries and files: the strings are exchanged where they stand, so that what refers to them stays as it is.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::chunk::{Package, PackagePart};
use super::entry::{Slot, walk};
use super::error::Error;
use super::{Part, Table};
use crate::chunk::size_u32;
use crate::strings::{Fate, StringPool};

/// The entries of a type that changed their name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenamedName {
    /// Name of the type.
    pub type_name: String,
    /// The name until now.
    pub before: String,
    /// The name from now on.
    pub after: String,
    /// The ids of the entries, ascending; more than one only where the table had names that are not unique.
    pub ids: Vec<u32>,
}

impl Table<'_> {
    /// Gives entries of the app's own package other names, and files other paths, and returns the entries that changed.
    ///
    /// `name` is asked once for each name and type, and answers with the new name, or with `None` where the name stays. `paths` has the
    /// new path for every old one that changes, all of them out of [`Self::file_paths`]. Old names and paths, and names that no entry
    /// has, are gone from the table afterwards. Entries that overlays may replace keep their names, by which overlays find them.
    pub fn rename(
        &mut self,
        mut name: impl FnMut(&str, &str) -> Option<String>,
        paths: &HashMap<String, String>,
    ) -> Result<Vec<RenamedName>, Error> {
        self.check_paths(paths)?;
        let mut next = self.clone();
        next.rename_paths(paths)?;
        let own = self.own_package_place().and_then(|own| next.parts.get_mut(own));
        let renamed = match own {
            Some(Part::Package(package)) => package.rename(&mut name, self.limit)?,
            _ => Vec::new(),
        };
        if !renamed.is_empty() || !paths.is_empty() {
            next.check_length()?;
            next.original = None;
            *self = next;
        }
        Ok(renamed)
    }

    fn check_paths(&self, paths: &HashMap<String, String>) -> Result<(), Error> {
        let known = self.file_paths()?;
        match paths.keys().find(|path| !known.contains(*path)) {
            Some(path) => Err(Error::NotOnlyAPath { path: path.clone() }),
            None => Ok(()),
        }
    }

    fn rename_paths(&mut self, paths: &HashMap<String, String>) -> Result<(), Error> {
        if paths.is_empty() {
            return Ok(());
        }
        let limit = self.limit;
        for part in &mut self.parts {
            if let Part::Strings(pool) = part {
                let fate =
                    |string| paths.get(&pool.decode(string)).map_or(Fate::Keep, |path| Fate::Become(path.clone()));
                **pool = pool.rewrite(fate, &[], limit)?;
            }
        }
        Ok(())
    }
}

impl Package<'_> {
    fn rename(
        &mut self,
        name: &mut impl FnMut(&str, &str) -> Option<String>,
        limit: u64,
    ) -> Result<Vec<RenamedName>, Error> {
        let Some(keys) = self.key_names() else { return Ok(Vec::new()) };
        let plan = Plan::new(self, keys, name)?;
        let mut anew = Some(keys.rewrite(|key| plan.fate(key), &plan.added, limit)?);
        for part in &mut self.parts {
            match part {
                PackagePart::KeyNames(pool) => anew.take().into_iter().for_each(|anew| **pool = anew),
                PackagePart::Type(chunk) => {
                    let moved = plan.moved.get(&chunk.id);
                    moved.map_or(Ok(()), |moved| chunk.move_keys(moved))?;
                }
                _ => {}
            }
        }
        Ok(plan.renamed)
    }
}

/// What becomes of each name.
#[derive(Default)]
struct Plan {
    /// The names that become others in their place.
    become_: HashMap<u32, String>,
    /// The names that stay for some entry.
    kept: BTreeSet<u32>,
    /// Names that come behind the others: those of entries that had one name with entries which keep it.
    added: Vec<String>,
    /// For each type, which names its entries refer to from now on where that changes.
    moved: BTreeMap<u8, HashMap<u32, u32>>,
    renamed: Vec<RenamedName>,
}

impl Plan {
    fn new(
        package: &Package<'_>,
        keys: &StringPool<'_>,
        name: &mut impl FnMut(&str, &str) -> Option<String>,
    ) -> Result<Self, Error> {
        let mut plan = Self::default();
        let overlayable = package.overlayable()?;
        for (key, types) in package.names()?.into_iter().filter(|(key, _)| *key < keys.count()) {
            let before = keys.decode(key);
            let mut other_names = BTreeMap::<String, Vec<u8>>::new();
            for (type_id, indices) in types {
                let type_name = package.type_name(type_id);
                let ids: Vec<u32> = indices.into_iter().map(|index| package.resource_id(type_id, index)).collect();
                let can_change = !ids.iter().any(|id| overlayable.contains(id));
                let after = can_change.then(|| name(&type_name, &before)).flatten();
                let Some(after) = after.filter(|after| *after != before) else {
                    plan.kept.insert(key);
                    continue;
                };
                other_names.entry(after.clone()).or_default().push(type_id);
                plan.renamed.push(RenamedName { type_name, before: before.clone(), after, ids });
            }
            plan.distribute(key, other_names, keys.count());
        }
        plan.check_unique(keys)?;
        Ok(plan)
    }

    /// The first new name takes the place of the old one unless that stays.
    fn distribute(&mut self, key: u32, other_names: BTreeMap<String, Vec<u8>>, count: u32) {
        for (name, types) in other_names {
            if !self.kept.contains(&key) && !self.become_.contains_key(&key) {
                self.become_.insert(key, name);
                continue;
            }
            let place = count.saturating_add(size_u32(self.added.len()));
            self.added.push(name);
            for type_id in types {
                self.moved.entry(type_id).or_default().insert(key, place);
            }
        }
    }

    /// The platform looks for a name's first place in the pool, and finds only the entries that refer to that one.
    fn check_unique(&self, keys: &StringPool<'_>) -> Result<(), Error> {
        let kept: BTreeSet<String> = self.kept.iter().map(|key| keys.decode(*key)).collect();
        let mut known = HashMap::new();
        for RenamedName { before, after, .. } in &self.renamed {
            if kept.contains(after) || known.insert(after, before).is_some_and(|other| other != before) {
                return Err(Error::Collision { name: after.clone() });
            }
        }
        Ok(())
    }

    fn fate(&self, key: u32) -> Fate {
        match self.become_.get(&key) {
            Some(name) => Fate::Become(name.clone()),
            None if self.kept.contains(&key) => Fate::Keep,
            None => Fate::Become(String::new()),
        }
    }
}

impl super::chunk::Type<'_> {
    /// Lets entries refer to other names.
    fn move_keys(&mut self, moved: &HashMap<u32, u32>) -> Result<(), Error> {
        let mut changes = Vec::new();
        for slot in walk(self) {
            let (_, Slot::Entry(entry)) = slot? else { continue };
            let Some(key) = moved.get(&entry.key) else { continue };
            match entry.is_compact {
                false => changes.push((entry.start.saturating_add(4), key.to_le_bytes().to_vec())),
                true => {
                    let key =
                        u16::try_from(*key).map_err(|_| Error::Full { what: "name that compact entries can have" })?;
                    changes.push((entry.start, key.to_le_bytes().to_vec()));
                }
            }
        }
        let entries = self.entries.to_mut();
        for (start, key) in changes {
            let place = entries.get_mut(start..start.saturating_add(key.len()));
            place.into_iter().for_each(|place| place.copy_from_slice(&key));
        }
        Ok(())
    }
}
