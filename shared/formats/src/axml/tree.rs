//! A document as a tree, for resources whose form is not known in advance: read it, change it, and build a document of it.
//!
//! The tree holds what a document says: elements, attributes and text. Line numbers and comments, which the platform does not look at,
//! stay behind; so do attributes' raw texts next to typed values.

use std::collections::{BTreeSet, HashMap};

use super::chunk::{Attribute as RawAttribute, Chunk, Element as RawElement, Namespace, Text as RawText, TypedValue};
use super::edit::{new_element, new_header};
use super::error::Error;
use super::name::ANDROID_NAMESPACE;
use super::value::{self, Value};
use super::{Document, ElementId};
use crate::chunk::size_u32;
use crate::strings::{Encoding, StringPool, StringRef};

/// An element with everything in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Element {
    /// Its namespace; almost always none.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
    /// Its attributes in their order.
    pub attributes: Vec<Attribute>,
    /// What stands in it, in order.
    pub children: Vec<Node>,
}

/// An attribute of an [`Element`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// Its namespace.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
    /// The resource id by which the platform knows the name.
    pub resource_id: Option<u32>,
    /// Its value.
    pub value: Value,
}

/// What stands in an [`Element`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// An element.
    Element(Element),
    /// Text, as it stands there with all white space.
    Text(String),
}

impl Element {
    /// An element without attributes and children.
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    /// Adds an attribute without a namespace.
    #[must_use]
    pub fn with(mut self, name: &str, value: Value) -> Self {
        self.set(name, value);
        self
    }

    /// Adds a child.
    #[must_use]
    pub fn child(mut self, child: Self) -> Self {
        self.children.push(Node::Element(child));
        self
    }

    /// Adds text.
    #[must_use]
    pub fn text(mut self, text: &str) -> Self {
        self.children.push(Node::Text(text.to_owned()));
        self
    }

    /// An attribute without a namespace.
    pub fn attribute(&self, name: &str) -> Option<&Value> {
        self.attributes.iter().find(|found| found.is_plain(name)).map(|found| &found.value)
    }

    /// Sets an attribute without a namespace and returns its value until now. A missing one becomes the last.
    pub fn set(&mut self, name: &str, value: Value) -> Option<Value> {
        if let Some(found) = self.attributes.iter_mut().find(|found| found.is_plain(name)) {
            return Some(std::mem::replace(&mut found.value, value));
        }
        self.attributes.push(Attribute { namespace: None, name: name.to_owned(), resource_id: None, value });
        None
    }

