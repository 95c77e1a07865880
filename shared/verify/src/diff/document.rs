//! Binary XML: the same elements in the same order, and the attributes that differ.

use formats::axml::{ANDROID_NAMESPACE, Attribute, Document, Node, Value};
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
pub(super) fn compare(before: &Document, after: &Document) -> Result<Vec<DocumentChange>, String> {
    let (mut before, mut after) = (before.walk(), after.walk());
    let mut path: Vec<String> = Vec::new();
    let mut changes = Vec::new();
    loop {
        match (before.next(), after.next()) {
            (None, None) => return Ok(changes),
            (Some(Node::Start(old_name, old)), Some(Node::Start(name, new))) if old_name == name => {
                path.push(name.local);
                changes.extend(changed_attributes(&path.join("/"), old, new));
            }
            (Some(Node::End), Some(Node::End)) => drop(path.pop()),
            (Some(Node::Text(old)), Some(Node::Text(new))) if old == new => {}
            (old, new) => {
                let place = path.join("/");
                return Err(format!("in <{place}>, {} became {}", describe(old.as_ref()), describe(new.as_ref())));
            }
        }
    }
}

fn describe(node: Option<&Node>) -> String {
    match node {
        None => "the end".to_owned(),
        Some(Node::Start(name, _)) => format!("<{}>", name.local.escape_debug()),
        Some(Node::End) => "the end of it".to_owned(),
        Some(Node::Text(text)) => format!("the text {text}"),
    }
}

/// The attributes that are not in both lists. One that stands there twice counts twice.
fn changed_attributes(element: &str, old: Vec<Attribute>, mut new: Vec<Attribute>) -> Vec<DocumentChange> {
    let mut gone = Vec::new();
    for attribute in old {
        match new.iter().position(|other| *other == attribute) {
            Some(place) => drop(new.remove(place)),
            None => gone.push(attribute),
        }
    }
    let element = || element.to_owned();
    let shown = |value: &Value| Some(value.to_string());
    let mut changes = Vec::new();
    for attribute in gone {
        let same_name = |other: &Attribute| (other.id, &other.name) == (attribute.id, &attribute.name);
        let after = new.iter().position(same_name).map(|place| new.remove(place).value);
        let after = after.as_ref().and_then(shown);
        changes.push(DocumentChange {
            element: element(),
            attribute: name(&attribute),
            before: shown(&attribute.value),
            after,
        });
    }
    changes.extend(new.iter().map(|added| DocumentChange {
        element: element(),
        attribute: name(added),
        before: None,
        after: shown(&added.value),
    }));
    changes
}

/// The platform knows attributes of its own by their ids alone, so a name that only looks like one is shown as such.
fn name(attribute: &Attribute) -> String {
    let local = attribute.name.local.escape_debug();
    match (attribute.name.namespace.as_str(), attribute.id) {
        ("", _) => local.to_string(),
        (ANDROID_NAMESPACE, Some(_)) => format!("android:{local}"),
        (namespace, _) => format!("{{{}}}{local}", namespace.escape_debug()),
    }
}
