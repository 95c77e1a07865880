//! XML documents in protobuf form, the manifest among them, as the same trees that binary documents give.
//!
//! What a tree says is what aapt2 makes of the document when it converts the bundle to packages: a compiled value counts before the text
//! of an attribute, references are their ids. An edit is made on the tree; [`rewrite`] then changes what differs and keeps all other bytes.

mod read;
mod update;
mod write;

pub(super) use read::attribute;

use super::error::Error;
use super::names::{self, NewNames};
use super::schema::number;
use super::wire::Message;
use crate::axml::tree::Element;
use crate::limits::Limits;
use crate::reader::widen;

/// Reads a document.
///
/// # Errors
/// Bytes that are no sound document, are longer than [`Limits::document_bytes`], or have more nodes and attributes than [`Limits::values`].
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Element, Error> {
    let message = checked(bytes, limits)?;
    read::Reading::new(limits).root(message)
}

/// A new document.
pub fn write(root: &Element) -> Result<Vec<u8>, Error> {
    let writing = write::Writing::new(root, None);
    writing.node(root, true)
}

/// The document `bytes`, changed to say what `root` says: elements, attributes and texts that say the same keep their bytes, and elements
/// and attributes that change keep the fields that are not known, those in a compiled value while it is of the same kind. The order of
/// attributes says nothing: those that stay keep the one that they have, whatever order `root` has.
pub fn rewrite(bytes: &[u8], root: &Element, limits: &Limits) -> Result<Vec<u8>, Error> {
    let message = checked(bytes, limits)?;
    let (mut before, mut after) = (read::Reading::new(limits).root(message)?, root.clone());
    before.sort_attributes();
    after.sort_attributes();
    if before == after {
        return Ok(bytes.to_vec());
    }
    update::root(message, &before, &after)
}

/// Gives references the new names of what they refer to; `None` where the document has none of those.
pub fn rename_references(bytes: &[u8], names: &NewNames, limits: &Limits) -> Result<Option<Vec<u8>>, Error> {
    names::rename_in_document(bytes, names, limits)
}

fn checked<'a>(bytes: &'a [u8], limits: &Limits) -> Result<Message<'a>, Error> {
    let (length, limit) = (widen(bytes.len()), limits.document_bytes);
    if length > limit { Err(Error::TooLarge { length, limit }) } else { Ok(Message::new(bytes)) }
}

/// What an `XmlNode` holds.
enum Node<'a> {
    Element(Message<'a>),
    Text(&'a str),
}

impl<'a> Node<'a> {
    fn of(node: Message<'a>) -> Result<Self, Error> {
        let element = node.message(number::NODE_ELEMENT, "element of XmlNode")?;
        let text = node.field(number::NODE_TEXT, "text of XmlNode")?;
        match (element, text) {
            (Some(element), None) => Ok(Self::Element(element)),
            (None, Some(text)) => Ok(Self::Text(text.text("text of XmlNode")?)),
            (element, _) => {
                let defect = if element.is_some() { "is both element and text" } else { "is neither element nor text" };
                Err(Error::Invalid { field: "XmlNode", offset: node.offset(), defect })
            }
        }
    }
}
