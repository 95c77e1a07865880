//! Edits. Each one checks first and changes afterwards.

use super::chunk::{Attribute, Chunk, Element, ElementEnd, Namespace, NodeHeader, TypedValue};
use super::error::Error;
use super::name::{ANDROID_NAMESPACE, AndroidAttribute};
use super::value::Value;
use super::{Document, ElementId};
use crate::chunk::size_u32;
use crate::strings::{Encoding, StringPool, StringRef};

impl Document {
    /// A new document of one root element without attributes.
    pub fn new(root: &str) -> Result<Self, Error> {
        let mut pool = StringPool::empty(Encoding::Utf16);
        let (start, end) = new_element(StringRef(pool.push(root)?), 1);
        Ok(Self {
            original: None,
            header_extra: Vec::new(),
            pool,
            resource_ids: Vec::new(),
            elements: vec![start],
            body: vec![Chunk::Strings, Chunk::Start(ElementId(0)), Chunk::End(end)],
            trailing: Vec::new(),
        })
    }

    /// Sets an attribute of the `android:` namespace so that the platform finds it, and returns the value it had.
    ///
    /// A missing one goes where its resource id belongs. A spelling that has no resource id, which the platform would not
    /// find, is replaced; of several with the same id only the first, which is the one that counts, remains.
    pub fn set_attribute(
        &mut self,
        element: ElementId,
        attribute: AndroidAttribute,
        value: Value,
    ) -> Result<Option<Value>, Error> {
        self.check_room(element)?;
        self.check_sorted(element)?;
        let before = self.attribute(element, attribute);
        let has_id = |found: &Attribute| self.resource_id(found) == Some(attribute.id);
        let place = match self.attributes(element).iter().position(has_id) {
            Some(place) => {
                let (raw, value) = self.encode(value)?;
                self.overwrite(element, place, raw, value)
            }
            None => self.insert_attribute(element, attribute, value)?,
        };
        self.remove_spellings(element, attribute, Some(place));
        self.original = None;
        Ok(before)
    }

    /// Sets an attribute without a namespace, and returns the value it had. A missing one becomes the last.
    pub fn set_plain_attribute(
        &mut self,
        element: ElementId,
        name: &str,
        value: Value,
    ) -> Result<Option<Value>, Error> {
        self.check_room(element)?;
        let before = self.plain_attribute(element, name);
        let (raw, value) = self.encode(value)?;
        if let Some(place) = self.attributes(element).iter().position(|found| self.is_plain(found, name)) {
            self.overwrite(element, place, raw, value);
        } else {
            // A name among the first strings of the pool would be taken for the resource id that the map gives it.
            let name = self.string(name, size_u32(self.resource_ids.len()))?;
            let namespace = StringRef::NONE;
            self.insert_at(element, None, Attribute { namespace, name, raw, value, extra: Vec::new() });
        }
        self.original = None;
        Ok(before)
    }

    /// Removes an attribute of the `android:` namespace in every spelling, and returns the value it had.
    pub fn remove_attribute(
        &mut self,
        element: ElementId,
        attribute: AndroidAttribute,
    ) -> Result<Option<Value>, Error> {
        self.span(element)?;
        let before = self.attribute(element, attribute);
        if self.remove_spellings(element, attribute, None) {
            self.original = None;
        }
        Ok(before)
    }

    /// Adds an element without attributes as the last child of `parent`.
    pub fn insert_child(&mut self, parent: ElementId, name: &str) -> Result<ElementId, Error> {
        let (_, parent_end) = self.span(parent)?;
        let line = self.element(parent).map_or(1, |parent| parent.header.line);
        let (start, end) = new_element(self.string(name, 0)?, line);
        let id = ElementId(self.elements.len());
        self.elements.push(start);
        self.body.splice(parent_end..parent_end, [Chunk::Start(id), Chunk::End(end)]);
        self.original = None;
        Ok(id)
    }

