//! What the names, texts and paths of a table are.

use std::collections::{BTreeMap, BTreeSet};

use super::super::error::Error;
use super::super::schema::{Kind, number};
use super::super::wire::Message;
use super::super::xml;
use super::Table;
use super::query::{children, text};
use crate::arsc::EntryName;
use crate::limits::Limits;

impl Table<'_> {
    /// Every name of an entry in the module's own package.
    pub fn entry_names(&self) -> Vec<EntryName> {
        let mut names = BTreeMap::<&str, BTreeMap<(u32, &str), u32>>::new();
        let types = self.own_package().into_iter().flat_map(|package| package.types());
        for kind in types {
            for entry in kind.entries() {
                let count = names.entry(entry.name).or_default().entry((kind.id, kind.name)).or_default();
                *count = count.saturating_add(1);
            }
        }
        let names = names.into_iter().map(|(name, types)| EntryName {
            name: name.to_owned(),
            types: types.keys().map(|(_, name)| (*name).to_owned()).collect(),
            is_shared: types.values().any(|count| *count > 1),
        });
        names.collect()
    }

    /// Every path of a file that is no text of a resource as well.
    pub fn file_paths(&self) -> BTreeSet<String> {
        let mut paths = BTreeSet::new();
        visit(Kind::Table, self.message(), &mut |kind, message| {
            if kind == Kind::File {
                paths.insert(text(message, number::FILE_PATH).to_owned());
            }
        });
        self.visit_texts(|text| {
            paths.remove(text);
        });
        paths
    }

    /// Calls `visit` with every text that a value holds which is no path of a file: strings, items of arrays and styles, markup. A text
    /// that several values hold is visited more than once.
    pub fn visit_texts(&self, mut visit_text: impl FnMut(&str)) {
        visit(Kind::Table, self.message(), &mut |kind, message| {
            if kind == Kind::Item {
                texts_of(message, &mut visit_text);
            }
        });
    }

    /// Calls `visit` with every reference: the id of what it refers to, 0 where it has none, and the name, which can be empty.
    pub fn visit_references(&self, mut visit_reference: impl FnMut(u32, &str)) {
        visit(Kind::Table, self.message(), &mut |kind, message| reference(kind, message, &mut visit_reference));
    }
}

/// Calls `visit` with every reference in a document, as [`Table::visit_references`] does.
///
/// # Errors
/// Those of [`xml::read`].
pub fn visit_references(
    document: &[u8],
    limits: &Limits,
    mut visit_reference: impl FnMut(u32, &str),
) -> Result<(), Error> {
    // Reading it checks what the visit relies on, the depth above all.
    xml::read(document, limits)?;
    visit(Kind::XmlNode, Message::new(document), &mut |kind, message| reference(kind, message, &mut visit_reference));
    Ok(())
}

fn reference(kind: Kind, message: Message<'_>, visit_reference: &mut impl FnMut(u32, &str)) {
    if kind == Kind::Reference {
        let id = message.u32(number::REFERENCE_ID, "id of Reference").unwrap_or_default();
        visit_reference(id, text(message, number::REFERENCE_NAME));
    }
}

fn texts_of(item: Message<'_>, visit_text: &mut impl FnMut(&str)) {
    for form in [number::ITEM_TEXT, number::ITEM_RAW_TEXT, number::ITEM_STYLED_TEXT] {
        for message in children(item, form) {
            visit_text(text(message, number::TEXT));
            if form == number::ITEM_STYLED_TEXT {
                let spans = children(message, number::STYLED_SPAN);
                spans.for_each(|span| visit_text(text(span, number::SPAN_TAG)));
            }
        }
    }
}

/// Shows every message of a kind that is known, the outer ones first.
fn visit<'t>(kind: Kind, message: Message<'t>, look: &mut impl FnMut(Kind, Message<'t>)) {
    look(kind, message);
    for field in message.fields().filter_map(Result::ok) {
        let child = kind.child(field.number).zip(field.message("message").ok());
        if let Some((kind, message)) = child {
            visit(kind, message, look);
        }
    }
}
