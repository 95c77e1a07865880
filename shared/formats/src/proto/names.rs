//! References, which carry the name of an entry beside its id: the name follows when the entry gets another one.

use std::collections::HashMap;

use super::error::Error;
use super::rewrite::{Edit, rewrite};
use super::schema::{Kind, number};
use super::wire::{Field, Message};
use super::xml;
use crate::axml::Value;
use crate::limits::Limits;

/// The new names of entries, by resource id.
pub type NewNames = HashMap<u32, String>;

/// Gives references in a document the new names of what they refer to; `None` where there is none of those.
///
/// # Errors
/// Those of [`xml::read`].
pub(super) fn rename_in_document(bytes: &[u8], names: &NewNames, limits: &Limits) -> Result<Option<Vec<u8>>, Error> {
    // Reading it checks what the edit relies on, the depth above all.
    xml::read(bytes, limits)?;
    rewrite(Kind::XmlNode, Message::new(bytes), &mut Renaming::new(names))
}

/// Renames references by their ids.
pub(super) struct Renaming<'n> {
    names: &'n NewNames,
    /// The entry that the reference, or the attribute, in hand refers to.
    name: Option<&'n str>,
}

impl<'n> Renaming<'n> {
    pub(super) const fn new(names: &'n NewNames) -> Self {
        Self { names, name: None }
    }
}

impl<'a> Edit<'a> for Renaming<'_> {
    fn enter(&mut self, kind: Kind, message: Message<'a>) -> Result<(), Error> {
        let id = match kind {
            Kind::Reference => message.u32(number::REFERENCE_ID, "id of Reference")?,
            Kind::XmlAttribute => match xml::attribute(message)?.value {
                Value::Reference(id) | Value::Other { kind: 0x02 | 0x07 | 0x08, data: id } => id,
                _ => 0,
            },
            _ => return Ok(()),
        };
        self.name = self.names.get(&id).map(String::as_str);
        Ok(())
    }

    fn replace(&mut self, kind: Kind, field: &Field<'a>) -> Result<Option<Vec<u8>>, Error> {
        let Some(new) = self.name else { return Ok(None) };
        let old = match (kind, field.number) {
            (Kind::Reference, number::REFERENCE_NAME) => field.text("name of Reference")?,
            (Kind::XmlAttribute, number::ATTRIBUTE_VALUE) => field.text("value of XmlAttribute")?,
            _ => return Ok(None),
        };
        let is_text = kind == Kind::XmlAttribute;
        let has_name = |text: &str| text.strip_prefix(['@', '?']).is_some_and(|name| !name.starts_with("0x"));
        if is_text && !has_name(old) {
            return Ok(None);
        }
        // A text without a type is that of an attribute of the theme, `?colorPrimary`.
        let kept = old.rfind(['/', ':']).or(is_text.then_some(0));
        let kept = kept.map_or(0, |place| place.saturating_add(1));
        let kept = old.get(..kept).unwrap_or_default();
        Ok(Some(format!("{kept}{new}").into_bytes()).filter(|renamed| renamed != old.as_bytes()))
    }
}
