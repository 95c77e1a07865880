//! Documents whose attributes may have other values.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::super::super::schema::{Kind, number};
use super::super::super::value::{self, Parts};
use super::super::super::wire::{Field, Message};
use super::super::super::xml;
use super::Comparison;
use crate::arsc::Difference;
use crate::axml::Value;
use crate::axml::tree::Attribute;

/// What an attribute that is new has; where it stands in a source file is not known.
const NEW: [u32; 5] = [
    number::ATTRIBUTE_NAMESPACE,
    number::ATTRIBUTE_NAME,
    number::ATTRIBUTE_VALUE,
    number::ATTRIBUTE_RESOURCE_ID,
    number::ATTRIBUTE_ITEM,
];

/// What tells attributes apart: namespace, name and resource id.
type Key = (Option<String>, String, Option<u32>);

/// The fields of an element, by what is compared of them.
#[derive(Default)]
struct ElementFields<'a> {
    attributes: Vec<Message<'a>>,
    children: Vec<Message<'a>>,
    others: Vec<Field<'a>>,
}

/// A comparison of two documents.
#[derive(Default)]
pub(super) struct Documents {
    pub(super) comparison: Comparison,
    /// Namespaces of elements and attributes of the first document.
    before: BTreeSet<String>,
    /// Those of attributes that are new.
    added: BTreeSet<String>,
    /// Those that the second document declares and the first does not.
    declared: Vec<String>,
}

impl Documents {
    pub(super) fn compare(&mut self, old: Message<'_>, new: Message<'_>) -> Result<(), Difference> {
        self.node(old, new, true)?;
        match self.declared.iter().all(|uri| self.added.contains(uri) && !self.before.contains(uri)) {
            true => Ok(()),
            false => Err(self.differs(Kind::XmlElement, "it declares namespaces that nothing new needs")),
        }
    }

    /// The depth was bounded when the documents were read.
    fn node(&mut self, old: Message<'_>, new: Message<'_>, is_root: bool) -> Result<(), Difference> {
        let [olds, news] = [self.fields_of(Kind::XmlNode, old)?, self.fields_of(Kind::XmlNode, new)?];
        if olds.len() != news.len() {
            return Err(self.differs(Kind::XmlNode, "something was added or is gone"));
        }
        for (old, new) in olds.iter().zip(&news) {
            match (element(old), element(new)) {
                (Some(old), Some(new)) => self.element(old, new, is_root)?,
                _ if old.bytes == new.bytes => {}
                _ => return Err(self.differs(Kind::XmlNode, "it has another value")),
            }
        }
        Ok(())
    }

    /// A new root declares the namespaces that its document did not need before.
    fn element(&mut self, old: Message<'_>, new: Message<'_>, is_root: bool) -> Result<(), Difference> {
        let [olds, news] = [self.parts_of(old)?, self.parts_of(new)?];
        let declared = news.others.len().saturating_sub(olds.others.len());
        let (declared, others) = news.others.split_at_checked(declared).unwrap_or_default();
        let same = olds.others.iter().map(|field| field.bytes).eq(others.iter().map(|field| field.bytes));
        let declared = declared.iter().map(|field| declared_by(field).filter(|_| is_root));
        let Some(declared) = declared.collect::<Option<Vec<_>>>().filter(|_| same) else {
            return Err(self.differs(Kind::XmlElement, "it has other fields"));
        };
        self.declared.extend(declared);
        let namespace = old.text(number::ELEMENT_NAMESPACE, "namespace of XmlElement").unwrap_or_default();
        self.before.insert(namespace.to_owned());
        self.attributes(&olds.attributes, &news.attributes)?;
        if olds.children.len() != news.children.len() {
            return Err(self.differs(Kind::XmlElement, "something was added or is gone"));
        }
        olds.children.iter().zip(&news.children).try_for_each(|(old, new)| self.node(*old, *new, false))
    }

