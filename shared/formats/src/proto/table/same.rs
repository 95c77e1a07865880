//! Whether two tables, or two documents, say the same. Knows nothing of how they are edited.

mod attributes;
mod unknown;

use std::collections::BTreeMap;

use super::super::schema::{Kind, number};
use super::super::value;
use super::super::wire::{Field, Message};
use super::Table;
use super::query::{children, resource_id, text};
use crate::arsc::{Added, Difference, Same as SameTable};
use crate::axml::Value;

pub use unknown::adds_nothing_unknown;

use attributes::Documents;

/// What is different where everything else is the same, byte for byte.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Same {
    /// What is different in a table. Of renamed entries each counts once.
    pub table: SameTable,
    /// References that carry another name: what they say now, by the id that they refer to.
    pub references: BTreeMap<u32, String>,
}

/// Compares two tables. What is new stands behind what was there.
///
/// # Errors
/// The first thing that differs and is neither a name nor a path nor a new entry.
pub fn same_values(before: &Table<'_>, after: &Table<'_>) -> Result<Same, Difference> {
    let mut comparison = Comparison::default();
    comparison.messages(Kind::Table, before.message(), after.message())?;
    Ok(comparison.same)
}

/// Compares two documents, which must have been read before.
///
/// # Errors
/// The first thing that differs and is no name of a reference.
pub fn same_document(before: &[u8], after: &[u8]) -> Result<Same, Difference> {
    let mut comparison = Comparison::default();
    comparison.messages(Kind::XmlNode, Message::new(before), Message::new(after))?;
    Ok(comparison.same)
}

/// Compares two documents, which must have been read before, whatever the values of their attributes: one may have come, gone or got
/// another value, of which text and compiled form say the same. What is said of an attribute beside its value, and what is not known, has
/// to be what it was.
///
/// # Errors
/// The first thing that differs and is neither the value of an attribute nor a name of a reference.
pub fn same_but_attributes(before: &[u8], after: &[u8]) -> Result<Same, Difference> {
    let mut documents = Documents::default();
    documents.compare(Message::new(before), Message::new(after))?;
    Ok(documents.comparison.same)
}

#[derive(Default)]
struct Comparison {
    same: Same,
    /// Package, type and index of the entry in hand.
    place: [u32; 3],
    /// Name of the type in hand.
    type_name: String,
}

impl Comparison {
    /// The depth was bounded when the messages were read.
    fn messages(&mut self, kind: Kind, old: Message<'_>, new: Message<'_>) -> Result<(), Difference> {
        self.enter(kind, new);
        let (mut olds, mut news) = (old.fields(), new.fields());
        loop {
            match (olds.next().transpose(), news.next().transpose()) {
                (Ok(None), Ok(None)) => return Ok(()),
                (Ok(Some(one)), Ok(Some(two))) => self.fields(kind, (old, &one), (new, &two))?,
                (Ok(None), Ok(Some(added))) => self.add(kind, old, &added)?,
                (Ok(Some(_)), Ok(None)) => return Err(self.differs(kind, "something is gone")),
                (Err(_), _) | (_, Err(_)) => return Err(self.differs(kind, "it cannot be read")),
            }
        }
    }

