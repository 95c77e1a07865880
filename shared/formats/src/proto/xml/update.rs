//! A document changed to what a tree says: both trees and the messages of the first are walked side by side.
//!
//! What nobody here knows goes with what it is about. It stays where an element gets other attributes or children, where an attribute gets
//! another value, and in a compiled value that becomes another one of the same kind. It is dropped with a node or an attribute that goes,
//! with a text that becomes another, and with a compiled value that becomes one of another kind (a number that becomes a reference): what
//! was said of the old one need not hold for the new one.

use std::collections::{BTreeMap, VecDeque};
use std::ops::RangeInclusive;

use super::super::error::Error;
use super::super::schema::number;
use super::super::value;
use super::super::wire::{Field, Message, Writer};
use super::read;
use super::write::{self, Writing, attribute_value, text_node};
use crate::axml::tree::{Attribute, Element, Node};

/// How many nodes are looked at for the one that another node was.
const WINDOW: usize = 64;

/// The root's node. `before` is what it says, `after` what it shall say.
pub(super) fn root(node: Message<'_>, before: &Element, after: &Element) -> Result<Vec<u8>, Error> {
    match is_same_element(before, after) {
        true => Update { writing: Writing::new(after, Some(before)) }.node(node, before, after, true),
        false => Writing::new(after, None).node(after, true),
    }
}

fn is_same_element(before: &Element, after: &Element) -> bool {
    (&before.namespace, &before.name) == (&after.namespace, &after.name)
}

struct Update {
    writing: Writing,
}

impl Update {
    /// A node whose element changes.
    fn node(&self, node: Message<'_>, before: &Element, after: &Element, is_root: bool) -> Result<Vec<u8>, Error> {
        let mut written = Writer::default();
        for field in node.fields() {
            let field = field?;
            match field.number {
                number::NODE_ELEMENT => {
                    let element = field.message("element of XmlNode")?;
                    written.bytes(number::NODE_ELEMENT, self.element(element, before, after, is_root)?);
                }
                _ => {
                    written.raw(field.bytes);
                }
            }
        }
        Ok(written.finish())
    }

    /// Every field stays where it stood. New attributes come behind those that were there, and new children among the children.
    fn element(
        &self,
        message: Message<'_>,
        before: &Element,
        after: &Element,
        is_root: bool,
    ) -> Result<Vec<u8>, Error> {
        let mut written = Writer::default();
        if is_root {
            self.writing.declarations(&mut written);
        }
        let fields = message.fields().collect::<Result<Vec<_>, _>>()?;
        let end_of_attributes = end_of(&fields, number::ELEMENT_NAMESPACE_DECLARATION..=number::ELEMENT_ATTRIBUTE);
        let end_of_children = end_of(&fields, number::ELEMENT_CHILD..=number::ELEMENT_CHILD).max(end_of_attributes);
        let mut attributes = Attributes::new(&after.attributes);
        let mut children = Children::new(&before.children, &after.children);
        for (place, field) in fields.iter().map(Some).chain([None]).enumerate() {
            if place == end_of_attributes {
                for attribute in attributes.left() {
                    written.bytes(number::ELEMENT_ATTRIBUTE, write::attribute(attribute)?);
                }
            }
            if place == end_of_children {
                self.new_children(&children.rest, &mut written)?;
            }
            let Some(field) = field else { break };
            match field.number {
                number::ELEMENT_ATTRIBUTE => attributes.update(field, &mut written)?,
                number::ELEMENT_CHILD => {
                    let Some(child) = children.were.next() else { continue };
                    self.new_children(&child.new, &mut written)?;
                    let Some(is) = child.is else { continue };
                    self.child(field, child.was, is, &mut written)?;
                }
                _ => drop(written.raw(field.bytes)),
            }
        }
        Ok(written.finish())
    }

    fn new_children(&self, nodes: &[&Node], written: &mut Writer) -> Result<(), Error> {
        for node in nodes {
            written.bytes(number::ELEMENT_CHILD, self.new_node(node)?);
        }
        Ok(())
    }

    fn child(&self, field: &Field<'_>, was: &Node, is: &Node, written: &mut Writer) -> Result<(), Error> {
        match (was, is) {
            (was, is) if was == is => {
                written.raw(field.bytes);
            }
            (Node::Element(was), Node::Element(is)) => {
                let node = self.node(field.message("child of XmlElement")?, was, is, false)?;
                written.bytes(number::ELEMENT_CHILD, node);
            }
            (_, is) => {
                written.bytes(number::ELEMENT_CHILD, self.new_node(is)?);
            }
        }
        Ok(())
    }

    fn new_node(&self, node: &Node) -> Result<Vec<u8>, Error> {
        match node {
            Node::Element(element) => self.writing.node(element, false),
            Node::Text(text) => Ok(text_node(text)),
        }
    }
}

