//! Whether a table is sound: every field that is looked at has its form, and every entry an id of its own.

use super::super::error::Error;
use super::super::schema::{Kind, number};
use super::super::value;
use super::super::wire::Message;
use crate::limits::Limits;

/// Values of one entry: one for each configuration.
const MOST_VALUES: u64 = 1 << 16;
/// Entries that the ids of one type can tell apart.
const INDICES: usize = 1 << 16;

pub(super) fn table(table: Message<'_>, limits: &Limits) -> Result<(), Error> {
    Check { entries: 0, values: 0, types: 0, indices: vec![0; INDICES], limits }.message(Kind::Table, table)
}

struct Check<'l> {
    entries: u64,
    values: u64,
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
                id_of(message, number::PACKAGE_ID, "id of Package", 0xff)?;
                message.text(number::PACKAGE_NAME, "name of Package")?;
            }
            Kind::Type => {
                id_of(message, number::TYPE_ID, "id of Type", 0xff)?;
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
