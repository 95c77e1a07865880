//! Documents: what aapt2 makes of them is what the tree says, and an edit changes nothing else.

use formats::axml::tree::{Attribute, Element, Node};
use formats::axml::{ANDROID_NAMESPACE, Document, Value};
use formats::limits::Limits;
use formats::proto::wire::{Message, Writer};
use formats::proto::{Same, adds_nothing_unknown, same_but_attributes, same_document, xml};

use crate::bundles::{MANIFEST, Module, converted, linked, modules};

pub(crate) fn read(bytes: &[u8]) -> Element {
    xml::read(bytes, &Limits::default()).unwrap()
}

pub(crate) fn rewritten(bytes: &[u8], root: &Element) -> Vec<u8> {
    xml::rewrite(bytes, root, &Limits::default()).unwrap()
}

pub(crate) fn documents(module: &Module) -> impl Iterator<Item = (&String, &Vec<u8>)> {
    module.iter().filter(|(name, _)| name.ends_with(".xml") && !name.starts_with("res/raw"))
}

/// What a device is told of an element: attributes in the order of their ids; texts that are not only white space, which has one form.
fn seen(mut element: Element) -> Element {
    element.attributes.sort_by(|one, two| (one.resource_id, &one.name).cmp(&(two.resource_id, &two.name)));
    element.children.retain(|child| !matches!(child, Node::Text(text) if text.trim().is_empty()));
    for child in &mut element.children {
        match child {
            Node::Element(child) => *child = seen(std::mem::take(child)),
            Node::Text(text) => *text = text.split_whitespace().collect::<Vec<_>>().join(" "),
        }
    }
    element
}

#[test]
fn say_what_aapt2_makes_of_them() {
    for (name, module) in modules() {
        let Some(binary) = converted(&module) else { return };
        let mut count = 0;
        for (path, bytes) in documents(&module) {
            let device = Document::parse(&binary[path], &Limits::default()).unwrap().to_tree(1 << 24).unwrap();
            assert_eq!(seen(read(bytes)), seen(device), "{name} {path}");
            count += 1;
        }
        assert!(count > 0, "{name}");
    }
}

#[test]
fn are_written_back_byte_for_byte() {
    for (_, module) in modules() {
        for (path, bytes) in documents(&module) {
            let tree = read(bytes);
            assert_eq!(rewritten(bytes, &tree), *bytes, "{path}");
            assert_eq!(read(&xml::write(&tree).unwrap()), tree, "{path}");
            same_document(bytes, bytes).unwrap();
        }
    }
}

fn application(root: &mut Element) -> &mut Element {
    root.elements_mut().find(|child| child.name == "application").unwrap()
}

fn android<'e>(element: &'e mut Element, name: &str) -> Option<&'e mut Attribute> {
    let is_android = |attribute: &Attribute| attribute.namespace.as_deref() == Some(ANDROID_NAMESPACE);
    element.attributes.iter_mut().find(|attribute| attribute.name == name && is_android(attribute))
}

/// A manifest whose every message has a field that nobody knows.
pub(crate) fn with_unknown_fields(manifest: &[u8]) -> Vec<u8> {
    fn node(message: Message<'_>) -> Vec<u8> {
        let mut written = Writer::default();
        for field in message.fields().map(Result::unwrap) {
            match field.number {
                1 => written.bytes(1, element(field.message("element").unwrap())),
                _ => written.raw(field.bytes),
            };
        }
        written.bytes(900, "node").finish()
    }
    fn element(message: Message<'_>) -> Vec<u8> {
        let mut written = Writer::default();
        for field in message.fields().map(Result::unwrap) {
            let inner = || field.message("inner").unwrap();
            match field.number {
                4 => written.bytes(4, [inner().bytes(), &Writer::default().number(901, 1).finish()].concat()),
                5 => written.bytes(5, node(inner())),
                _ => written.raw(field.bytes),
            };
        }
        written.bytes(902, "element").finish()
    }
    node(Message::new(manifest))
}

fn count_of(needle: &[u8], bytes: &[u8]) -> usize {
    bytes.windows(needle.len()).filter(|window| *window == needle).count()
}

