//! Edits. Each one is made on a copy, which takes the table's place when it succeeded; what was not edited is not copied.

use std::borrow::Cow;

use super::chunk::{Package, PackagePart, Spec, Type};
use super::entry::{Body, Entry};
use super::error::Error;
use super::query::STRING;
use super::{APP_PACKAGE, Part, Table};
use crate::chunk::index;
use crate::strings::{Encoding, StringPool, Words};

/// Length of the configurations that are written, as today's tools write them.
const CONFIG_LENGTH: u8 = 64;
/// Highest index of an entry.
const LAST_INDEX: u32 = 0xfffe;
/// Code units of a package's name, the last of which is 0.
const NAME_UNITS: usize = 128;

impl Table<'_> {
    /// A table without packages.
    pub fn empty(limits: &crate::limits::Limits) -> Self {
        Self {
            original: None,
            header_extra: &[],
            package_count: 0,
            parts: vec![Part::Strings(Box::new(StringPool::empty(Encoding::Utf8)))],
            trailing: &[],
            limit: limits.table_bytes,
        }
    }

    /// Adds a package for the app's resources to a table that has none; a table with packages stays as it is.
    pub fn ensure_package(&mut self, name: &str) -> Result<(), Error> {
        if self.packages().next().is_some() {
            return Ok(());
        }
        let mut units: Vec<u16> = name.encode_utf16().collect();
        if units.len() >= NAME_UNITS {
            return Err(Error::Full { what: "character in the package's name" });
        }
        units.resize(NAME_UNITS, 0);
        self.parts.push(Part::Package(Box::new(Package {
            id: APP_PACKAGE,
            name: units.iter().flat_map(|unit| unit.to_le_bytes()).collect(),
            stated_type_names: 0,
            stated_key_names: 0,
            last_public_type: 0,
            last_public_key: 0,
            type_id_offset: Some(0),
            header_extra: &[],
            parts: vec![
                PackagePart::TypeNames(Box::new(StringPool::empty(Encoding::Utf8))),
                PackagePart::KeyNames(Box::new(StringPool::empty(Encoding::Utf8))),
            ],
        })));
        self.package_count = self.package_count.max(1);
        self.original = None;
        Ok(())
    }

    /// Adds an entry to the app's own package whose value, on every device, is the path of a file, and returns its id. The type is
    /// created when it is missing.
    ///
    /// Fails when that name is taken, when there is no package (see [`Self::ensure_package`]), and when no id is left.
    pub fn add_file(&mut self, type_name: &str, name: &str, path: &str) -> Result<u32, Error> {
        if let Some(id) = self.find(type_name, name) {
            return Err(Error::Exists { type_name: type_name.to_owned(), name: name.to_owned(), id });
        }
        self.attempt(|table| {
            let path = table.string(path)?;
            let place = table.own_package_place();
            let package = place.and_then(|place| table.parts.get_mut(place));
            let Some(Part::Package(package)) = package else {
                return Err(Error::Missing { what: "package of the app" });
            };
            let added = package.add(type_name, name, |key| Entry::simple(key, STRING, path))?;
            match table.find(type_name, name) {
                // An entry without a name of its own referred to the place where this one stands now.
                Some(id) if id != added => {
                    Err(Error::Exists { type_name: type_name.to_owned(), name: name.to_owned(), id })
                }
                _ => Ok(added),
            }
        })
    }

    /// Lets an entry of the app's own package that refers to the file `from` refer to `to`, in every configuration.
    pub fn replace_file(&mut self, id: u32, from: &str, to: &str) -> Result<(), Error> {
        let missing = || Error::NoSuchFile { id, path: from.to_owned() };
        let place = self.own_package_place().ok_or_else(missing)?;
        self.attempt(|table| {
            let to = table.string(to)?;
            let is_from: Vec<bool> = match table.strings() {
                Some(pool) => (0..pool.count()).map(|string| pool.equals(string, from)).collect(),
                None => Vec::new(),
            };
            let Some(Part::Package(package)) = table.parts.get_mut(place) else { return Err(missing()) };
            let (type_id, entry) = package.place_of(id).ok_or_else(missing)?;
            let mut replaced = false;
            for chunk in package.types_mut().filter(|chunk| chunk.id == type_id) {
                replaced |= chunk.replace(entry, to, |string| is_from.get(index(string)) == Some(&true));
            }
            if replaced { Ok(()) } else { Err(missing()) }
        })
    }

    /// Edits a copy, and takes it when the edit succeeded and the table is not too long.
    pub(super) fn attempt<T>(&mut self, edit: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<T, Error> {
        let mut next = self.clone();
        let result = edit(&mut next)?;
        next.check_length()?;
        next.original = None;
        *self = next;
        Ok(result)
    }

    /// A string that values can refer to, added when it is not there.
    fn string(&mut self, text: &str) -> Result<u32, Error> {
        let pool = self.parts.iter_mut().find_map(|part| match part {
            Part::Strings(pool) => Some(pool),
            _ => None,
        });
        find_or_push(pool.ok_or(Error::Missing { what: "string pool" })?, text)
    }
}

