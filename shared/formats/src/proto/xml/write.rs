//! New nodes and attributes.

use std::collections::BTreeSet;

use super::super::error::Error;
use super::super::schema::number;
use super::super::value;
use super::super::wire::Writer;
use crate::axml::tree::{Attribute, Element, Node};
use crate::axml::{ANDROID_NAMESPACE, Value};

/// Writes what a tree says. The root declares the namespaces that the tree before it did not use.
pub(super) struct Writing {
    namespaces: Vec<Vec<u8>>,
}

impl Writing {
    pub(super) fn new(root: &Element, before: Option<&Element>) -> Self {
        let (mut known, mut used) = (BTreeSet::new(), BTreeSet::new());
        before.into_iter().for_each(|before| collect_namespaces(before, &mut known));
        collect_namespaces(root, &mut used);
        let declare = |(place, uri): (u32, &&str)| {
            let android = (*uri == ANDROID_NAMESPACE).then(|| "android".to_owned());
            let prefix = android.unwrap_or_else(|| format!("ns{place}"));
            let mut namespace = Writer::default();
            namespace.bytes(number::NAMESPACE_PREFIX, prefix).bytes(number::NAMESPACE_URI, uri).finish()
        };
        let new: Vec<&str> = used.difference(&known).copied().collect();
        Self { namespaces: (1..).zip(&new).map(declare).collect() }
    }

    /// An `XmlNode` with an element.
    pub(super) fn node(&self, element: &Element, is_root: bool) -> Result<Vec<u8>, Error> {
        let mut message = Writer::default();
        if is_root {
            self.declarations(&mut message);
        }
        if let Some(namespace) = &element.namespace {
            message.bytes(number::ELEMENT_NAMESPACE, namespace);
        }
        message.bytes(number::ELEMENT_NAME, &element.name);
        for written in element.attributes.iter().map(attribute) {
            message.bytes(number::ELEMENT_ATTRIBUTE, written?);
        }
        for child in &element.children {
            let child = match child {
                Node::Element(child) => self.node(child, false)?,
                Node::Text(text) => text_node(text),
            };
            message.bytes(number::ELEMENT_CHILD, child);
        }
        Ok(Writer::default().bytes(number::NODE_ELEMENT, message.finish()).finish())
    }

    /// The declarations that the root needs.
    pub(super) fn declarations(&self, element: &mut Writer) {
        for namespace in &self.namespaces {
            element.bytes(number::ELEMENT_NAMESPACE_DECLARATION, namespace);
        }
    }
}

/// An `XmlNode` with a text.
pub(super) fn text_node(text: &str) -> Vec<u8> {
    Writer::default().bytes(number::NODE_TEXT, text).finish()
}

pub(super) fn attribute(attribute: &Attribute) -> Result<Vec<u8>, Error> {
    let mut message = Writer::default();
    if let Some(namespace) = &attribute.namespace {
        message.bytes(number::ATTRIBUTE_NAMESPACE, namespace);
    }
    message.bytes(number::ATTRIBUTE_NAME, &attribute.name);
    let (text, item) = attribute_value(attribute)?;
    message.bytes(number::ATTRIBUTE_VALUE, text);
    if let Some(id) = attribute.resource_id {
        message.number(number::ATTRIBUTE_RESOURCE_ID, id);
    }
    if let Some(item) = item {
        message.bytes(number::ATTRIBUTE_ITEM, item);
    }
    Ok(message.finish())
}

/// The value of an attribute as text, and compiled. Text without a resource id is left uncompiled, as aapt2 leaves it.
pub(super) fn attribute_value(attribute: &Attribute) -> Result<(String, Option<Vec<u8>>), Error> {
    let item = || value::write(&attribute.value).map(Some);
    Ok(match &attribute.value {
        Value::String(text) => (text.clone(), if attribute.resource_id.is_some() { item()? } else { None }),
        other => (other.to_string(), item()?),
    })
}

fn collect_namespaces<'e>(element: &'e Element, namespaces: &mut BTreeSet<&'e str>) {
    let attributes = element.attributes.iter().filter_map(|attribute| attribute.namespace.as_deref());
    namespaces.extend(element.namespace.as_deref().into_iter().chain(attributes));
    element.elements().for_each(|child| collect_namespaces(child, namespaces));
}
