//! Finding entries and reading their values.

use std::collections::HashSet;

use super::chunk::{Package, Type};
use super::config::Config;
use super::entry::{Body, Entry, item_value};
use super::{APP_PACKAGE, Part, Table, Value};
use crate::strings::StringPool;

/// `Res_value::TYPE_STRING`.
pub(super) const STRING: u8 = 0x03;

/// An entry with all its values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// `0xPPTTEEEE`: package, type and entry.
    pub id: u32,
    /// Name of its type; empty where the table has none.
    pub type_name: String,
    /// Its name; empty where the table has none.
    pub name: String,
    /// One value for each configuration, in the order of the file.
    pub variants: Vec<Variant>,
}

/// The value of an entry for one configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variant {
    /// For which devices it is meant.
    pub config: Config,
    /// The value.
    pub content: Content,
}

/// What an entry holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// One value. The path of a file is a [`Value::String`].
    Simple(Value),
    /// A style, array, plural or attribute.
    Complex {
        /// The resource that it inherits from; 0 for none.
        parent: u32,
        /// Attribute, index or quantity, and value.
        items: Vec<(u32, Value)>,
    },
}

/// A value that stands alone, while its text, if it is one, is still in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SingleValue {
    kind: u8,
    data: u32,
}

impl SingleValue {
    /// The value, unless it is text.
    pub fn plain(self) -> Option<Value> {
        (self.kind != STRING).then(|| Value::of(self.kind, self.data))
    }
}

/// A package of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageName {
    /// The first byte of its resource ids.
    pub id: u32,
    /// Its name.
    pub name: String,
}

/// A value that is the path of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileReference {
    /// The entry.
    pub id: u32,
    /// For which devices the file is meant.
    pub config: Config,
    /// Its path in the archive.
    pub path: String,
}

impl Resource {
    /// The files that the entry refers to: every simple text, which in a type of files is a path.
    pub fn files(&self) -> impl Iterator<Item = FileReference> {
        self.variants.iter().filter_map(|variant| match &variant.content {
            Content::Simple(Value::String(path)) => {
                Some(FileReference { id: self.id, config: variant.config.clone(), path: path.clone() })
            }
            _ => None,
        })
    }
}

impl<'a> Table<'a> {
    /// The packages in the order of the file.
    pub fn package_names(&self) -> Vec<PackageName> {
        self.packages().map(|package| PackageName { id: package.id, name: package.name() }).collect()
    }

    /// The name of the app's own package.
    pub fn own_package_name(&self) -> Option<String> {
        self.own_package().map(Package::name)
    }

    /// An entry by its id, with the values of all packages of that id.
    pub fn resource(&self, id: u32) -> Option<Resource> {
        let mut found: Option<Resource> = None;
        for (package, chunk, entry) in self.entries_of(id) {
            let content = self.content(&entry);
            let resource = found.get_or_insert_with(|| Resource {
                id,
                type_name: package.type_name(chunk.id),
                name: package.key_name(entry.key),
                variants: Vec::new(),
            });
            resource.variants.push(Variant { config: chunk.config(), content });
        }
        found
    }

    /// The single values of an entry, one for each configuration, in the order of the file. Texts stay where they are until
    /// [`text`](Self::text) is asked, so that looking at an entry takes no memory whatever the table says.
    pub fn values_of(&self, id: u32) -> impl Iterator<Item = (Config, SingleValue)> {
        self.entries_of(id).filter_map(|(_, chunk, entry)| match entry.body {
            Body::Simple { kind, data } => Some((chunk.config(), SingleValue { kind, data })),
            Body::Complex { .. } => None,
        })
    }

    /// The text of a value that is one, and no more of it than `most` bytes or UTF-16 code units.
    pub fn text(&self, value: SingleValue, most: usize) -> Option<String> {
        let SingleValue { kind, data } = value;
        let pool = self.strings().filter(|pool| kind == STRING && pool.text(data).is_ok())?;
        Some(pool.decode_start(data, most))
    }

