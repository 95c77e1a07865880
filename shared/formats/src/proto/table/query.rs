//! Finding entries and reading their values. The table was checked, so nothing here can fail.

use super::super::config;
use super::super::schema::number;
use super::super::value;
use super::super::wire::{Field, Message};
use super::{APP_PACKAGE, Table};
use crate::arsc::{Config, PackageName};
use crate::axml::Value;

/// A package of the table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Package<'t> {
    pub(super) id: u32,
    pub(super) name: &'t str,
    pub(super) message: Message<'t>,
}

/// A type of a package.
#[derive(Clone, Copy, Debug)]
pub(super) struct Type<'t> {
    pub(super) id: u32,
    pub(super) name: &'t str,
    pub(super) message: Message<'t>,
}

/// An entry of a type.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry<'t> {
    pub(super) index: u32,
    pub(super) name: &'t str,
    /// Whether overlays, which find it by its name, may replace it.
    pub(super) is_overlayable: bool,
    pub(super) message: Message<'t>,
}

impl Table<'_> {
    /// The packages in the order of the file.
    pub fn package_names(&self) -> Vec<PackageName> {
        self.packages().map(|package| PackageName { id: package.id, name: package.name.to_owned() }).collect()
    }

    /// The name of the module's own package.
    pub fn own_package_name(&self) -> Option<String> {
        self.own_package().map(|package| package.name.to_owned())
    }

    /// Every entry: its id and its name, in the order of the file.
    pub fn entries(&self) -> impl Iterator<Item = (u32, &str)> {
        let types = self.packages().flat_map(|package| package.types().map(move |kind| (package.id, kind)));
        types.flat_map(|(package, kind)| {
            kind.entries().map(move |entry| (resource_id(package, kind.id, entry.index), entry.name))
        })
    }

    /// The id of an entry of the module's own package.
    pub fn find(&self, type_name: &str, name: &str) -> Option<u32> {
        let package = self.own_package()?;
        let mut types = package.types().filter(|kind| kind.name == type_name);
        types.find_map(|kind| {
            let entry = kind.entries().find(|entry| entry.name == name)?;
            Some(resource_id(package.id, kind.id, entry.index))
        })
    }

    /// The paths of the files that an entry is, one for each configuration.
    pub fn files(&self, id: u32) -> Vec<String> {
        let texts = self.values_of(id).filter_map(|(_, value)| match value {
            Value::String(path) => Some(path),
            _ => None,
        });
        texts.collect()
    }

    /// The single values of an entry, one for each configuration, in the order of the file. The path of a file is a [`Value::String`].
    pub fn values_of(&self, id: u32) -> impl Iterator<Item = (Config, Value)> {
        self.entries_of(id).flat_map(Entry::values).filter_map(|(config, item)| Some((config, value::read(item).ok()?)))
    }

    /// For how many configurations an entry has a value, of whatever kind.
    pub fn variants_of(&self, id: u32) -> usize {
        self.entries_of(id).flat_map(|entry| children(entry.message, number::ENTRY_VALUE)).count()
    }

    fn entries_of(&self, id: u32) -> impl Iterator<Item = Entry<'_>> {
        let packages = self.packages().filter(move |package| package.id == id >> 24);
        let types = packages.flat_map(Package::types).filter(move |kind| kind.id == id >> 16 & 0xff);
        types.flat_map(Type::entries).filter(move |entry| entry.index == id & 0xffff)
    }

    pub(super) fn packages(&self) -> impl Iterator<Item = Package<'_>> {
        children(self.message(), number::TABLE_PACKAGE).map(|message| Package {
            id: id_of(message, number::PACKAGE_ID),
            name: text(message, number::PACKAGE_NAME),
            message,
        })
    }

    /// The package of the app, or the only one.
    pub(super) fn own_package(&self) -> Option<Package<'_>> {
        let own = self.packages().find(|package| package.id == APP_PACKAGE);
        own.or_else(|| self.packages().next().filter(|_| self.packages().nth(1).is_none()))
    }
}

impl<'t> Package<'t> {
    pub(super) fn types(self) -> impl Iterator<Item = Type<'t>> {
        children(self.message, number::PACKAGE_TYPE).map(|message| Type {
            id: id_of(message, number::TYPE_ID),
            name: text(message, number::TYPE_NAME),
            message,
        })
    }
}

impl<'t> Type<'t> {
    pub(super) fn entries(self) -> impl Iterator<Item = Entry<'t>> {
        children(self.message, number::TYPE_ENTRY).map(|message| Entry {
            index: id_of(message, number::ENTRY_ID),
            name: text(message, number::ENTRY_NAME),
            is_overlayable: children(message, number::ENTRY_OVERLAYABLE).next().is_some(),
            message,
        })
    }
}

impl<'t> Entry<'t> {
    /// The items that are the entry's whole value.
    fn values(self) -> impl Iterator<Item = (Config, Message<'t>)> {
        children(self.message, number::ENTRY_VALUE).filter_map(|value| {
            let config = children(value, number::CONFIG).next().unwrap_or(Message::new(&[]));
            let inner = children(value, number::CONFIG_VALUE).next()?;
            Some((config::read(config), children(inner, number::VALUE_ITEM).next()?))
        })
    }
}

/// `0xPPTTEEEE`: package, type and entry.
pub(super) const fn resource_id(package: u32, kind: u32, entry: u32) -> u32 {
    package << 24 | kind << 16 | entry
}

pub(super) fn children(message: Message<'_>, number: u32) -> impl Iterator<Item = Message<'_>> {
    fields(message, number).filter_map(|field| field.message("message").ok())
}

pub(super) fn fields(message: Message<'_>, number: u32) -> impl Iterator<Item = Field<'_>> {
    message.fields().filter_map(Result::ok).filter(move |field| field.number == number)
}

pub(super) fn text(message: Message<'_>, number: u32) -> &str {
    fields(message, number).next().and_then(|field| field.text("text").ok()).unwrap_or_default()
}

fn id_of(message: Message<'_>, number: u32) -> u32 {
    children(message, number).next().and_then(|id| id.u32(number::ID, "id").ok()).unwrap_or_default()
}
