//! A document from front to back: everything that the platform's own reader reports of it.

use super::Document;
use super::chunk::Chunk;
use super::value::{self, Value};
use crate::strings::StringRef;

/// Something that the platform's reader reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// An element begins.
    Start(Name, Vec<Attribute>),
    /// The innermost open element ends.
    End,
    /// Text.
    Text(Value),
}

/// A name with the URI of its namespace, which is empty without one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    /// URI of the namespace.
    pub namespace: String,
    /// The name itself.
    pub local: String,
}

/// An attribute of an element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// Its name.
    pub name: Name,
    /// The resource id of its name, which is what the platform looks for.
    pub id: Option<u32>,
    /// Its value.
    pub value: Value,
}

impl Document {
    /// Everything in the document, in its order. Attributes keep the order of the file.
    pub fn walk(&self) -> impl Iterator<Item = Node> {
        self.body.iter().filter_map(|chunk| match chunk {
            Chunk::Start(id) => {
                let element = self.element(*id)?;
                let attributes = element.attributes.iter().map(|found| Attribute {
                    name: self.full_name(found.namespace, found.name),
                    id: self.resource_id(found),
                    value: self.value(found),
                });
                Some(Node::Start(self.full_name(element.namespace, element.name), attributes.collect()))
            }
            Chunk::End(_) => Some(Node::End),
            Chunk::Text(text) => Some(Node::Text(match text.value.kind {
                value::kind::STRING => Value::String(self.decode(StringRef(text.value.data))),
                0 => Value::String(self.decode(text.text)),
                kind => Value::of(kind, text.value.data),
            })),
            _ => None,
        })
    }

    fn full_name(&self, namespace: StringRef, local: StringRef) -> Name {
        Name { namespace: self.decode(namespace), local: self.decode(local) }
    }
}