    /// An entry by its id: the readable ones of every package of that id, with the type and the package that each stands in.
    fn entries_of(&self, id: u32) -> impl Iterator<Item = (&Package<'a>, &Type<'a>, Entry<'_>)> {
        self.packages().flat_map(move |package| {
            let place = package.place_of(id);
            let chunks = package.types().filter(move |chunk| place.is_some_and(|(type_id, _)| chunk.id == type_id));
            chunks.filter_map(move |chunk| {
                let offset = chunk.offset_of(place?.1)?;
                Some((package, chunk, Entry::read(&chunk.entries, offset).ok()?))
            })
        })
    }

    /// The id of an entry of the app's own package.
    pub fn find(&self, type_name: &str, name: &str) -> Option<u32> {
        let package = self.own_package()?;
        let keys = package.key_names()?;
        let keys: HashSet<u32> = (0..keys.count()).filter(|&key| keys.equals(key, name)).collect();
        let types = package.types().filter(|chunk| package.has_type_name(chunk.id, type_name));
        let mut slots = types.flat_map(|chunk| chunk.slots().map(move |slot| (chunk, slot)));
        slots.find_map(|(chunk, (index, offset))| {
            let entry = Entry::read(&chunk.entries, offset).ok()?;
            keys.contains(&entry.key).then(|| package.resource_id(chunk.id, index))
        })
    }

    pub(super) fn packages(&self) -> impl Iterator<Item = &Package<'a>> {
        self.parts.iter().filter_map(|part| match part {
            Part::Package(package) => Some(&**package),
            _ => None,
        })
    }

    /// The package of the app: the first with its id, or the only one.
    pub(super) fn own_package(&self) -> Option<&Package<'a>> {
        let own = self.own_package_place()?;
        self.parts.get(own).and_then(|part| match part {
            Part::Package(package) => Some(&**package),
            _ => None,
        })
    }

    pub(super) fn own_package_place(&self) -> Option<usize> {
        let packages = self.parts.iter().enumerate().filter_map(|(place, part)| match part {
            Part::Package(package) => Some((place, package.id)),
            _ => None,
        });
        let packages: Vec<_> = packages.collect();
        let own = packages.iter().find(|(_, id)| *id == APP_PACKAGE);
        let only = packages.first().filter(|_| packages.len() == 1);
        own.or(only).map(|(place, _)| *place)
    }

    pub(super) fn strings(&self) -> Option<&StringPool<'a>> {
        self.parts.iter().find_map(|part| match part {
            Part::Strings(pool) => Some(&**pool),
            _ => None,
        })
    }

    pub(super) fn content(&self, entry: &Entry<'_>) -> Content {
        match entry.body {
            Body::Simple { kind, data, .. } => Content::Simple(self.value(kind, data)),
            Body::Complex { parent, items } => {
                let items = items.iter().map(item_value).map(|(name, (kind, data))| (name, self.value(kind, data)));
                Content::Complex { parent, items: items.collect() }
            }
        }
    }

    pub(super) fn value(&self, kind: u8, data: u32) -> Value {
        let pool = self.strings().filter(|pool| kind == STRING && pool.text(data).is_ok());
        pool.map_or_else(|| Value::of(kind, data), |pool| Value::String(pool.decode(data)))
    }
}

impl Package<'_> {
    pub(super) fn name(&self) -> String {
        let units = self.name.as_chunks::<2>().0.iter().map(|unit| u16::from_le_bytes(*unit));
        let units = units.take_while(|unit| *unit != 0);
        char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
    }

    pub(super) fn has_type_name(&self, type_id: u8, name: &str) -> bool {
        self.type_names().is_some_and(|pool| pool.equals(u32::from(type_id).saturating_sub(1), name))
    }
}

impl Type<'_> {
    pub(super) fn config(&self) -> Config {
        Config::read(&self.config)
    }
}
