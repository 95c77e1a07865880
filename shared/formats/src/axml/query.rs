//! Finding elements and reading attributes.

use super::chunk::{Attribute, Chunk, Element};
use super::name::{ANDROID_NAMESPACE, AndroidAttribute};
use super::value::{self, Value};
use super::{Document, ElementId};
use crate::strings::StringRef;

impl Document {
    /// The root element.
    pub fn root(&self) -> Option<ElementId> {
        self.body.iter().find_map(|chunk| match chunk {
            Chunk::Start(id) => Some(*id),
            _ => None,
        })
    }

    /// The elements at a path of names from the root on, in the order of the document. Namespaces of elements are not
    /// looked at, as the platform does not look at them in a manifest.
    pub fn select(&self, path: &[&str]) -> Vec<ElementId> {
        let mut found = Vec::new();
        let (mut depth, mut matched) = (0_usize, 0_usize);
        for chunk in &self.body {
            match chunk {
                Chunk::Start(id) => {
                    let fits = depth == matched && path.get(depth).is_some_and(|name| self.is_named(*id, name));
                    depth = depth.saturating_add(1);
                    matched = if fits { depth } else { matched };
                    if fits && matched == path.len() {
                        found.push(*id);
                    }
                }
                Chunk::End(_) => {
                    depth = depth.saturating_sub(1);
                    matched = matched.min(depth);
                }
                _ => {}
            }
        }
        found
    }

    /// The name of an element, empty when it is not of this document.
    pub fn name(&self, element: ElementId) -> String {
        self.element(element).map_or_else(String::new, |element| self.decode(element.name))
    }

    /// An attribute of the `android:` namespace. It is found by its resource id, and by namespace and name only when the
    /// document's resource map does not have that id.
    pub fn attribute(&self, element: ElementId, attribute: AndroidAttribute) -> Option<Value> {
        let attributes = &self.element(element)?.attributes;
        let by_id = attributes.iter().find(|found| self.resource_id(found) == Some(attribute.id));
        let by_name = || {
            let spelled = attributes.iter().find(|found| self.is_spelled(found, attribute))?;
            (!self.resource_ids.contains(&attribute.id)).then_some(spelled)
        };
        Some(self.value(by_id.or_else(by_name)?))
    }

    /// Whether the platform finds the attribute: it looks for the resource id alone, so that a mere spelling has no effect.
    pub fn is_found_by_id(&self, element: ElementId, attribute: AndroidAttribute) -> bool {
        let mut attributes = self.element(element).into_iter().flat_map(|element| &element.attributes);
        attributes.any(|found| self.resource_id(found) == Some(attribute.id))
    }

    /// An attribute without a namespace, by name.
    pub fn plain_attribute(&self, element: ElementId, name: &str) -> Option<Value> {
        let element = self.element(element)?;
        Some(self.value(element.attributes.iter().find(|found| self.is_plain(found, name))?))
    }

    pub(super) fn element(&self, element: ElementId) -> Option<&Element> {
        self.elements.get(element.0)
    }

    pub(super) fn is_plain(&self, found: &Attribute, name: &str) -> bool {
        found.namespace == StringRef::NONE && self.pool.equals(found.name.0, name)
    }

    /// The resource id of an attribute's name; 0 in the map means none.
    pub(super) fn resource_id(&self, attribute: &Attribute) -> Option<u32> {
        let index = usize::try_from(attribute.name.index()?).ok()?;
        self.resource_ids.get(index).copied().filter(|&id| id != 0)
    }

    /// The whole text of a string; empty for none.
    pub(super) fn decode(&self, string: StringRef) -> String {
        string.index().map_or_else(String::new, |index| self.pool.decode(index))
    }

    pub(super) fn value(&self, attribute: &Attribute) -> Value {
        match attribute.value.kind {
            value::kind::STRING => Value::String(self.decode(StringRef(attribute.value.data))),
            kind => Value::of(kind, attribute.value.data),
        }
    }

    /// Whether an attribute is meant by namespace and name while its name has no resource id.
    pub(super) fn is_spelled(&self, found: &Attribute, attribute: AndroidAttribute) -> bool {
        let is_android = |uri| self.pool.equals(uri, ANDROID_NAMESPACE);
        self.resource_id(found).is_none()
            && self.pool.equals(found.name.0, attribute.name)
            && found.namespace.index().is_some_and(is_android)
    }

    fn is_named(&self, element: ElementId, name: &str) -> bool {
        self.element(element).is_some_and(|element| self.pool.equals(element.name.0, name))
    }
}
