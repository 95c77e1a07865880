//! Whether two tables mean the same. Knows nothing of how tables are edited.

use std::collections::{BTreeMap, BTreeSet};

use super::chunk::{Package, PackagePart, Spec, Type};
use super::entry::{Body, Entry, Slot, item_value, walk};
use super::query::STRING;
use super::{Part, Table};

/// What is different in a table whose resources have the values that they had.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Same {
    /// Entries that were not there.
    pub added: Vec<Added>,
    /// Entries with another name, counted for each configuration.
    pub renamed: usize,
    /// Single texts that differ, before and after: where both are paths of the same file, the resource is still the same.
    pub paths: Vec<(String, String)>,
}

/// An entry that was not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Added {
    /// Its resource id.
    pub id: u32,
    /// Name of its type.
    pub type_name: String,
    /// Its name.
    pub name: String,
    /// Its value, where that is one text.
    pub text: Option<String>,
}

/// The first thing in which two tables differ.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {what}")]
pub struct Difference {
    /// The resource, type or package.
    pub place: String,
    /// What is different there.
    pub what: &'static str,
}

/// Compares every resource for every configuration, by what its value says and not by where it stands.
///
/// # Errors
/// The first resource that is gone or has another value, or another part of the table that is not as it was.
pub fn same_values(before: &Table<'_>, after: &Table<'_>) -> Result<Same, Difference> {
    let mut comparison = Comparison { before, after, same: Same::default() };
    let (mut old, mut new) = (before.packages(), after.packages());
    loop {
        match (old.next(), new.next()) {
            (None, None) => break,
            (Some(old), Some(new)) => comparison.packages(old, new)?,
            // An app without resources gets a package for those that are added.
            (None, Some(new)) if before.packages().next().is_none() => comparison.add_all(new, new.types()),
            (Some(only), None) | (None, Some(only)) => {
                return Err(differs(only, "there is another number of packages"));
            }
        }
    }
    let others = |table: &Table<'_>| -> Vec<Vec<u8>> {
        let other = table.parts.iter().filter_map(|part| match part {
            Part::Other(bytes) => Some(bytes.to_vec()),
            _ => None,
        });
        other.collect()
    };
    if others(before) != others(after) || before.trailing != after.trailing {
        return Err(Difference { place: "the table".to_owned(), what: "chunks beside the packages are others" });
    }
    Ok(comparison.same)
}

fn differs(package: &Package<'_>, what: &'static str) -> Difference {
    Difference { place: format!("package {:#04x}", package.id), what }
}

struct Comparison<'t> {
    before: &'t Table<'t>,
    after: &'t Table<'t>,
    same: Same,
}

