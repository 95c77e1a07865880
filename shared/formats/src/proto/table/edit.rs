//! Edits. Each makes the bytes of another table, which is checked before it takes the place of this one.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};

use super::super::error::Error;
use super::super::names::{NewNames, Renaming};
use super::super::rewrite::{Edit, rewrite};
use super::super::schema::{Kind, number};
use super::super::wire::{Field, Message, Writer};
use super::query::{Package, resource_id};
use super::{APP_PACKAGE, Table};
use crate::arsc::RenamedName;

/// Highest index of an entry.
const LAST_INDEX: u32 = 0xfffe;
/// Highest id of a type.
const LAST_TYPE: u32 = 0xff;
/// `FileReference.Type.PROTO_XML`
const PROTO_XML: u32 = 3;

impl Table<'_> {
    /// Adds a package for the app's resources to a table that has none; a table with packages stays as it is.
    pub fn ensure_package(&mut self, name: &str) -> Result<(), Error> {
        if self.packages().next().is_some() {
            return Ok(());
        }
        let mut package = Writer::default();
        package.bytes(number::PACKAGE_ID, id(APP_PACKAGE)).bytes(number::PACKAGE_NAME, name);
        let package = Writer::default().bytes(number::TABLE_PACKAGE, package.finish()).finish();
        self.edit(&mut Appending { kind: Kind::Table, offset: 0, fields: Some(package) })
    }

    /// Adds an entry to the module's own package whose value, on every device, is an XML file in protobuf form, and returns its id. The
    /// type is created when it is missing.
    ///
    /// Fails when that name is taken, when there is no package (see [`Self::ensure_package`]), and when no id is left.
    pub fn add_file(&mut self, type_name: &str, name: &str, path: &str) -> Result<u32, Error> {
        if let Some(id) = self.find(type_name, name) {
            return Err(Error::Exists { type_name: type_name.to_owned(), name: name.to_owned(), id });
        }
        let package = self.own_package().ok_or(Error::Full { what: "entry without a package" })?;
        let known = package.types().find(|kind| kind.name == type_name);
        let index = known.iter().flat_map(|kind| kind.entries()).map(|entry| entry.index.saturating_add(1)).max();
        let index = index.unwrap_or_default();
        if index > LAST_INDEX {
            return Err(Error::Full { what: "entry of that type" });
        }
        let entry = Writer::default().bytes(number::TYPE_ENTRY, entry(index, name, path)).finish();
        let (type_id, mut appending) = match known {
            Some(kind) => (kind.id, Appending { kind: Kind::Type, offset: kind.message.offset(), fields: Some(entry) }),
            None => {
                let type_id = free_type(package)?;
                let mut kind = Writer::default();
                kind.bytes(number::TYPE_ID, id(type_id)).bytes(number::TYPE_NAME, type_name).raw(&entry);
                let kind = Writer::default().bytes(number::PACKAGE_TYPE, kind.finish()).finish();
                let offset = package.message.offset();
                (type_id, Appending { kind: Kind::Package, offset, fields: Some(kind) })
            }
        };
        let added = resource_id(package.id, type_id, index);
        self.edit(&mut appending)?;
        Ok(added)
    }

    /// Gives entries of the module's own package other names, and files other paths, and returns the entries that changed. References
    /// still carry the old names; see [`Self::rename_references`].
    ///
    /// `name` is asked for each entry, by its type and its name, and answers with the new name, or with `None` where the name stays.
    /// `paths` has the new path for every old one that changes, all of them out of [`Self::file_paths`]. Entries that overlays may
    /// replace keep their names, by which overlays find them.
    pub fn rename(
        &mut self,
        mut name: impl FnMut(&str, &str) -> Option<String>,
        paths: &HashMap<String, String>,
    ) -> Result<Vec<RenamedName>, Error> {
        let known = self.file_paths();
        if let Some(path) = paths.keys().find(|path| !known.contains(*path)) {
            return Err(Error::NotOnlyAPath { path: path.clone() });
        }
        let (entries, renamed) = self.plan_names(&mut name)?;
        self.edit(&mut Names { entries, paths, entry: None })?;
        Ok(renamed)
    }

    /// Gives references the new names of what they refer to, in whichever table that stands.
    pub fn rename_references(&mut self, names: &NewNames) -> Result<(), Error> {
        self.edit(&mut Renaming::new(names))
    }

    /// The new names by where the entries stand, and what becomes of which name.
    fn plan_names(
        &self,
        name: &mut impl FnMut(&str, &str) -> Option<String>,
    ) -> Result<(HashMap<u64, String>, Vec<RenamedName>), Error> {
        let mut entries = HashMap::new();
        let mut renamed = BTreeMap::<(String, String), RenamedName>::new();
        let Some(package) = self.own_package() else { return Ok((entries, Vec::new())) };
        for kind in package.types() {
            let mut taken = HashMap::new();
            for entry in kind.entries() {
                let new =
                    Some(entry).filter(|entry| !entry.is_overlayable).and_then(|entry| name(kind.name, entry.name));
                let after = new.clone().unwrap_or_else(|| entry.name.to_owned());
                if taken.insert(after.clone(), entry.name).is_some_and(|other| other != entry.name) {
                    return Err(Error::Collision { name: after });
                }
                if after == entry.name {
                    continue;
                }
                let id = resource_id(package.id, kind.id, entry.index);
                let (type_name, before) = (kind.name.to_owned(), entry.name.to_owned());
                let row = renamed.entry((type_name.clone(), before.clone()));
                row.or_insert(RenamedName { type_name, before, after: after.clone(), ids: Vec::new() }).ids.push(id);
                entries.insert(entry.message.offset(), after);
            }
        }
        let mut renamed: Vec<RenamedName> = renamed.into_values().collect();
        renamed.iter_mut().for_each(|renamed| renamed.ids.sort_unstable());
        Ok((entries, renamed))
    }

    fn edit(&mut self, edit: &mut dyn for<'e> Edit<'e>) -> Result<(), Error> {
        if let Some(bytes) = rewrite(Kind::Table, self.message(), edit)? {
            self.bytes = Table::checked(Cow::Owned(bytes), &self.limits)?.bytes;
        }
        Ok(())
    }
}

