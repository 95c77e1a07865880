//! Any tree survives being written, any change of one is made, and any bytes are read or refused.

use formats::axml::tree::{Attribute, Element, Node};
use formats::axml::{Document, Value};
use formats::limits::Limits;
use formats::proto::{Table, adds_nothing_unknown, same_but_attributes, same_document, xml};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::bundles::{TABLE, linked};
use crate::documents::with_unknown_fields;

fn name() -> impl Strategy<Value = String> {
    "[a-c\u{e4}\u{1f600}]{1,2}"
}

fn attribute() -> impl Strategy<Value = Attribute> {
    let value = prop_oneof![
        any::<bool>().prop_map(Value::Boolean),
        any::<i32>().prop_map(Value::Int),
        any::<u32>().prop_map(Value::Reference),
        name().prop_map(Value::String),
        (0x1c_u8..=0x1f, any::<u32>()).prop_map(|(kind, data)| Value::Other { kind, data }),
    ];
    let id = proptest::option::of(1_u32..4);
    (proptest::option::of(name()), name(), id, value).prop_map(|(namespace, name, resource_id, value)| Attribute {
        namespace,
        name,
        resource_id,
        value,
    })
}

fn element() -> impl Strategy<Value = Element> {
    let leaf = (proptest::option::of(name()), name(), vec(attribute(), 0..4));
    let leaf =
        leaf.prop_map(|(namespace, name, attributes)| Element { namespace, name, attributes, children: Vec::new() });
    leaf.prop_recursive(5, 40, 4, |inner| {
        let child = prop_oneof![inner.clone().prop_map(Node::Element), name().prop_map(Node::Text)];
        (inner, vec(child, 0..4)).prop_map(|(element, children)| Element { children, ..element })
    })
}

/// Attributes in an order that does not depend on which of them were there before.
fn sorted(mut element: Element) -> Element {
    element.attributes.sort_by_key(|attribute| format!("{attribute:?}"));
    for child in &mut element.children {
        if let Node::Element(child) = child {
            *child = sorted(std::mem::take(child));
        }
    }
    element
}

proptest! {
    #[test]
    fn any_tree_survives_being_written(root in element()) {
        let bytes = xml::write(&root).unwrap();
        prop_assert_eq!(xml::read(&bytes, &Limits::default()).unwrap(), root.clone());
        prop_assert_eq!(xml::rewrite(&bytes, &root, &Limits::default()).unwrap(), bytes.clone());
        prop_assert_eq!(same_document(&bytes, &bytes).unwrap(), formats::proto::Same::default());
    }

    /// What controls edit is the document that a tree becomes, whose attributes have another order.
    #[test]
    fn any_document_that_no_control_changes_keeps_its_bytes(root in element()) {
        let bytes = with_unknown_fields(&xml::write(&root).unwrap());
        let document = Document::of_tree(&xml::read(&bytes, &Limits::default()).unwrap()).unwrap();
        let tree = document.to_tree(1 << 20).unwrap();
        prop_assert_eq!(xml::rewrite(&bytes, &tree, &Limits::default()).unwrap(), bytes);
    }

    #[test]
    fn any_document_becomes_any_other(before in element(), after in element()) {
        let bytes = xml::write(&before).unwrap();
        let changed = xml::rewrite(&bytes, &after, &Limits::default()).unwrap();
        prop_assert_eq!(sorted(xml::read(&changed, &Limits::default()).unwrap()), sorted(after));
    }

    #[test]
    fn values_of_attributes_are_all_that_changes_with_them(before in element(), one in any::<bool>(), two in any::<i32>()) {
        let bytes = xml::write(&before).unwrap();
        let mut after = before.clone();
        after.set("a", Value::Boolean(one));
        after.elements_mut().take(1).for_each(|child| drop(child.set("b", Value::Int(two))));
        let changed = xml::rewrite(&bytes, &after, &Limits::default()).unwrap();
        prop_assert_eq!(same_but_attributes(&bytes, &changed).unwrap(), formats::proto::Same::default());
        prop_assert!(adds_nothing_unknown(&bytes, &changed));
    }

    #[test]
    fn any_part_can_change(before in element(), part in element(), place in any::<prop::sample::Index>()) {
        let before = before.child(Element::new("last"));
        let mut after = before.clone();
        let place = place.index(after.children.len());
        after.children[place] = Node::Element(part);
        let changed = xml::rewrite(&xml::write(&before).unwrap(), &after, &Limits::default()).unwrap();
        prop_assert_eq!(sorted(xml::read(&changed, &Limits::default()).unwrap()), sorted(after));
    }

    #[test]
    fn random_bytes_are_read_or_refused(bytes in vec(any::<u8>(), 0..300)) {
        let _ = xml::read(&bytes, &Limits::default());
        let _ = Table::parse(&bytes, &Limits::default());
    }
}

#[test]
fn damaged_tables_are_refused_or_survive_edits() {
    let Some(module) = linked() else { return };
    let bytes = &module[TABLE];
    for (place, byte) in (0..bytes.len()).zip([0, 0xff, 0x7f, 1].into_iter().cycle()) {
        let mut damaged = bytes.clone();
        damaged[place] = byte;
        let Ok(mut table) = Table::parse(&damaged, &Limits::default()) else { continue };
        assert_eq!(*table.to_bytes(), damaged);
        if let Ok(id) = table.add_file("xml", "added", "res/added.xml") {
            assert_eq!(table.find("xml", "added"), Some(id));
            assert!(table.files(id).contains(&"res/added.xml".to_owned()));
        }
    }
    for length in (0..bytes.len()).step_by(7) {
        let _ = Table::parse(&bytes[..length], &Limits::default());
    }
}