    fn fields(
        &mut self,
        kind: Kind,
        (old_message, old): (Message<'_>, &Field<'_>),
        (new_message, new): (Message<'_>, &Field<'_>),
    ) -> Result<(), Difference> {
        let child = kind.child(old.number).filter(|_| old.number == new.number);
        let messages = (old.message("message").ok(), new.message("message").ok());
        if let (Some(child), (Some(old), Some(new))) = (child, messages) {
            return self.messages(child, old, new);
        }
        if old.bytes == new.bytes {
            return Ok(());
        }
        let texts = |field: &Field<'_>| field.text("text").map(str::to_owned).unwrap_or_default();
        match (kind, old.number) {
            _ if old.number != new.number => return Err(self.differs(kind, "another field stands there")),
            (Kind::Entry, number::ENTRY_NAME) => self.same.table.renamed = self.same.table.renamed.saturating_add(1),
            (Kind::File, number::FILE_PATH) => self.same.table.paths.push((texts(old), texts(new))),
            (Kind::Reference, number::REFERENCE_NAME) => {
                let id = new_message.u32(number::REFERENCE_ID, "id of Reference").unwrap_or_default();
                self.same.references.insert(id, texts(new));
            }
            // The text beside a compiled reference, which no platform reads.
            (Kind::XmlAttribute, number::ATTRIBUTE_VALUE) if is_reference(old_message) && is_reference(new_message) => {
            }
            _ => return Err(self.differs(kind, "it has another value")),
        }
        Ok(())
    }

    /// Something that the second message has behind the end of the first.
    fn add(&mut self, kind: Kind, old: Message<'_>, field: &Field<'_>) -> Result<(), Difference> {
        let Ok(message) = field.message("message") else { return Err(self.differs(kind, "something was added")) };
        match (kind, kind.child(field.number)) {
            (Kind::Table, Some(Kind::Package)) if children(old, number::TABLE_PACKAGE).next().is_none() => {
                self.enter(Kind::Package, message);
                children(message, number::PACKAGE_TYPE).for_each(|kind| self.add_type(kind));
            }
            (Kind::Package, Some(Kind::Type)) => self.add_type(message),
            (Kind::Type, Some(Kind::Entry)) => self.add_entry(message),
            _ => return Err(self.differs(kind, "something was added")),
        }
        Ok(())
    }

    fn add_type(&mut self, message: Message<'_>) {
        self.enter(Kind::Type, message);
        children(message, number::TYPE_ENTRY).for_each(|entry| self.add_entry(entry));
    }

    fn add_entry(&mut self, entry: Message<'_>) {
        self.enter(Kind::Entry, entry);
        let values: Vec<Message<'_>> = children(entry, number::ENTRY_VALUE).collect();
        let path = |value: &Message<'_>| {
            let item =
                children(*value, number::CONFIG_VALUE).flat_map(|value| children(value, number::VALUE_ITEM)).next()?;
            match value::read(item) {
                Ok(Value::String(text)) => Some(text),
                _ => None,
            }
        };
        let text_of_only = match values.as_slice() {
            [value] => path(value),
            _ => None,
        };
        self.same.table.added.push(Added {
            id: self.id(),
            type_name: self.type_name.clone(),
            name: text(entry, number::ENTRY_NAME).to_owned(),
            text: text_of_only,
        });
    }

    /// Keeps where the comparison is. The first field of a package, a type and an entry is its id.
    fn enter(&mut self, kind: Kind, message: Message<'_>) {
        let id =
            children(message, number::ENTRY_ID).next().and_then(|id| id.u32(number::ID, "id").ok()).unwrap_or_default();
        let [package, type_id, index] = &mut self.place;
        match kind {
            Kind::Package => (*package, *type_id, *index) = (id, 0, 0),
            Kind::Type => {
                (*type_id, *index) = (id, 0);
                self.type_name = text(message, number::TYPE_NAME).to_owned();
            }
            Kind::Entry => *index = id,
            _ => {}
        }
    }

    const fn id(&self) -> u32 {
        let [package, type_id, index] = self.place;
        resource_id(package, type_id, index)
    }

    fn differs(&self, kind: Kind, what: &'static str) -> Difference {
        let place = match self.place {
            [0, 0, 0] => kind.name().to_owned(),
            _ => format!("{} of resource {:#010x}", kind.name(), self.id()),
        };
        Difference { place, what }
    }
}

fn is_reference(attribute: Message<'_>) -> bool {
    let item = children(attribute, number::ATTRIBUTE_ITEM).next();
    item.is_some_and(|item| children(item, number::ITEM_REFERENCE).next().is_some())
}