fn free_type(package: Package<'_>) -> Result<u32, Error> {
    let taken: HashSet<u32> = package.types().map(|kind| kind.id).collect();
    let behind = taken.iter().max().map_or(1, |last| last.saturating_add(1));
    let free = [behind].into_iter().chain(1..=LAST_TYPE).find(|id| *id <= LAST_TYPE && !taken.contains(id));
    free.ok_or(Error::Full { what: "type" })
}

/// A `PackageId`, `TypeId` or `EntryId`; 0 is what the form leaves out.
fn id(id: u32) -> Vec<u8> {
    let mut message = Writer::default();
    if id != 0 {
        message.number(number::ID, id);
    }
    message.finish()
}

fn entry(index: u32, name: &str, path: &str) -> Vec<u8> {
    let file = Writer::default().bytes(number::FILE_PATH, path).number(number::FILE_TYPE, PROTO_XML).finish();
    let item = Writer::default().bytes(number::ITEM_FILE, file).finish();
    let value = Writer::default().bytes(number::VALUE_ITEM, item).finish();
    let value = Writer::default().bytes(number::CONFIG, []).bytes(number::CONFIG_VALUE, value).finish();
    let mut entry = Writer::default();
    entry.bytes(number::ENTRY_ID, id(index)).bytes(number::ENTRY_NAME, name).bytes(number::ENTRY_VALUE, value).finish()
}

/// Adds fields to one message.
struct Appending {
    kind: Kind,
    offset: u64,
    fields: Option<Vec<u8>>,
}

impl Edit<'_> for Appending {
    fn replace(&mut self, _: Kind, _: &Field<'_>) -> Result<Option<Vec<u8>>, Error> {
        Ok(None)
    }

    fn append(&mut self, kind: Kind, message: Message<'_>) -> Option<Vec<u8>> {
        if (kind, message.offset()) == (self.kind, self.offset) { self.fields.take() } else { None }
    }
}

/// Renames entries and files.
struct Names<'p> {
    /// The new names by where the entries stand.
    entries: HashMap<u64, String>,
    paths: &'p HashMap<String, String>,
    /// The new name of the entry in hand.
    entry: Option<String>,
}

impl Edit<'_> for Names<'_> {
    fn enter(&mut self, kind: Kind, message: Message<'_>) -> Result<(), Error> {
        if kind == Kind::Entry {
            self.entry = self.entries.remove(&message.offset());
        }
        Ok(())
    }

    fn replace(&mut self, kind: Kind, field: &Field<'_>) -> Result<Option<Vec<u8>>, Error> {
        Ok(match (kind, field.number) {
            (Kind::Entry, number::ENTRY_NAME) => self.entry.take().map(String::into_bytes),
            (Kind::File, number::FILE_PATH) => {
                self.paths.get(field.text("path of FileReference")?).map(|path| path.clone().into_bytes())
            }
            _ => None,
        })
    }
}
