//! What the names and texts of a table are used for.

use std::collections::{BTreeMap, BTreeSet};

use super::chunk::{Package, PackagePart, kind};
use super::entry::{Body, Entry, Slot, walk};
use super::error::Error;
use super::query::STRING;
use super::{Part, Table};
use crate::chunk::{RawChunk, index};
use crate::reader::Reader;
use crate::strings::Words;

/// The type whose simple values are text and never paths.
const TEXT_TYPE: &str = "string";

/// A name of entries in the app's own package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryName {
    /// The name.
    pub name: String,
    /// The names of the types that have an entry of this name.
    pub types: Vec<String>,
    /// Whether several entries of one type have it: it was collapsed before, or says nothing of any of them.
    pub is_shared: bool,
}

/// How a string of the table is used.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Use {
    /// By an entry whose type is one of files, as its only value.
    pub(super) as_path: bool,
    /// By anything else.
    pub(super) as_text: bool,
}

/// For each name, by its index, the entries that have it: their type and their index in it.
pub(super) type Names = BTreeMap<u32, BTreeMap<u8, Vec<u16>>>;

impl Table<'_> {
    /// Every name of an entry in the app's own package.
    pub fn entry_names(&self) -> Result<Vec<EntryName>, Error> {
        self.check_texts()?;
        let Some(package) = self.own_package() else { return Ok(Vec::new()) };
        let names = package.names()?.into_iter().map(|(key, types)| EntryName {
            name: package.key_name(key),
            types: types.keys().map(|type_id| package.type_name(*type_id)).collect(),
            is_shared: types.values().any(|indices| indices.len() > 1),
        });
        Ok(names.collect())
    }

    /// Every text that is the value of an entry in the app's own package and nothing else: the paths of its files, and whatever else
    /// stands in a type other than `string`.
    pub fn file_paths(&self) -> Result<BTreeSet<String>, Error> {
        let uses = self.uses()?;
        let Some(pool) = self.strings() else { return Ok(BTreeSet::new()) };
        let (mut paths, mut texts) = (BTreeSet::new(), BTreeSet::new());
        for (string, used) in (0_u32..).zip(&uses) {
            if used.as_text {
                texts.insert(pool.decode(string));
            } else if used.as_path {
                paths.insert(pool.decode(string));
            }
        }
        Ok(paths.difference(&texts).cloned().collect())
    }

    /// Calls `visit` with every text that a value holds which is no path of a file: strings, items of arrays and styles.
    pub fn visit_texts(&self, mut visit: impl FnMut(&str)) -> Result<(), Error> {
        let uses = self.uses()?;
        let Some(pool) = self.strings() else { return Ok(()) };
        let texts = (0_u32..).zip(&uses).filter(|(_, used)| used.as_text);
        texts.for_each(|(string, _)| visit(&pool.decode(string)));
        Ok(())
    }

    /// How each string is used, by its index.
    pub(super) fn uses(&self) -> Result<Vec<Use>, Error> {
        self.check_texts()?;
        let Some(pool) = self.strings() else { return Ok(Vec::new()) };
        let mut uses = vec![Use::default(); index(pool.count())];
        for string in pool.span_names() {
            uses.get_mut(index(string)).into_iter().for_each(|used| used.as_text = true);
        }
        let own = self.own_package_place();
        for (place, part) in self.parts.iter().enumerate() {
            if let Part::Package(package) = part {
                package.mark(own == Some(place), &mut uses)?;
            }
        }
        Ok(uses)
    }

    /// Strings that lie over each other could make a small table say more than memory holds.
    fn check_texts(&self) -> Result<(), Error> {
        let names = self.packages().filter_map(Package::key_names);
        let lengths = names.chain(self.strings()).map(|pool| pool.text_length());
        match lengths.fold(0, u64::saturating_add) > self.limit {
            true => Err(Error::Full { what: "byte of text" }),
            false => Ok(()),
        }
    }
}

impl Package<'_> {
    /// Which entries have which name.
    pub(super) fn names(&self) -> Result<Names, Error> {
        let mut names = Names::new();
        for chunk in self.types() {
            for slot in walk(chunk) {
                if let (index, Slot::Entry(Entry { key, .. }) | Slot::Shared(Entry { key, .. })) = slot? {
                    names.entry(key).or_default().entry(chunk.id).or_default().push(index);
                }
            }
        }
        for indices in names.values_mut().flat_map(BTreeMap::values_mut) {
            indices.sort_unstable();
            indices.dedup();
        }
        Ok(names)
    }

    /// The ids of entries that overlays may replace. An overlay names them by their names.
    pub(super) fn overlayable(&self) -> Result<BTreeSet<u32>, Error> {
        let mut ids = BTreeSet::new();
        for part in &self.parts {
            let PackagePart::Other(bytes) = part else { continue };
            let overlayable = RawChunk::read(&mut Reader::new(bytes))?;
            let mut policies = overlayable.body;
            while overlayable.kind == kind::OVERLAYABLE && !policies.is_empty() {
                let mut policy = RawChunk::read(&mut policies)?;
                policy.header.u32("policy flags")?;
                let count = policy.header.u32("count of overlayable entries")?;
                let listed = Words::new(policy.body.rest());
                ids.extend(listed.iter().take(index(count)).filter(|_| policy.kind == kind::OVERLAYABLE_POLICY));
            }
        }
        Ok(ids)
    }

    fn mark(&self, is_own: bool, uses: &mut [Use]) -> Result<(), Error> {
        for chunk in self.types() {
            let holds_files = is_own && !self.has_type_name(chunk.id, TEXT_TYPE);
            for slot in walk(chunk) {
                let (_, Slot::Entry(entry)) = slot? else { continue };
                let is_path = holds_files && matches!(entry.body, Body::Simple { .. });
                for (_, string) in entry.values().filter(|(kind, _)| *kind == STRING) {
                    if let Some(used) = uses.get_mut(index(string)) {
                        used.as_path |= is_path;
                        used.as_text |= !is_path;
                    }
                }
            }
        }
        Ok(())
    }
}
