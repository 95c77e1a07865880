//! Records what a merge changes, for the report.

use std::collections::BTreeSet;

use formats::axml::Value;
use formats::axml::tree::Element;

use super::ROOT;
use super::rules::domain_of;
use crate::outcome::Change;

/// Changes, and warnings, that are listed one by one.
const MOST: usize = 500;
/// Most domains that name a configuration in the report.
const NAMED: usize = 3;

/// The changes of one document, and what has to be said about them.
pub(super) struct Changes {
    entry: String,
    changes: Vec<Change>,
    warnings: Vec<String>,
    warned: BTreeSet<String>,
}

impl Changes {
    pub(super) fn new(entry: &str) -> Self {
        Self { entry: entry.to_owned(), changes: Vec::new(), warnings: Vec::new(), warned: BTreeSet::new() }
    }

    /// Sets an attribute, in whatever namespace it may stand, and records it when that says something new.
    pub(super) fn set(&mut self, element: &mut Element, path: &str, attribute: &str, value: Value) {
        let mut found = element.attributes.iter().filter(|known| known.name == attribute);
        let (first, second) = (found.next(), found.next());
        if first.is_some_and(|only| only.namespace.is_none() && only.value == value) && second.is_none() {
            return;
        }
        let before = first.map(|first| first.value.to_string());
        let after = Some(value.to_string());
        element.attributes.retain(|known| known.name != attribute);
        element.set(attribute, value);
        self.record(path, attribute, before, after);
    }

    pub(super) fn removed(&mut self, path: &str, what: &str, before: &str) {
        self.record(path, what, Some(before.to_owned()), None);
    }

    pub(super) fn record(&mut self, path: &str, attribute: &str, before: Option<String>, after: Option<String>) {
        let (entry, element, attribute) = (self.entry.clone(), path.to_owned(), attribute.to_owned());
        self.changes.push(Change { entry, element, attribute, before, after });
    }

    pub(super) fn warn(&mut self, warning: String) {
        if self.warned.insert(warning.clone()) {
            self.warnings.push(warning);
        }
    }

    /// The changes and warnings. Of more than a report can hold the rest is counted.
    pub(super) fn finish(mut self) -> (Vec<Change>, Vec<String>) {
        let (changes, warnings) = (self.changes.len(), self.warnings.len());
        if changes > MOST {
            self.changes.truncate(MOST);
            self.record(ROOT, "further changes", None, Some((changes - MOST).to_string()));
        }
        if warnings > MOST {
            self.warnings.truncate(MOST);
            self.warnings.push(format!("{} further warnings of this kind", warnings - MOST));
        }
        (self.changes, self.warnings)
    }
}

/// The path of an element; that of a domain configuration names its domains.
pub(super) fn path_of(parent: &str, element: &Element) -> String {
    let domains: Vec<String> = element.elements().filter_map(domain_of).map(|domain| domain.to_string()).collect();
    match domains.as_slice() {
        [] => format!("{parent}/{}", element.name),
        some if some.len() <= NAMED => format!("{parent}/{}[{}]", element.name, some.join(", ")),
        [first, others @ ..] => format!("{parent}/{}[{first} and {} more]", element.name, others.len()),
    }
}