    /// Those that stay keep their order, and new ones stand behind them.
    fn attributes(&mut self, olds: &[Message<'_>], news: &[Message<'_>]) -> Result<(), Difference> {
        let mut left = BTreeMap::<Key, VecDeque<(usize, Message<'_>, Attribute)>>::new();
        for (place, message) in olds.iter().enumerate() {
            let attribute = self.attribute(*message)?;
            self.before.extend(attribute.namespace.clone());
            left.entry(key(&attribute)).or_default().push_back((place, *message, attribute));
        }
        let mut next = 0;
        for message in news {
            let is = self.attribute(*message)?;
            match left.get_mut(&key(&is)).and_then(VecDeque::pop_front) {
                Some((place, ..)) if place < next => {
                    return Err(self.differs(Kind::XmlAttribute, "it stands elsewhere"));
                }
                Some((place, old, was)) => {
                    next = place.saturating_add(1);
                    match was == is {
                        true => self.comparison.messages(Kind::XmlAttribute, old, *message)?,
                        false => self.changed(old, *message, &is)?,
                    }
                }
                None => {
                    next = usize::MAX;
                    self.new_attribute(*message, &is)?;
                }
            }
        }
        Ok(())
    }

    fn attribute(&self, message: Message<'_>) -> Result<Attribute, Difference> {
        xml::attribute(message).map_err(|_| self.differs(Kind::XmlAttribute, "it cannot be read"))
    }

    /// An attribute with another value.
    fn changed(&self, old: Message<'_>, new: Message<'_>, is: &Attribute) -> Result<(), Difference> {
        let beside = |message| -> Result<Vec<&[u8]>, Difference> {
            let fields = self.fields_of(Kind::XmlAttribute, message)?;
            let is_value =
                |field: &Field<'_>| [number::ATTRIBUTE_VALUE, number::ATTRIBUTE_ITEM].contains(&field.number);
            Ok(fields.into_iter().filter(|field| !is_value(field)).map(|field| field.bytes).collect())
        };
        if beside(old)? != beside(new)? {
            return Err(self.differs(Kind::XmlAttribute, "it has other fields"));
        }
        self.value(Some(old), new, is)
    }

    fn new_attribute(&mut self, new: Message<'_>, is: &Attribute) -> Result<(), Difference> {
        self.added.extend(is.namespace.clone());
        let fields = self.fields_of(Kind::XmlAttribute, new)?;
        match fields.iter().all(|field| NEW.contains(&field.number)) {
            true => self.value(None, new, is),
            false => Err(self.differs(Kind::XmlAttribute, "it has fields that are not known")),
        }
    }

    /// Text and compiled form of a new value: they say the same, and nothing besides but what was said of a value of the same kind.
    fn value(&self, old: Option<Message<'_>>, new: Message<'_>, is: &Attribute) -> Result<(), Difference> {
        let refused = |what| self.differs(Kind::XmlAttribute, what);
        let says = match &is.value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        if new.text(number::ATTRIBUTE_VALUE, "value of XmlAttribute").ok() != Some(says.as_str()) {
            return Err(refused("text and compiled value say different things"));
        }
        let parts = |item| Parts::of(item).map_err(|_| refused("its value cannot be read"));
        let Some(new) = item(new).map(parts).transpose()? else { return Ok(()) };
        let plain = value::write(&is.value).ok().and_then(|item| Parts::of(Message::new(&item)).ok());
        let was = old.and_then(item).map(parts).transpose()?.filter(|was| was.kind == new.kind);
        let unknown = was.map(|was| (was.unknown, was.unknown_in_value)).unwrap_or_default();
        match plain.is_some_and(|plain| plain.known == new.known) && (new.unknown, new.unknown_in_value) == unknown {
            true => Ok(()),
            false => Err(refused("its compiled value has other fields")),
        }
    }

    fn parts_of<'a>(&self, element: Message<'a>) -> Result<ElementFields<'a>, Difference> {
        let mut parts = ElementFields::default();
        for field in self.fields_of(Kind::XmlElement, element)? {
            match (field.number, field.message("message")) {
                (number::ELEMENT_ATTRIBUTE, Ok(message)) => parts.attributes.push(message),
                (number::ELEMENT_CHILD, Ok(message)) => parts.children.push(message),
                _ => parts.others.push(field),
            }
        }
        Ok(parts)
    }

    fn differs(&self, kind: Kind, what: &'static str) -> Difference {
        self.comparison.differs(kind, what)
    }

    fn fields_of<'a>(&self, kind: Kind, message: Message<'a>) -> Result<Vec<Field<'a>>, Difference> {
        message.fields().collect::<Result<_, _>>().map_err(|_| self.differs(kind, "it cannot be read"))
    }
}

fn key(attribute: &Attribute) -> Key {
    (attribute.namespace.clone(), attribute.name.clone(), attribute.resource_id)
}

/// The compiled value of an attribute.
fn item(attribute: Message<'_>) -> Option<Message<'_>> {
    attribute.message(number::ATTRIBUTE_ITEM, "compiled_item of XmlAttribute").ok().flatten()
}

fn element<'a>(field: &Field<'a>) -> Option<Message<'a>> {
    field.message("element of XmlNode").ok().filter(|_| field.number == number::NODE_ELEMENT)
}

/// The namespace that a field of an element declares; `None` for one that says more than prefix and namespace, or is none.
fn declared_by(field: &Field<'_>) -> Option<String> {
    let declaration =
        field.message("namespace").ok().filter(|_| field.number == number::ELEMENT_NAMESPACE_DECLARATION)?;
    let prefix = declaration.text(number::NAMESPACE_PREFIX, "prefix of XmlNamespace").ok()?;
    let uri = declaration.text(number::NAMESPACE_URI, "URI of XmlNamespace").ok()?;
    let is_whole = declaration.fields().count() == 2 && !prefix.is_empty();
    Some(uri.to_owned()).filter(|uri| is_whole && !uri.is_empty())
}
