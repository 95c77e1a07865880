//! From messages to a tree.

use super::super::error::Error;
use super::super::schema::number;
use super::super::value;
use super::super::wire::Message;
use super::Node;
use crate::axml::Value;
use crate::axml::tree::{self, Attribute, Element};
use crate::limits::Limits;

/// What a document may still ask for.
pub(super) struct Reading<'l> {
    limits: &'l Limits,
    depth: u32,
    count: u64,
}

impl<'l> Reading<'l> {
    pub(super) const fn new(limits: &'l Limits) -> Self {
        Self { limits, depth: 0, count: 0 }
    }

    pub(super) fn root(mut self, node: Message<'_>) -> Result<Element, Error> {
        match Node::of(node)? {
            Node::Element(element) => self.element(element),
            Node::Text(_) => Err(Error::Invalid {
                field: "XmlNode",
                offset: node.offset(),
                defect: "is text, and should be the root",
            }),
        }
    }

    fn element(&mut self, message: Message<'_>) -> Result<Element, Error> {
        self.depth = self.depth.saturating_add(1);
        let (offset, limit) = (message.offset(), self.limits.depth);
        if self.depth > limit {
            return Err(Error::TooDeep { message: "XmlElement", offset, limit });
        }
        let mut element = Element {
            namespace: optional(message.text(number::ELEMENT_NAMESPACE, "namespace of XmlElement")?),
            name: message.text(number::ELEMENT_NAME, "name of XmlElement")?.to_owned(),
            ..Element::default()
        };
        for field in message.fields() {
            let field = field?;
            match field.number {
                number::ELEMENT_ATTRIBUTE => {
                    self.count("attribute", field.offset)?;
                    element.attributes.push(attribute(field.message("attribute of XmlElement")?)?);
                }
                number::ELEMENT_CHILD => {
                    self.count("node", field.offset)?;
                    element.children.push(match Node::of(field.message("child of XmlElement")?)? {
                        Node::Element(child) => tree::Node::Element(self.element(child)?),
                        Node::Text(text) => tree::Node::Text(text.to_owned()),
                    });
                }
                number::ELEMENT_NAMESPACE_DECLARATION => {
                    self.count("namespace", field.offset)?;
                    namespace(field.message("namespace of XmlElement")?)?;
                }
                _ => {}
            }
        }
        self.depth = self.depth.saturating_sub(1);
        Ok(element)
    }

    fn count(&mut self, what: &'static str, offset: u64) -> Result<(), Error> {
        self.count = self.count.saturating_add(1);
        let limit = self.limits.values;
        if self.count > limit { Err(Error::TooMany { what, offset, limit }) } else { Ok(()) }
    }
}

/// Checks a declaration, of which only the writer makes use.
fn namespace(message: Message<'_>) -> Result<(), Error> {
    message.text(number::NAMESPACE_PREFIX, "prefix of XmlNamespace")?;
    message.text(number::NAMESPACE_URI, "URI of XmlNamespace")?;
    Ok(())
}

pub(in super::super) fn attribute(message: Message<'_>) -> Result<Attribute, Error> {
    let text = message.text(number::ATTRIBUTE_VALUE, "value of XmlAttribute")?;
    let resource_id = message.u32(number::ATTRIBUTE_RESOURCE_ID, "resource_id of XmlAttribute")?;
    Ok(Attribute {
        namespace: optional(message.text(number::ATTRIBUTE_NAMESPACE, "namespace of XmlAttribute")?),
        name: message.text(number::ATTRIBUTE_NAME, "name of XmlAttribute")?.to_owned(),
        resource_id: Some(resource_id).filter(|id| *id != 0),
        value: match message.message(number::ATTRIBUTE_ITEM, "compiled_item of XmlAttribute")? {
            Some(item) => value::read(item)?,
            None => Value::String(text.to_owned()),
        },
    })
}

fn optional(text: &str) -> Option<String> {
    Some(text).filter(|text| !text.is_empty()).map(str::to_owned)
}