    /// Removes an element with everything in it. Its strings stay in the pool.
    pub fn remove_element(&mut self, element: ElementId) -> Result<(), Error> {
        let (start, end) = self.span(element)?;
        if self.root() == Some(element) {
            return Err(Error::RootElement);
        }
        self.body.drain(start..=end);
        self.original = None;
        Ok(())
    }

    fn attributes(&self, element: ElementId) -> &[Attribute] {
        self.element(element).map_or(&[], |element| &element.attributes)
    }

    /// Where an element starts and ends in the body.
    fn span(&self, element: ElementId) -> Result<(usize, usize), Error> {
        let is_start = |chunk: &Chunk| matches!(chunk, Chunk::Start(id) if *id == element);
        let start = self.body.iter().position(is_start).ok_or(Error::NoSuchElement)?;
        let mut depth = 0_usize;
        for (place, chunk) in self.body.iter().enumerate().skip(start) {
            match chunk {
                Chunk::Start(_) => depth = depth.saturating_add(1),
                Chunk::End(_) => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth == 0 {
                return Ok((start, place));
            }
        }
        Err(Error::NoSuchElement)
    }

    fn check_room(&self, element: ElementId) -> Result<(), Error> {
        self.span(element)?;
        if self.attributes(element).len() >= usize::from(u16::MAX) {
            return Err(Error::Full { what: "attribute" });
        }
        Ok(())
    }

    /// The platform walks attributes and wanted ids side by side and misses what is out of order. To sort them would bring
    /// other attributes to life that it ignored until now.
    fn check_sorted(&self, element: ElementId) -> Result<(), Error> {
        let ids = self.attributes(element).iter().filter_map(|found| self.resource_id(found));
        if ids.is_sorted() { Ok(()) } else { Err(Error::UnsortedAttributes { element: self.name(element) }) }
    }

    fn overwrite(&mut self, element: ElementId, place: usize, raw: StringRef, value: TypedValue) -> usize {
        let element = self.elements.get_mut(element.0);
        if let Some(found) = element.and_then(|element| element.attributes.get_mut(place)) {
            (found.raw, found.value) = (raw, value);
        }
        place
    }

    /// Inserts where the platform looks for the id.
    fn insert_attribute(
        &mut self,
        element: ElementId,
        attribute: AndroidAttribute,
        value: Value,
    ) -> Result<usize, Error> {
        // The name comes first: it moves the indices of strings.
        let name = self.attribute_name(attribute)?;
        let namespace = self.android_namespace(element)?;
        let (raw, value) = self.encode(value)?;
        let comes_later = |found: &Attribute| self.resource_id(found).is_none_or(|id| id > attribute.id);
        let place = self.attributes(element).iter().position(comes_later);
        Ok(self.insert_at(element, place, Attribute { namespace, name, raw, value, extra: Vec::new() }))
    }

    /// Inserts before the attribute at `place`, or behind the last.
    fn insert_at(&mut self, element: ElementId, place: Option<usize>, mut attribute: Attribute) -> usize {
        let Some(element) = self.elements.get_mut(element.0) else { return 0 };
        let place = place.unwrap_or(element.attributes.len());
        attribute.extra = vec![0; usize::from(element.attribute_extra)];
        element.attributes.insert(place, attribute);
        for special in &mut element.special {
            if usize::from(*special) > place {
                *special = special.saturating_add(1);
            }
        }
        place
    }

    /// Removes every attribute that is meant by `attribute` but the one at `kept`, and says whether there was one.
    fn remove_spellings(&mut self, element: ElementId, attribute: AndroidAttribute, kept: Option<usize>) -> bool {
        let is_meant =
            |found: &Attribute| self.resource_id(found) == Some(attribute.id) || self.is_spelled(found, attribute);
        let found = self.attributes(element).iter().enumerate();
        let found = found.filter(|(place, found)| Some(*place) != kept && is_meant(found));
        let places: Vec<usize> = found.map(|(place, _)| place).collect();
        let Some(element) = self.elements.get_mut(element.0) else { return false };
        for &place in places.iter().rev() {
            element.attributes.remove(place);
            for special in &mut element.special {
                match usize::from(*special).checked_sub(1) {
                    Some(pointed) if pointed == place => *special = 0,
                    Some(pointed) if pointed > place => *special = special.saturating_sub(1),
                    _ => {}
                }
            }
        }
        !places.is_empty()
    }

    /// The name of an attribute as the platform finds it: a string with the attribute's id in the resource map.
    fn attribute_name(&mut self, attribute: AndroidAttribute) -> Result<StringRef, Error> {
        // A string that nothing referred to was not checked and may be broken.
        let mut named = (0_u32..).zip(&self.resource_ids).filter(|(_, id)| **id == attribute.id);
        if let Some((known, _)) = named.find(|(index, _)| self.pool.text(*index).is_ok()) {
            return Ok(StringRef(known));
        }
        let index = size_u32(self.resource_ids.len());
        self.pool.insert(index, attribute.name)?;
        self.body.iter_mut().for_each(|chunk| chunk.shift(index));
        self.elements.iter_mut().for_each(|element| element.shift(index));
        self.resource_ids.push(attribute.id);
        if !self.body.iter().any(|chunk| matches!(chunk, Chunk::ResourceMap { .. })) {
            let pool = self.body.iter().position(|chunk| matches!(chunk, Chunk::Strings));
            let behind = pool.map_or(0, |pool| pool.saturating_add(1));
            self.body.insert(behind, Chunk::ResourceMap { header_extra: Vec::new() });
        }
        Ok(StringRef(index))
    }

    /// The URI of the `android:` namespace where it is in force, declared around the root when it is not.
    fn android_namespace(&mut self, element: ElementId) -> Result<StringRef, Error> {
        let mut open = Vec::new();
        for chunk in &self.body {
            match chunk {
                Chunk::StartNamespace(namespace) => open.push(namespace.uri),
                Chunk::EndNamespace(_) => drop(open.pop()),
                Chunk::Start(id) if *id == element => break,
                _ => {}
            }
        }
        let is_android = |uri: &StringRef| uri.index().is_some_and(|index| self.pool.equals(index, ANDROID_NAMESPACE));
        if let Some(uri) = open.into_iter().rev().find(is_android) {
            return Ok(uri);
        }
        let prefix = self.string("android", 0)?;
        let uri = self.string(ANDROID_NAMESPACE, 0)?;
        let root = self.root().ok_or(Error::NoSuchElement)?;
        let (start, end) = self.span(root)?;
        let line = self.element(root).map_or(1, |root| root.header.line);
        let namespace = Namespace { header: new_header(line), prefix, uri, tail: Vec::new() };
        let behind = end.saturating_add(1);
        self.body.splice(behind..behind, [Chunk::EndNamespace(namespace.clone())]);
        self.body.insert(start, Chunk::StartNamespace(namespace));
        Ok(uri)
    }

    /// A string of the pool at index `from` or later, added when it is not there.
    fn string(&mut self, text: &str, from: u32) -> Result<StringRef, Error> {
        let known = self.pool.position(text, from);
        Ok(StringRef(known.map_or_else(|| self.pool.push(text), Ok)?))
    }

    /// The raw text and the typed value of an attribute.
    fn encode(&mut self, value: Value) -> Result<(StringRef, TypedValue), Error> {
        let text = match &value {
            Value::String(text) => Some(self.string(text, 0)?),
            _ => None,
        };
        Ok((text.unwrap_or(StringRef::NONE), value.typed(text)?))
    }
}

/// A new element's start and end.
pub(super) fn new_element(name: StringRef, line: u32) -> (Element, ElementEnd) {
    let namespace = StringRef::NONE;
    let end = ElementEnd { header: new_header(line), namespace, name, tail: Vec::new() };
    let start = Element {
        header: new_header(line),
        namespace,
        name,
        gap: Vec::new(),
        attribute_extra: 0,
        special: [0; 3],
        attributes: Vec::new(),
        tail: Vec::new(),
    };
    (start, end)
}

pub(super) const fn new_header(line: u32) -> NodeHeader {
    NodeHeader { line, comment: StringRef::NONE, extra: Vec::new() }
}
