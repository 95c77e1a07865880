//! Any sequence of edits reads back as what was written; any bytes are read or refused.

use formats::axml::{AndroidAttribute, Document, ElementId, Manifest, Value, dump};
use formats::limits::Limits;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::builder::*;

const ATTRIBUTES: [AndroidAttribute; 5] = [
    AndroidAttribute::DEBUGGABLE,
    AndroidAttribute::ALLOW_BACKUP,
    AndroidAttribute::NAME,
    AndroidAttribute::MIN_SDK_VERSION,
    AndroidAttribute::DATA_EXTRACTION_RULES,
];

#[derive(Clone, Debug)]
enum Edit {
    Set(usize, usize, Value),
    SetPlain(usize, String, Value),
    RemoveAttribute(usize, usize),
    InsertChild(usize, String),
    RemoveElement(usize),
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<bool>().prop_map(Value::Boolean),
        any::<i32>().prop_map(Value::Int),
        any::<u32>().prop_map(Value::Reference),
        "[a-z\u{e4}\u{1f600}]{0,200}".prop_map(Value::String),
    ]
}

fn edit() -> impl Strategy<Value = Edit> {
    let name = || "(name|package|debuggable|activity|[a-z]{0,4})";
    prop_oneof![
        (any::<usize>(), 0..ATTRIBUTES.len(), value()).prop_map(|(at, name, value)| Edit::Set(at, name, value)),
        (any::<usize>(), name(), value()).prop_map(|(at, name, value)| Edit::SetPlain(at, name, value)),
        (any::<usize>(), 0..ATTRIBUTES.len()).prop_map(|(at, name)| Edit::RemoveAttribute(at, name)),
        (any::<usize>(), name()).prop_map(|(at, name)| Edit::InsertChild(at, name)),
        any::<usize>().prop_map(Edit::RemoveElement),
    ]
}

/// Makes the edit and checks at once that it did what it says. `elements` holds every element that was ever seen.
fn apply(document: &mut Document, elements: &mut Vec<ElementId>, edit: &Edit) {
    let pick = |at: usize| elements[at % elements.len()];
    match edit {
        Edit::Set(at, name, value) => {
            let (element, attribute) = (pick(*at), ATTRIBUTES[*name]);
            let before = document.attribute(element, attribute);
            if let Ok(told) = document.set_attribute(element, attribute, value.clone()) {
                assert_eq!(told, before);
                assert_eq!(document.attribute(element, attribute).as_ref(), Some(value));
                assert!(document.is_found_by_id(element, attribute));
            }
        }
        Edit::SetPlain(at, name, value) => {
            let element = pick(*at);
            if document.set_plain_attribute(element, name, value.clone()).is_ok() {
                assert_eq!(document.plain_attribute(element, name).as_ref(), Some(value));
            }
        }
        Edit::RemoveAttribute(at, name) => {
            let (element, attribute) = (pick(*at), ATTRIBUTES[*name]);
            if document.remove_attribute(element, attribute).is_ok() {
                assert_eq!(document.attribute(element, attribute), None);
            }
        }
        Edit::InsertChild(at, name) => {
            if let Ok(child) = document.insert_child(pick(*at), name) {
                assert_eq!(&document.name(child), name);
                elements.push(child);
            }
        }
        Edit::RemoveElement(at) => drop(document.remove_element(pick(*at))),
    }
}

fn encoding() -> impl Strategy<Value = Encoding> {
    prop_oneof![Just(Encoding::Utf8), Just(Encoding::Utf16)]
}

proptest! {
    #[test]
    fn edits_read_back_as_they_were_made(encoding in encoding(), edits in vec(edit(), 0..40)) {
        let mut document = parse(&sample(encoding));
        let mut elements = document.select(&["manifest"]);
        elements.extend(document.select(&["manifest", "application"]));
        elements.extend(document.select(&["manifest", "application", "activity"]));
        for edit in &edits {
            apply(&mut document, &mut elements, edit);
        }
        let bytes = document.to_bytes();
        let again = parse(&bytes);
        prop_assert_eq!(dump(&again), dump(&document));
        prop_assert_eq!(again.to_bytes(), bytes);
    }

    #[test]
    fn damaged_documents_are_refused_or_survive_edits(
        encoding in encoding(),
        damage in vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        edits in vec(edit(), 0..4),
    ) {
        let mut bytes = sample(encoding);
        for (at, byte) in damage {
            *at.get_mut(&mut bytes) = byte;
        }
        if let Ok(mut document) = Document::parse(&bytes, &Limits::default()) {
            prop_assert_eq!(document.to_bytes(), bytes);
            let _ = Manifest::read(&document);
            let mut elements = vec![document.root().unwrap()];
            for edit in &edits {
                apply(&mut document, &mut elements, edit);
            }
            prop_assert_eq!(dump(&parse(&document.to_bytes())), dump(&document));
        }
    }

    #[test]
    fn random_bytes_never_panic(bytes in vec(any::<u8>(), 0..400)) {
        let _ = Document::parse(&bytes, &Limits::default());
        let _ = Document::parse(&chunk(0x0003, &[], &bytes), &Limits::default());
    }
}