#[test]
fn unknown_fields_survive_edits_of_what_they_stand_in() {
    let Some(module) = linked() else { return };
    let manifest = with_unknown_fields(&module[MANIFEST]);
    let mut root = read(&manifest);
    assert_eq!(root, read(&module[MANIFEST]));
    let application = application(&mut root);
    android(application, "debuggable").unwrap().value = Value::Boolean(false);
    application.attributes.push(Attribute {
        namespace: Some(ANDROID_NAMESPACE.to_owned()),
        name: "allowBackup".to_owned(),
        resource_id: Some(0x0101_0280),
        value: Value::Boolean(false),
    });
    application.children.insert(0, Node::Element(Element::new("profileable")));
    let changed = rewritten(&manifest, &root);
    assert_eq!(read(&changed), root);
    // "Node" and "element" of each, the number of each attribute: all of them are there, and in the same order.
    for unknown in [&[0xa2, 0x38, 4][..], &[0xb2, 0x38, 7], &[0xa8, 0x38, 1]] {
        assert_eq!(count_of(unknown, &changed), count_of(unknown, &manifest));
        assert!(count_of(unknown, &changed) > 2);
    }
}

/// The numbers of an element's fields, where those that nobody knows are texts, with what is in its child.
fn fields_of(node: Message<'_>) -> String {
    let element = node.message(1, "element").unwrap().unwrap();
    let shown = element.fields().map(Result::unwrap).map(|field| match field.number {
        4 => read_name(field.message("attribute").unwrap()),
        5 => {
            let child = field.message("child").unwrap();
            child.text(2, "text").ok().filter(|text| !text.is_empty()).map_or_else(|| fields_of(child), str::to_owned)
        }
        other => other.to_string(),
    });
    format!("({})", shown.collect::<Vec<_>>().join(" "))
}

fn read_name(attribute: Message<'_>) -> String {
    attribute.text(2, "name").unwrap().to_owned()
}