impl Comparison<'_> {
    fn packages(&mut self, old: &Package<'_>, new: &Package<'_>) -> Result<(), Difference> {
        if (old.id, &old.name, old.type_id_offset) != (new.id, &new.name, new.type_id_offset) {
            return Err(differs(old, "it has another id or name"));
        }
        let others = |package: &Package<'_>| -> Vec<Vec<u8>> {
            let other = package.parts.iter().filter_map(|part| match part {
                PackagePart::Other(bytes) => Some(bytes.to_vec()),
                _ => None,
            });
            other.collect()
        };
        if others(old) != others(new) {
            return Err(differs(old, "chunks beside the types are others"));
        }
        specs(old, new)?;
        let mut chunks = by_configuration(new);
        for chunk in old.types() {
            let same = chunks.get_mut(&key(chunk)).filter(|same| !same.is_empty()).map(|same| same.remove(0));
            let place = || format!("type {} {}", old.type_name(chunk.id), chunk.config());
            let same = same.ok_or_else(|| Difference { place: place(), what: "it is gone" })?;
            self.chunks(old, chunk, new, same)?;
        }
        self.add_all(new, chunks.into_values().flatten());
        Ok(())
    }

    /// Every entry of these chunks is new.
    fn add_all<'c, 'a: 'c>(&mut self, package: &Package<'_>, chunks: impl Iterator<Item = &'c Type<'a>>) {
        for chunk in chunks {
            for (index, offset) in chunk.slots() {
                self.add(package, chunk, index, Entry::read(&chunk.entries, offset).ok().as_ref());
            }
        }
    }

    fn add(&mut self, package: &Package<'_>, chunk: &Type<'_>, index: u16, entry: Option<&Entry<'_>>) {
        let text = entry.and_then(|entry| match entry.body {
            Body::Simple { kind: STRING, data } => Some(self.after.strings()?.decode(data)),
            _ => None,
        });
        let name = entry.map_or_else(String::new, |entry| package.key_name(entry.key));
        let (id, type_name) = (package.resource_id(chunk.id, index), package.type_name(chunk.id));
        self.same.added.push(Added { id, type_name, name, text });
    }

    fn chunks(
        &mut self,
        old_package: &Package<'_>,
        old: &Type<'_>,
        package: &Package<'_>,
        new: &Type<'_>,
    ) -> Result<(), Difference> {
        if old_package.type_name(old.id) != package.type_name(new.id) {
            return Err(differs(old_package, "a type has another name"));
        }
        let place = |what| Difference { place: format!("type {} {}", package.type_name(old.id), old.config()), what };
        let mut slots = BTreeMap::new();
        for slot in walk(new) {
            let (index, slot) = slot.map_err(|_| place("entries lie over each other"))?;
            slots.insert(index, slot);
        }
        // Tools let many ids share one entry: it is compared once.
        let mut compared = BTreeSet::new();
        for slot in walk(old) {
            let (index, slot) = slot.map_err(|_| place("entries lay over each other"))?;
            let differs = |what| {
                let id = old_package.resource_id(old.id, index);
                Err(Difference { place: format!("resource {id:#010x} {}", old.config()), what })
            };
            match (readable(&slot), slots.remove(&index).as_ref().and_then(readable)) {
                // What no platform can read has no value.
                (None, None) => {}
                (Some(was), Some(is)) => {
                    if old_package.key_name(was.key) != package.key_name(is.key) {
                        self.same.renamed = self.same.renamed.saturating_add(1);
                    }
                    if compared.insert((was.start, is.start)) && !self.has_same_value(&was, &is) {
                        return differs("it has another value");
                    }
                }
                (Some(_), None) => return differs("it is gone"),
                (None, Some(_)) => return differs("it can be read now"),
            }
        }
        for (index, slot) in slots {
            self.add(package, new, index, readable(&slot).as_ref());
        }
        Ok(())
    }

    fn has_same_value(&mut self, was: &Entry<'_>, is: &Entry<'_>) -> bool {
        match (was.body, is.body) {
            (Body::Simple { kind: STRING, data: old }, Body::Simple { kind: STRING, data: new }) => {
                if !self.has_same_text(old, new) {
                    let text =
                        |table: &Table<'_>, index| table.strings().map_or_else(String::new, |pool| pool.decode(index));
                    self.same.paths.push((text(self.before, old), text(self.after, new)));
                }
                true
            }
            (Body::Simple { kind, data }, Body::Simple { kind: other, data: new }) => (kind, data) == (other, new),
            (Body::Complex { parent, items }, Body::Complex { parent: other, items: new }) => {
                let same_item = |(old, new)| match (item_value(old), item_value(new)) {
                    ((name, (STRING, old)), (other, (STRING, new))) => name == other && self.has_same_text(old, new),
                    (old, new) => old == new,
                };
                parent == other && items.len() == new.len() && items.iter().zip(new).all(same_item)
            }
            _ => false,
        }
    }

    /// Whether two strings have the same text and the same spans of markup.
    fn has_same_text(&self, old: u32, new: u32) -> bool {
        let (Some(before), Some(after)) = (self.before.strings(), self.after.strings()) else { return false };
        let same_text = match (before.text(old), after.text(new)) {
            (Ok(one), Ok(two)) if before.is_utf8() == after.is_utf8() => one == two,
            (Ok(_), Ok(_)) => before.decode(old) == after.decode(new),
            (one, two) => one.is_err() && two.is_err(),
        };
        same_text && before.spans(old) == after.spans(new)
    }
}

/// The entry at an index, if the platform can read it.
const fn readable<'e>(slot: &Slot<'e>) -> Option<Entry<'e>> {
    match slot {
        Slot::Entry(entry) | Slot::Shared(entry) => Some(*entry),
        Slot::Unreadable(_) => None,
    }
}

/// The flags of the entries: what an entry's values depend on, and whether it is public. Further entries may follow.
fn specs(old: &Package<'_>, new: &Package<'_>) -> Result<(), Difference> {
    let flags: BTreeMap<u8, &Spec<'_>> = new.specs().map(|spec| (spec.id, spec)).collect();
    for spec in old.specs() {
        let same = flags.get(&spec.id).is_some_and(|new| new.flags.bytes().starts_with(spec.flags.bytes()));
        if !same {
            return Err(differs(old, "the flags of a type are others"));
        }
    }
    Ok(())
}

/// Type and configuration; several chunks may have the same.
type Key = (u8, Vec<u8>);

fn key(chunk: &Type<'_>) -> Key {
    (chunk.id, chunk.config.to_vec())
}

fn by_configuration<'c, 'a>(package: &'c Package<'a>) -> BTreeMap<Key, Vec<&'c Type<'a>>> {
    let mut chunks: BTreeMap<Key, Vec<&Type<'_>>> = BTreeMap::new();
    for chunk in package.types() {
        chunks.entry(key(chunk)).or_default().push(chunk);
    }
    chunks
}