impl<'a> Package<'a> {
    fn types_mut(&mut self) -> impl Iterator<Item = &mut Type<'a>> {
        self.parts.iter_mut().filter_map(|part| match part {
            PackagePart::Type(chunk) => Some(&mut **chunk),
            _ => None,
        })
    }

    fn add(&mut self, type_name: &str, name: &str, entry: impl Fn(u32) -> Vec<u8>) -> Result<u32, Error> {
        let keys = self.parts.iter_mut().find_map(|part| match part {
            PackagePart::KeyNames(pool) => Some(pool),
            _ => None,
        });
        let key = find_or_push(keys.ok_or(Error::Missing { what: "pool of entry names" })?, name)?;
        let known = self.specs().map(|spec| spec.id).find(|id| self.has_type_name(*id, type_name));
        let type_id = known.map_or_else(|| self.add_type(type_name), Ok)?;
        let index = self.add_index(type_id)?;
        self.ensure_default_type(type_id);
        let chunk = self.types_mut().find(|chunk| chunk.id == type_id && chunk.config().is_default());
        chunk.into_iter().for_each(|chunk| chunk.place(index, &entry(key)));
        Ok(self.resource_id(type_id, index))
    }

    /// Adds a type without entries and returns its id.
    fn add_type(&mut self, name: &str) -> Result<u8, Error> {
        let full = Error::Full { what: "type" };
        let taken: Vec<u8> = self.specs().map(|spec| spec.id).collect();
        let offset = self.type_id_offset.unwrap_or(0);
        let names = self.parts.iter_mut().find_map(|part| match part {
            PackagePart::TypeNames(pool) => Some(pool),
            _ => None,
        });
        let names = names.ok_or(Error::Missing { what: "pool of type names" })?;
        loop {
            // A type's name stands at its id; ids whose names are missing are left to those who use them.
            let id = u8::try_from(names.count().saturating_add(1)).ok();
            let id = id.filter(|id| id.checked_add(offset).is_some()).ok_or_else(|| full.clone())?;
            if taken.contains(&id) {
                names.push("")?;
                continue;
            }
            names.push(name)?;
            let is_value = |part: &PackagePart<'_>| matches!(part, PackagePart::Spec(_) | PackagePart::Type(_));
            let last = self.parts.iter().rposition(is_value);
            let place = last.map_or(self.parts.len(), |last| last.saturating_add(1));
            let (flags, header_extra, tail): (_, &[u8], &[u8]) = (Words::default(), &[], &[]);
            let spec = Spec { id, reserved: 0, types: 0, header_extra, flags, tail };
            self.parts.insert(place, PackagePart::Spec(Box::new(spec)));
            return Ok(id);
        }
    }

    /// Adds an index to a type and returns it.
    fn add_index(&mut self, type_id: u8) -> Result<u16, Error> {
        let types = self.types().filter(|chunk| chunk.id == type_id);
        let used = types.map(Type::index_count).max().unwrap_or(0);
        let spec = self.parts.iter_mut().find_map(|part| match part {
            PackagePart::Spec(spec) if spec.id == type_id => Some(spec),
            _ => None,
        });
        let flags = &mut spec.ok_or(Error::Missing { what: "such type" })?.flags;
        let before = flags.count();
        let new = Some(before.max(used)).filter(|new| *new <= LAST_INDEX).and_then(|new| u16::try_from(new).ok());
        let new = new.ok_or(Error::Full { what: "entry of that type" })?;
        let count = u32::from(new).saturating_add(1);
        for _ in before..count {
            flags.push(0);
        }
        // Below Android 8 the platform reads no table in which these counts differ.
        for chunk in self.types_mut().filter(|chunk| chunk.id == type_id && chunk.count == before) {
            chunk.reserve(count);
        }
        Ok(new)
    }

    /// Adds values of a type for every device when there are none.
    fn ensure_default_type(&mut self, type_id: u8) {
        if self.types().any(|chunk| chunk.id == type_id && chunk.config().is_default()) {
            return;
        }
        let of_type = |part: &PackagePart<'_>| match part {
            PackagePart::Spec(spec) => spec.id == type_id,
            PackagePart::Type(chunk) => chunk.id == type_id,
            _ => false,
        };
        let last = self.parts.iter().rposition(of_type);
        let place = last.map_or(self.parts.len(), |last| last.saturating_add(1));
        self.parts.insert(place, PackagePart::Type(Box::new(Type::new(type_id))));
        for part in &mut self.parts {
            match part {
                PackagePart::Spec(spec) if spec.id == type_id && spec.types != 0 => {
                    spec.types = spec.types.saturating_add(1);
                }
                _ => {}
            }
        }
    }
}

impl Type<'_> {
    /// The values for every device, of which there are none yet.
    fn new(id: u8) -> Self {
        let mut config = vec![0; usize::from(CONFIG_LENGTH)];
        config.splice(..1, [CONFIG_LENGTH]);
        let (offsets, gap, entries) = (Cow::default(), Cow::default(), Cow::default());
        Self { id, flags: 0, reserved: 0, count: 0, config: config.into(), offsets, gap, entries }
    }

    /// Gives the entry at `index` the text `to` when its own is meant, and says whether it was. The entry is not changed in its
    /// place: another index may share it.
    fn replace(&mut self, index: u16, to: u32, is_meant: impl Fn(u32) -> bool) -> bool {
        let entry = self.offset_of(index).and_then(|offset| Entry::read(&self.entries, offset).ok());
        match entry {
            Some(Entry { key, body: Body::Simple { kind: STRING, data, .. }, .. }) if is_meant(data) => {
                self.place(index, &Entry::simple(key, STRING, to));
                true
            }
            _ => false,
        }
    }
}

fn find_or_push(pool: &mut StringPool<'_>, text: &str) -> Result<u32, Error> {
    Ok(pool.position(text, 0).map_or_else(|| pool.push(text), Ok)?)
}