#[test]
fn fields_stay_where_they_stood_in_what_changes() {
    let unknown = |number: u32| Writer::default().bytes(number, "unknown").finish();
    let attribute =
        |name: &str| Writer::default().bytes(4, Writer::default().bytes(2, name).bytes(3, "v").finish()).finish();
    let node = |element: &[Vec<u8>]| Writer::default().bytes(1, element.concat()).finish();
    let named = |name: &str| Writer::default().bytes(3, name).finish();
    let child = |node: &[u8]| Writer::default().bytes(5, node).finish();
    let text = |text: &str| child(&Writer::default().bytes(2, text).finish());
    let inner = node(&[unknown(901), named("inner"), unknown(902)]);
    let root = [
        &[unknown(903), named("root"), unknown(904), attribute("a"), unknown(905), attribute("b")][..],
        &[unknown(906), text("one"), unknown(907), child(&inner), unknown(908), text("two"), unknown(909)],
    ];
    let bytes = node(&root.concat());
    assert_eq!(fields_of(Message::new(&bytes)), "(903 3 904 a 905 b 906 one 907 (901 3 902) 908 two 909)");
    let changed = |change: &dyn Fn(&mut Element)| {
        let mut root = read(&bytes);
        change(&mut root);
        let changed = rewritten(&bytes, &root);
        assert_eq!(read(&changed), root);
        fields_of(Message::new(&changed))
    };
    let shown = [
        changed(&|root| drop(root.set("c", Value::Int(1)))),
        changed(&|root| drop(root.remove("a"))),
        changed(&|root| root.children.insert(1, Node::Text("new".to_owned()))),
        changed(&|root| root.children.push(Node::Text("new".to_owned()))),
        changed(&|root| drop(root.children.remove(1))),
        changed(&|root| root.children.clear()),
        changed(&|root| {
            let inner = root.elements_mut().next().unwrap();
            inner.set("c", Value::Int(1));
            inner.children.push(Node::Text("new".to_owned()));
        }),
    ];
    insta::assert_snapshot!(shown.join("\n"), @"
    (903 3 904 a 905 b c 906 one 907 (901 3 902) 908 two 909)
    (903 3 904 905 b 906 one 907 (901 3 902) 908 two 909)
    (903 3 904 a 905 b 906 one 907 new (901 3 902) 908 two 909)
    (903 3 904 a 905 b 906 one 907 (901 3 902) 908 two new 909)
    (903 3 904 a 905 b 906 one 907 908 two 909)
    (903 3 904 a 905 b 906 907 908 909)
    (903 3 904 a 905 b 906 one 907 (901 3 c new 902) 908 two 909)
    ");
}

#[test]
fn an_edit_is_what_aapt2_sees_and_nothing_else() {
    for (name, mut module) in modules().into_iter().filter(|(name, _)| !name.ends_with(" assets")) {
        let Some(before) = converted(&module) else { return };
        let mut root = read(&module[MANIFEST]);
        let Some(application) = root.elements_mut().find(|child| child.name == "application") else { continue };
        application.attributes.retain(|attribute| attribute.name != "label");
        let added = |name: &str, id, value| Attribute {
            namespace: Some(ANDROID_NAMESPACE.to_owned()),
            name: name.to_owned(),
            resource_id: Some(id),
            value,
        };
        application.attributes.push(added("fullBackupContent", 0x0101_04eb, Value::Boolean(false)));
        application.attributes.push(added("networkSecurityConfig", 0x0101_0527, Value::Reference(0x7f01_0000)));
        application.children.push(Node::Element(Element::new("meta-data").text("t")));
        let manifest = rewritten(&module[MANIFEST], &root);
        module.insert(MANIFEST.to_owned(), manifest);
        let mut after = converted(&module).unwrap();
        let device = Document::parse(&after[MANIFEST], &Limits::default()).unwrap().to_tree(1 << 24).unwrap();
        assert_eq!(seen(device), seen(root), "{name}");
        after.insert(MANIFEST.to_owned(), before[MANIFEST].clone());
        assert!(before == after, "{name}: another file changed");
    }
}

#[test]
fn new_namespaces_are_declared_once() {
    let plain = xml::write(&Element::new("root")).unwrap();
    let mut root = read(&plain);
    root.attributes.push(Attribute {
        namespace: Some(ANDROID_NAMESPACE.to_owned()),
        name: "label".to_owned(),
        resource_id: Some(0x0101_0001),
        value: Value::String("text".to_owned()),
    });
    let once = rewritten(&plain, &root);
    let mut child = root.clone();
    root.children.push(Node::Element(std::mem::take(&mut child)));
    let twice = rewritten(&once, &root);
    assert_eq!(read(&twice), root);
    let declaration = Writer::default().bytes(1, "android").bytes(2, ANDROID_NAMESPACE).finish();
    assert_eq!([count_of(&declaration, &plain), count_of(&declaration, &once)], [0, 1]);
    assert_eq!(count_of(&declaration, &twice), 1);
}

#[test]
fn nodes_that_stay_keep_their_bytes_wherever_others_come_and_go() {
    let names = |root: &Element| root.elements().map(|child| child.name.clone()).collect::<Vec<_>>().join(" ");
    let numbered = |name: &str, number: i32| Element::new(name).with("number", Value::Int(number));
    let children = [("a", 1), ("b", 2), ("a", 3), ("c", 4), ("a", 5)].map(|(name, number)| numbered(name, number));
    let root = children.into_iter().fold(Element::new("root"), Element::child);
    let bytes = with_unknown_fields(&xml::write(&root).unwrap());
    let mut changed = root.clone();
    changed.children.remove(3);
    changed.children.insert(0, Node::Element(numbered("new", 0)));
    changed.elements_mut().nth(3).unwrap().set("number", Value::Int(33));
    assert_eq!(names(&changed), "new a b a a");
    let written = rewritten(&bytes, &changed);
    assert_eq!(read(&written), changed);
    // Root, the four that stayed: each node has its field.
    assert_eq!([count_of(&[0xa2, 0x38, 4], &bytes), count_of(&[0xa2, 0x38, 4], &written)], [6, 5]);
}

#[test]
fn unknown_fields_of_a_compiled_value_stay_while_it_is_of_the_same_kind() {
    let unknown = [950_u32, 951, 952].map(|number| Writer::default().number(number, 1).finish());
    let document = |kind: u32, value: &[u8]| {
        let value = [value, &unknown[0]].concat();
        let item = [Writer::default().bytes(kind, value).finish(), unknown[1].clone()].concat();
        let attribute = Writer::default().bytes(2, "a").bytes(3, "old").number(5, 7).bytes(6, item).finish();
        let element = Writer::default().bytes(3, "e").bytes(4, [attribute, unknown[2].clone()].concat()).finish();
        Writer::default().bytes(1, element).finish()
    };
    let changed = |bytes: &[u8], value: Value| {
        let mut root = read(bytes);
        root.attributes[0].value = value;
        let changed = rewritten(bytes, &root);
        assert_eq!(read(&changed), root);
        assert_eq!(count_of(b"old", &changed), 0);
        unknown.each_ref().map(|unknown| count_of(unknown, &changed))
    };
    let boolean = document(7, &Writer::default().number(8, 1).finish());
    assert_eq!(changed(&boolean, Value::Boolean(false)), [1, 1, 1]);
    assert_eq!(changed(&boolean, Value::Int(5)), [1, 1, 1]);
    assert_eq!(changed(&boolean, Value::Reference(0x7f01_0000)), [0, 0, 1]);
    let reference = document(1, &Writer::default().number(2, 0x7f01_0001).bytes(3, "xml/old").number(4, 1).finish());
    assert_eq!(changed(&reference, Value::Reference(0x7f01_0000)), [1, 1, 1]);
    assert_eq!(changed(&reference, Value::String("t".to_owned())), [0, 0, 1]);
    let text = document(2, &Writer::default().bytes(1, "old").finish());
    assert_eq!(changed(&text, Value::String("t".to_owned())), [1, 1, 1]);
}

/// A document with fields that nobody knows, and the same with an attribute that changed and one that is new.
fn changed() -> (Vec<u8>, Vec<u8>) {
    let label = |name: &str, value| Attribute {
        namespace: Some(ANDROID_NAMESPACE.to_owned()),
        name: name.to_owned(),
        resource_id: Some(0x0101_000f),
        value,
    };
    let child = Element { attributes: vec![label("on", Value::Boolean(true))], ..Element::new("child") };
    let root = Element::new("root").with("stays", Value::Int(5)).text("text").child(child);
    let before = with_unknown_fields(&xml::write(&root).unwrap());
    let mut after = read(&before);
    let child = after.elements_mut().next().unwrap();
    child.attributes[0].value = Value::Boolean(false);
    child.attributes.push(Attribute { namespace: Some("urn:new".to_owned()), ..label("new", Value::Reference(7)) });
    let after = rewritten(&before, &after);
    (before, after)
}

#[test]
fn beside_the_values_of_attributes_any_change_of_a_document_is_a_difference() {
    let (before, after) = changed();
    assert_eq!(same_but_attributes(&before, &after).unwrap(), Same::default());
    assert_eq!(same_but_attributes(&before, &before).unwrap(), Same::default());
    same_document(&before, &after).unwrap_err();
    let tree = read(&after);
    // A new namespace may have any prefix.
    let prefix = after.windows(3).position(|window| window == b"ns1").unwrap();
    let places = (0..after.len()).filter(|place| !(prefix..prefix + 3).contains(place));
    let mut found = 0;
    for (place, bit) in places.flat_map(|place| (0..8).map(move |bit| (place, bit))) {
        let mut damaged = after.clone();
        damaged[place] ^= 1 << bit;
        // What the tree says is compared by those who ask for this.
        if xml::read(&damaged, &Limits::default()).is_ok_and(|read| read == tree) {
            assert!(same_but_attributes(&before, &damaged).is_err(), "bit {bit} at {place}");
            found += 1;
        }
    }
    assert!(found > 100, "{found}");
}

#[test]
fn attributes_say_nothing_besides_their_new_values() {
    let (before, after) = changed();
    let unknown = Writer::default().number(903, 1).finish();
    // The new attribute, its compiled value, and the reference in it.
    for (numbers, what) in [
        (&[1, 5, 1, 4][..], "fields that are not known"),
        (&[1, 5, 1, 4, 6], "its compiled value has other fields"),
        (&[1, 5, 1, 4, 6, 1], "its compiled value has other fields"),
    ] {
        let longer = appended(&after, numbers, &unknown);
        assert_eq!(read(&longer), read(&after));
        let refusal = same_but_attributes(&before, &longer).unwrap_err().to_string();
        assert!(refusal.contains(what), "{numbers:?}: {refusal}");
        assert!(!adds_nothing_unknown(&before, &longer) && adds_nothing_unknown(&before, &after), "{numbers:?}");
    }
    let named = appended(&after, &[1, 5, 1, 4, 6, 1], &Writer::default().bytes(3, "xml/other").finish());
    same_but_attributes(&before, &named).unwrap_err();
}

/// Adds a field to a message: the last one in a field of each of these numbers.
fn appended(message: &[u8], numbers: &[u32], field: &[u8]) -> Vec<u8> {
    let Some((number, inner)) = numbers.split_first() else { return [message, field].concat() };
    let fields: Vec<_> = Message::new(message).fields().map(Result::unwrap).collect();
    let last = fields.iter().rposition(|field| field.number == *number).unwrap();
    let mut written = Writer::default();
    for (place, one) in fields.iter().enumerate() {
        match place == last {
            true => written.bytes(*number, appended(one.message("inner").unwrap().bytes(), inner, field)),
            false => written.raw(one.bytes),
        };
    }
    written.finish()
}
