//! Whether a table is sound: every field that is looked at has its form, and every package, type and entry an id of its own. bundletool
//! makes no packages of a table in which two have one, and aapt2 takes types of the same name for one: readers do not agree on what it says.

use super::super::error::Error;
use super::super::schema::{Kind, number};
use super::super::value;
use super::super::wire::Message;
use crate::limits::Limits;

/// Values of one entry: one for each configuration.
const MOST_VALUES: u64 = 1 << 16;
/// Packages, or types of a package, that ids can tell apart.
const IDS: usize = 1 << 8;
/// Entries that the ids of one type can tell apart.
const INDICES: usize = 1 << 16;

pub(super) fn table(table: Message<'_>, limits: &Limits) -> Result<(), Error> {
    let (packages, types_of_package) = ([false; IDS], [false; IDS]);
    let indices = vec![0; INDICES];
    Check { entries: 0, values: 0, packages, types_of_package, types: 0, indices, limits }.message(Kind::Table, table)
}

struct Check<'l> {
    entries: u64,
    values: u64,
    /// Ids of packages so far.
    packages: [bool; IDS],
    /// Ids of types so far in the package in hand.
    types_of_package: [bool; IDS],
    /// Types so far.
    types: u32,
    /// For each index, the number of the last type that has an entry there.
    indices: Vec<u32>,
    limits: &'l Limits,
}

impl Check<'_> {
    /// The depth is bounded by the schema.
    fn message(&mut self, kind: Kind, message: Message<'_>) -> Result<(), Error> {
        match kind {
            Kind::Package => {
                let id = id_of(message, number::PACKAGE_ID, "id of Package", 0xff)?;
                take(&mut self.packages, id, message, ("id of Package", "is another package's too"))?;
                self.types_of_package = [false; IDS];
                message.text(number::PACKAGE_NAME, "name of Package")?;
            }
            Kind::Type => {
                let id = id_of(message, number::TYPE_ID, "id of Type", 0xff)?;
                take(&mut self.types_of_package, id, message, ("id of Type", "is another type's too"))?;
                message.text(number::TYPE_NAME, "name of Type")?;
                self.types = self.types.saturating_add(1);
            }
            Kind::Entry => self.entry(message)?,
            Kind::ConfigValue => {
                self.values = self.values.saturating_add(1);
                room("value of an entry", self.values, MOST_VALUES, message)?;
                message.message(number::CONFIG, "config of ConfigValue")?;
            }
            Kind::Value | Kind::Compound => only_child(kind, message)?,
            Kind::Item => drop(value::read(message)?),
            Kind::Reference => {
                message.u32(number::REFERENCE_ID, "id of Reference")?;
                message.text(number::REFERENCE_NAME, "name of Reference")?;
            }
            _ => {}
        }
        for field in message.fields() {
            let field = field?;
            if let Some(child) = kind.child(field.number) {
                self.message(child, field.message(child.name())?)?;
            }
        }
        Ok(())
    }

    fn entry(&mut self, entry: Message<'_>) -> Result<(), Error> {
        self.entries = self.entries.saturating_add(1);
        self.values = 0;
        room("Entry", self.entries, self.limits.table_entries, entry)?;
        entry.text(number::ENTRY_NAME, "name of Entry")?;
        entry.message(number::ENTRY_OVERLAYABLE, "overlayable_item of Entry")?;
        let index = id_of(entry, number::ENTRY_ID, "id of Entry", 0xffff)?;
        let taken = self.indices.get_mut(crate::chunk::index(index));
        match taken.is_none_or(|taken| std::mem::replace(taken, self.types) == self.types) {
            true => {
                Err(Error::Invalid { field: "id of Entry", offset: entry.offset(), defect: "is another entry's too" })
            }
            false => Ok(()),
        }
    }
}

/// Takes an id that nothing else may have.
fn take(
    ids: &mut [bool; IDS],
    id: u32,
    message: Message<'_>,
    (field, defect): (&'static str, &'static str),
) -> Result<(), Error> {
    let taken = ids.get_mut(crate::chunk::index(id));
    match taken.is_none_or(|taken| std::mem::replace(taken, true)) {
        true => Err(Error::Invalid { field, offset: message.offset(), defect }),
        false => Ok(()),
    }
}

fn room(what: &'static str, count: u64, limit: u64, message: Message<'_>) -> Result<(), Error> {
    if count > limit { Err(Error::TooMany { what, offset: message.offset(), limit }) } else { Ok(()) }
}

/// A value is one of several kinds.
fn only_child(kind: Kind, message: Message<'_>) -> Result<(), Error> {
    let mut found = false;
    for field in message.fields() {
        let field = field?;
        if kind.child(field.number).is_some() && std::mem::replace(&mut found, true) {
            return Err(field.invalid(kind.name(), "has more than one value"));
        }
    }
    Ok(())
}

/// The number in a `PackageId`, `TypeId` or `EntryId`.
fn id_of(message: Message<'_>, number: u32, name: &'static str, most: u32) -> Result<u32, Error> {
    let id = message.message(number, name)?;
    let found = id.map(|id| id.u32(number::ID, name)).transpose()?.unwrap_or_default();
    match found > most {
        true => Err(Error::Invalid { field: name, offset: message.offset(), defect: "is larger than ids can be" }),
        false => Ok(found),
    }
}