    /// Removes an attribute without a namespace and returns its value.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        let place = self.attributes.iter().position(|found| found.is_plain(name))?;
        Some(self.attributes.remove(place).value)
    }

    /// Puts the attributes of all elements into the order in which the platform looks for them, as [`Document::of_tree`] does.
    pub(crate) fn sort_attributes(&mut self) {
        self.attributes.sort_by_key(|attribute| rank(attribute.resource_id));
        self.elements_mut().for_each(Self::sort_attributes);
    }

    /// The children that are elements.
    pub fn elements(&self) -> impl Iterator<Item = &Self> {
        self.children.iter().filter_map(|child| match child {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    }

    /// The children that are elements, to be changed.
    pub fn elements_mut(&mut self) -> impl Iterator<Item = &mut Self> {
        self.children.iter_mut().filter_map(|child| match child {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    }
}

impl Attribute {
    fn is_plain(&self, name: &str) -> bool {
        self.namespace.is_none() && self.name == name
    }
}

impl Document {
    /// The document as a tree. Takes memory in proportion to what the document says, which `limit` bounds, in bytes of text: strings that
    /// lie over each other could make a small document say more than memory holds.
    pub fn to_tree(&self, limit: u64) -> Result<Element, Error> {
        let mut reading = Reading { document: self, left: limit };
        let mut open: Vec<Element> = Vec::new();
        for chunk in &self.body {
            match chunk {
                Chunk::Start(id) => open.push(reading.element(*id)?),
                Chunk::Text(text) => {
                    let text = reading.text(text.text)?;
                    open.last_mut().into_iter().for_each(|parent| parent.children.push(Node::Text(text.clone())));
                }
                Chunk::End(_) => {
                    let Some(element) = open.pop() else { continue };
                    match open.last_mut() {
                        Some(parent) => parent.children.push(Node::Element(element)),
                        None => return Ok(element),
                    }
                }
                _ => {}
            }
        }
        Err(Error::NoSuchElement)
    }

    /// A new document of a tree. Attributes with resource ids are put into the order in which the platform looks for them.
    pub fn of_tree(root: &Element) -> Result<Self, Error> {
        let mut building = Building::default();
        building.name_ids(root);
        let mut namespaces = BTreeSet::new();
        collect_namespaces(root, &mut namespaces);
        let namespaces: Vec<_> = (1_u32..).zip(namespaces).map(|(place, uri)| building.declare(place, uri)).collect();
        building.element(root)?;
        let Building { strings, resource_ids, elements, body: nodes, .. } = building;
        let mut pool = StringPool::empty(Encoding::Utf8);
        pool.extend(strings.iter().map(String::as_str))?;
        let mut body = vec![Chunk::Strings];
        if !resource_ids.is_empty() {
            body.push(Chunk::ResourceMap { header_extra: Vec::new() });
        }
        body.extend(namespaces.iter().cloned().map(Chunk::StartNamespace));
        body.extend(nodes);
        body.extend(namespaces.into_iter().rev().map(Chunk::EndNamespace));
        let (header_extra, trailing) = (Vec::new(), Vec::new());
        Ok(Self { original: None, header_extra, pool, resource_ids, elements, body, trailing })
    }
}

struct Reading<'d> {
    document: &'d Document,
    left: u64,
}

impl Reading<'_> {
    fn element(&mut self, id: ElementId) -> Result<Element, Error> {
        let element = self.document.element(id).ok_or(Error::NoSuchElement)?;
        let namespace = self.namespace(element.namespace)?;
        let name = self.text(element.name)?;
        let mut attributes = Vec::with_capacity(element.attributes.len());
        for attribute in &element.attributes {
            attributes.push(Attribute {
                namespace: self.namespace(attribute.namespace)?,
                name: self.text(attribute.name)?,
                resource_id: self.document.resource_id(attribute),
                value: match attribute.value.kind {
                    value::kind::STRING => Value::String(self.text(StringRef(attribute.value.data))?),
                    kind => Value::exactly(kind, attribute.value.data),
                },
            });
        }
        Ok(Element { namespace, name, attributes, children: Vec::new() })
    }

    fn namespace(&mut self, string: StringRef) -> Result<Option<String>, Error> {
        string.index().map(|_| self.text(string)).transpose()
    }

    fn text(&mut self, string: StringRef) -> Result<String, Error> {
        let text = self.document.decode(string);
        self.left =
            self.left.checked_sub(crate::reader::widen(text.len())).ok_or(Error::Full { what: "byte of text" })?;
        Ok(text)
    }
}

/// The place of an attribute among others: the platform searches by resource id; names without one come last.
const fn rank(resource_id: Option<u32>) -> (bool, Option<u32>) {
    (resource_id.is_none(), resource_id)
}

/// Resource id of `android:id`.
const ID: u32 = 0x0101_00d0;

fn collect_namespaces<'e>(element: &'e Element, namespaces: &mut BTreeSet<&'e str>) {
    let attributes = element.attributes.iter().filter_map(|attribute| attribute.namespace.as_deref());
    namespaces.extend(element.namespace.as_deref().into_iter().chain(attributes));
    element.elements().for_each(|child| collect_namespaces(child, namespaces));
}

/// The parts of a new document.
#[derive(Default)]
struct Building {
    strings: Vec<String>,
    /// Where a string stands. Names with a resource id stand apart: an id belongs to one place in the pool.
    known: HashMap<(String, Option<u32>), u32>,
    resource_ids: Vec<u32>,
    elements: Vec<RawElement>,
    body: Vec<Chunk>,
}