/// How many fields there are up to the last one with one of these numbers.
fn end_of(fields: &[Field<'_>], numbers: RangeInclusive<u32>) -> usize {
    let last = fields.iter().rposition(|field| numbers.contains(&field.number));
    last.map_or(0, |last| last.saturating_add(1))
}

/// What becomes of the children of an element. Those that stay keep their order.
struct Children<'t> {
    were: std::vec::IntoIter<Child<'t>>,
    /// The new ones behind all that were there.
    rest: Vec<&'t Node>,
}

/// What becomes of a child.
struct Child<'t> {
    was: &'t Node,
    /// `None` for one that goes.
    is: Option<&'t Node>,
    /// The new ones in front of it.
    new: Vec<&'t Node>,
}

impl<'t> Children<'t> {
    /// A node that is like none of those to come is new.
    fn new(before: &'t [Node], after: &'t [Node]) -> Self {
        let same_end = before.iter().rev().zip(after.iter().rev()).take_while(|(old, new)| old == new).count();
        let mut were: Vec<_> = before.iter().map(|was| Child { was, is: None, new: Vec::new() }).collect();
        let (changing, same) = were.split_at_mut(before.len().saturating_sub(same_end));
        let (changed, same_now) = after.split_at(after.len().saturating_sub(same_end));
        let (mut old, mut rest) = (changing.iter_mut().collect::<VecDeque<_>>(), Vec::new());
        for new in changed {
            let window = || old.iter().take(WINDOW);
            let found = window().position(|child| child.was == new);
            let found = found.or_else(|| window().position(|child| is_alike(child.was, new)));
            match found.and_then(|place| old.drain(..=place).next_back()) {
                Some(child) => (child.is, child.new) = (Some(new), std::mem::take(&mut rest)),
                None => rest.push(new),
            }
        }
        for (child, is) in same.iter_mut().zip(same_now) {
            (child.is, child.new) = (Some(is), std::mem::take(&mut rest));
        }
        Self { were: were.into_iter(), rest }
    }
}

fn is_alike(old: &Node, new: &Node) -> bool {
    matches!((old, new), (Node::Element(old), Node::Element(new)) if is_same_element(old, new))
}

/// The attributes that an element shall have, and which of them are not written yet.
struct Attributes<'t>(BTreeMap<Key, VecDeque<(usize, &'t Attribute)>>);

/// What tells attributes apart: namespace, name and resource id.
type Key = (Option<String>, String, Option<u32>);

fn key(attribute: &Attribute) -> Key {
    (attribute.namespace.clone(), attribute.name.clone(), attribute.resource_id)
}

impl<'t> Attributes<'t> {
    fn new(wanted: &'t [Attribute]) -> Self {
        let mut attributes = BTreeMap::<_, VecDeque<_>>::new();
        for (place, attribute) in wanted.iter().enumerate() {
            attributes.entry(key(attribute)).or_default().push_back((place, attribute));
        }
        Self(attributes)
    }

    /// Writes an attribute that stays, with the value that it has from now on.
    fn update(&mut self, field: &Field<'_>, written: &mut Writer) -> Result<(), Error> {
        let message = field.message("attribute of XmlElement")?;
        let was = read::attribute(message)?;
        let Some((_, is)) = self.0.get_mut(&key(&was)).and_then(VecDeque::pop_front) else { return Ok(()) };
        if was == *is {
            written.raw(field.bytes);
            return Ok(());
        }
        written.bytes(number::ELEMENT_ATTRIBUTE, with_value(message, is)?);
        Ok(())
    }

    /// The attributes that were not there, in the order in which they are wanted.
    fn left(&mut self) -> impl Iterator<Item = &'t Attribute> + use<'t> {
        let left: BTreeMap<usize, &Attribute> = std::mem::take(&mut self.0).into_values().flatten().collect();
        left.into_values()
    }
}

/// An attribute with another value: all else that it says stays.
fn with_value(message: Message<'_>, is: &Attribute) -> Result<Vec<u8>, Error> {
    let (text, item) = attribute_value(is)?;
    let (mut text, mut item) = (Some(text), item);
    let mut changed = Writer::default();
    for field in message.fields() {
        let field = field?;
        match field.number {
            number::ATTRIBUTE_VALUE => {
                text.take().map(|text| changed.bytes(field.number, text));
            }
            number::ATTRIBUTE_ITEM => {
                if let Some(item) = item.take() {
                    let was = field.message("compiled_item of XmlAttribute")?;
                    changed.bytes(field.number, value::with_unknown_of(was, item)?);
                }
            }
            _ => drop(changed.raw(field.bytes)),
        }
    }
    text.map(|text| changed.bytes(number::ATTRIBUTE_VALUE, text));
    item.map(|item| changed.bytes(number::ATTRIBUTE_ITEM, item));
    Ok(changed.finish())
}
