//! Binary XML: the same elements in the same order, and the attributes that differ.

use std::collections::{BTreeMap, VecDeque};

use formats::axml::ANDROID_NAMESPACE;
use formats::axml::tree::{Attribute, Element, Node};
use serde::Serialize;

/// An attribute that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DocumentChange {
    /// Names of the elements from the root to the one that has it, joined by `/`.
    pub element: String,
    /// Its name with the usual prefix.
    pub attribute: String,
    /// Its value in the first document, where it is there.
    pub before: Option<String>,
    /// Its value in the second document, where it is there.
    pub after: Option<String>,
}

/// The attributes in which two documents differ; an error names the first other difference.
///
/// What counts is what the platform's reader reports: string pools, resource maps and line numbers do not.
pub(super) fn compare(before: &Element, after: &Element) -> Result<Vec<DocumentChange>, String> {
    let mut changes = Vec::new();
    compare_elements("", before, after, &mut changes)?;
    Ok(changes)
}

/// The depth is bounded by what the reader accepts.
fn compare_elements(
    parent: &str,
    before: &Element,
    after: &Element,
    changes: &mut Vec<DocumentChange>,
) -> Result<(), String> {
    let path = if parent.is_empty() { before.name.clone() } else { format!("{parent}/{}", before.name) };
    if (&before.namespace, &before.name) != (&after.namespace, &after.name) {
        return Err(format!("<{}> became <{}>", path.escape_debug(), after.name.escape_debug()));
    }
    changed_attributes(&path, &before.attributes, &after.attributes, changes);
    let (mut old, mut new) = (before.children.iter(), after.children.iter());
    loop {
        match (old.next(), new.next()) {
            (None, None) => return Ok(()),
            (Some(Node::Element(old)), Some(Node::Element(new))) => compare_elements(&path, old, new, changes)?,
            (Some(Node::Text(old)), Some(Node::Text(new))) if old == new => {}
            (old, new) => {
                return Err(format!("in <{}>, {} became {}", path.escape_debug(), describe(old), describe(new)));
            }
        }
    }
}

fn describe(node: Option<&Node>) -> String {
    match node {
        None => "nothing".to_owned(),
        Some(Node::Element(element)) => format!("<{}>", element.name.escape_debug()),
        Some(Node::Text(text)) => format!("the text {text:?}"),
    }
}

/// The attributes that are not in both lists. One that stands there twice counts twice.
fn changed_attributes(element: &str, old: &[Attribute], new: &[Attribute], changes: &mut Vec<DocumentChange>) {
    let key = |attribute: &Attribute| (attribute.resource_id, attribute.namespace.clone(), attribute.name.clone());
    let mut by_name: BTreeMap<_, VecDeque<&Attribute>> = BTreeMap::new();
    for attribute in new {
        by_name.entry(key(attribute)).or_default().push_back(attribute);
    }
    let change = |attribute: &Attribute, before: Option<&Attribute>, after: Option<&Attribute>| DocumentChange {
        element: element.to_owned(),
        attribute: name(attribute),
        before: before.map(|before| before.value.to_string()),
        after: after.map(|after| after.value.to_string()),
    };
    for attribute in old {
        let after = by_name.get_mut(&key(attribute)).and_then(VecDeque::pop_front);
        if after != Some(attribute) {
            changes.push(change(attribute, Some(attribute), after));
        }
    }
    changes.extend(by_name.into_values().flatten().map(|added| change(added, None, Some(added))));
}

/// The platform knows attributes of its own by their ids alone, so a name that only looks like one is shown as such.
fn name(attribute: &Attribute) -> String {
    let local = attribute.name.escape_debug();
    match (attribute.namespace.as_deref(), attribute.resource_id) {
        (None, _) => local.to_string(),
        (Some(ANDROID_NAMESPACE), Some(_)) => format!("android:{local}"),
        (Some(namespace), _) => format!("{{{}}}{local}", namespace.escape_debug()),
    }
}