impl Building {
    /// The names with resource ids are the first strings.
    fn name_ids(&mut self, element: &Element) {
        for attribute in &element.attributes {
            if let Some(id) = attribute.resource_id {
                let known = self.known.len();
                self.place(&attribute.name, Some(id));
                if self.known.len() > known {
                    self.resource_ids.push(id);
                }
            }
        }
        element.elements().for_each(|child| self.name_ids(child));
    }

    fn declare(&mut self, place: u32, uri: &str) -> Namespace {
        let prefix = if uri == ANDROID_NAMESPACE { "android".to_owned() } else { format!("ns{place}") };
        let (prefix, uri) = (self.string(&prefix), self.string(uri));
        Namespace { header: new_header(1), prefix, uri, tail: Vec::new() }
    }

    fn element(&mut self, element: &Element) -> Result<(), Error> {
        let name = self.string(&element.name);
        let namespace = self.namespace(element.namespace.as_deref());
        let (mut start, mut end) = new_element(name, 1);
        (start.namespace, end.namespace) = (namespace, namespace);
        for attribute in &element.attributes {
            start.attributes.push(self.attribute(attribute)?);
        }
        start.attributes.sort_by_key(|attribute| {
            let id = attribute.name.index().and_then(|name| self.resource_ids.get(crate::chunk::index(name)));
            rank(id.copied())
        });
        start.special = self.special(&start.attributes)?;
        self.body.push(Chunk::Start(ElementId(self.elements.len())));
        self.elements.push(start);
        for child in &element.children {
            match child {
                Node::Element(child) => self.element(child)?,
                Node::Text(text) => {
                    let text = self.string(text);
                    let value = TypedValue { size: 8, reserved: 0, kind: 0, data: 0 };
                    self.body.push(Chunk::Text(RawText { header: new_header(1), text, value, tail: Vec::new() }));
                }
            }
        }
        self.body.push(Chunk::End(end));
        Ok(())
    }

    /// The one-based places of the attributes `android:id`, `class` and `style`; 0 for none.
    fn special(&self, attributes: &[RawAttribute]) -> Result<[u16; 3], Error> {
        let names = [("id", Some(ID)), ("class", None), ("style", None)];
        let names = names.map(|(name, id)| self.known.get(&(name.to_owned(), id)).copied());
        let mut places = [0; 3];
        for (attribute, count) in attributes.iter().zip(1_usize..) {
            let count = u16::try_from(count).map_err(|_| Error::Full { what: "attribute" })?;
            for (place, name) in places.iter_mut().zip(names) {
                if name == Some(attribute.name.0) {
                    *place = count;
                }
            }
        }
        Ok(places)
    }

    fn attribute(&mut self, attribute: &Attribute) -> Result<RawAttribute, Error> {
        let text = match &attribute.value {
            Value::String(text) => Some(self.string(text)),
            _ => None,
        };
        Ok(RawAttribute {
            namespace: self.namespace(attribute.namespace.as_deref()),
            name: self.place(&attribute.name, attribute.resource_id),
            raw: text.unwrap_or(StringRef::NONE),
            value: attribute.value.typed(text)?,
            extra: Vec::new(),
        })
    }

    fn namespace(&mut self, namespace: Option<&str>) -> StringRef {
        namespace.map_or(StringRef::NONE, |namespace| self.string(namespace))
    }

    fn string(&mut self, text: &str) -> StringRef {
        self.place(text, None)
    }

    fn place(&mut self, text: &str, resource_id: Option<u32>) -> StringRef {
        let strings = &mut self.strings;
        let place = self.known.entry((text.to_owned(), resource_id)).or_insert_with(|| {
            strings.push(text.to_owned());
            size_u32(strings.len().saturating_sub(1))
        });
        StringRef(*place)
    }
}
