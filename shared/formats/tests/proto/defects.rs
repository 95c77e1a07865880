//! One fixture for each way in which bytes are no document or no table, and the sentence that says it.

use std::time::{Duration, Instant};

use formats::axml::Value;
use formats::axml::tree::Element;
use formats::limits::Limits;
use formats::proto::wire::Writer;
use formats::proto::{Table, xml};

fn nested(numbers: &[u32], inner: Vec<u8>) -> Vec<u8> {
    numbers.iter().rev().fold(inner, |inner, number| Writer::default().bytes(*number, inner).finish())
}

fn document(element: Vec<u8>) -> String {
    let node = nested(&[1], element);
    xml::read(&node, &Limits::default()).unwrap_err().to_string()
}

#[test]
fn documents() {
    let text = |number, text: &str| Writer::default().bytes(number, text).finish();
    let refusal = |bytes: &[u8]| xml::read(bytes, &Limits::default()).unwrap_err().to_string();
    insta::assert_snapshot!(refusal(&[]), @"protobuf: XmlNode at offset 0 is neither element nor text");
    insta::assert_snapshot!(refusal(&text(2, "t")), @"protobuf: XmlNode at offset 0 is text, and should be the root");
    let both = Writer::default().bytes(1, []).bytes(2, "t").finish();
    insta::assert_snapshot!(refusal(&both), @"protobuf: XmlNode at offset 0 is both element and text");
    let twice = Writer::default().bytes(1, []).bytes(1, []).finish();
    insta::assert_snapshot!(refusal(&twice), @"protobuf: element of XmlNode at offset 2 stands there more than once");
    insta::assert_snapshot!(document(Writer::default().number(3, 1).finish()), @"protobuf: name of XmlElement at offset 2 is a number, and should be a message or a text");
    insta::assert_snapshot!(document(vec![0x1a, 1, 0xff]), @"protobuf: name of XmlElement at offset 2 is no UTF-8");
    insta::assert_snapshot!(document([text(3, "a"), text(3, "b")].concat()), @"protobuf: name of XmlElement at offset 5 stands there more than once");
    insta::assert_snapshot!(document(nested(&[5], Vec::new())), @"protobuf: XmlNode at offset 4 is neither element nor text");
    insta::assert_snapshot!(document(nested(&[4, 6], Vec::new())), @"protobuf: Item at offset 6 has no value that is known");
    insta::assert_snapshot!(document(nested(&[4], Writer::default().number(5, 1_i64 << 32).finish())), @"protobuf: resource_id of XmlAttribute at offset 4 has more than 32 bits");
    insta::assert_snapshot!(document(nested(&[1], vec![0x0a, 1, 0xff])), @"protobuf: prefix of XmlNamespace at offset 4 is no UTF-8");
    insta::assert_snapshot!(document(vec![0x13]), @"protobuf: field at offset 2 has a form that is not known");
}

#[test]
fn documents_are_bounded() {
    let limits = Limits { depth: 3, values: 4, document_bytes: 60, ..Limits::default() };
    let tree = |depth: usize| (1..depth).fold(Element::new("e"), |inner, _| Element::new("e").child(inner));
    let read =
        |root: &Element| xml::read(&xml::write(root).unwrap(), &limits).map(drop).map_err(|error| error.to_string());
    assert_eq!(read(&tree(3)), Ok(()));
    insta::assert_snapshot!(read(&tree(4)).unwrap_err(), @"protobuf: XmlElement at offset 23 is nested deeper than 3 levels");
    let many = |count| (0..count).fold(Element::new("e"), |root, _| root.child(Element::new("f")));
    assert_eq!(read(&many(4)), Ok(()));
    insta::assert_snapshot!(read(&many(5)).unwrap_err(), @"protobuf: the node at offset 33 is one too many: at most 4 are read");
    let long = Element::new("e").with("a", Value::String("x".repeat(60)));
    insta::assert_snapshot!(read(&long).unwrap_err(), @"protobuf message of 72 bytes, and at most 60 are read");
}

#[test]
fn a_document_as_deep_as_bytes_allow_is_refused_and_not_followed() {
    let mut bytes = Vec::new();
    while bytes.len() < 1 << 16 {
        bytes = nested(&[5, 1], bytes);
    }
    let refusal = xml::read(&nested(&[1], bytes), &Limits::default()).unwrap_err();
    assert!(refusal.to_string().contains("nested deeper than 128 levels"), "{refusal}");
}

fn table(bytes: &[u8]) -> String {
    Table::parse(bytes, &Limits::default()).unwrap_err().to_string()
}

#[test]
fn tables() {
    let id = |id: i64| Writer::default().bytes(1, Writer::default().number(1, id).finish()).finish();
    let entry = |content: Vec<u8>| nested(&[2, 3, 3], content);
    let item = |content: Vec<u8>| entry(nested(&[6, 2, 4], content));
    insta::assert_snapshot!(table(&[0x12]), @"protobuf: length of a field at offset 1 is cut off: 1 bytes wanted, 0 there");
    insta::assert_snapshot!(table(&[0x10, 1]), @"protobuf: Package at offset 0 is a number, and should be a message or a text");
    insta::assert_snapshot!(table(&nested(&[2], id(256))), @"protobuf: id of Package at offset 2 is larger than ids can be");
    insta::assert_snapshot!(table(&nested(&[2, 3], id(256))), @"protobuf: id of Type at offset 4 is larger than ids can be");
    insta::assert_snapshot!(table(&entry(id(65_536))), @"protobuf: id of Entry at offset 6 is larger than ids can be");
    insta::assert_snapshot!(table(&entry(vec![0x12, 1, 0xff])), @"protobuf: name of Entry at offset 6 is no UTF-8");
    let types = |one, two| nested(&[2], [nested(&[3], id(one)), nested(&[3], id(two))].concat());
    insta::assert_snapshot!(table(&types(5, 5)), @"protobuf: id of Type at offset 10 is another type's too");
    insta::assert_snapshot!(table(&types(0, 256)), @"protobuf: id of Type at offset 10 is larger than ids can be");
    let packages = [nested(&[2], id(5)), nested(&[2], id(5))].concat();
    insta::assert_snapshot!(table(&packages), @"protobuf: id of Package at offset 8 is another package's too");
    // Types of two packages have nothing to do with each other.
    let of = |package| nested(&[2], [id(package), nested(&[3], id(5))].concat());
    Table::parse(&[of(1), of(2)].concat(), &Limits::default()).unwrap();
    let two = nested(&[2, 3], [nested(&[3], id(5)), nested(&[3], id(5))].concat());
    insta::assert_snapshot!(table(&two), @"protobuf: id of Entry at offset 12 is another entry's too");
    insta::assert_snapshot!(table(&entry(nested(&[6, 2], [nested(&[4], vec![0x32, 0]), nested(&[5], vec![])].concat()))), @"protobuf: Value at offset 14 has more than one value");
    insta::assert_snapshot!(table(&item(Vec::new())), @"protobuf: Item at offset 12 has no value that is known");
    insta::assert_snapshot!(table(&item(nested(&[1], vec![0x1a, 1, 0xff]))), @"protobuf: name of Reference at offset 14 is no UTF-8");
    insta::assert_snapshot!(table(&item(nested(&[5], vec![0x0a, 1, 0xff]))), @"protobuf: path of FileReference at offset 14 is no UTF-8");
}

#[test]
fn tables_are_bounded() {
    let entries: Vec<Vec<u8>> =
        (0_i64..4).map(|id| nested(&[3, 1], Writer::default().number(1, id).finish())).collect();
    let bytes = nested(&[2, 3], entries.concat());
    let limits = Limits { table_entries: 3, ..Limits::default() };
    let refusal = Table::parse(&bytes, &limits).unwrap_err().to_string();
    insta::assert_snapshot!(refusal, @"protobuf: the Entry at offset 24 is one too many: at most 3 are read");
    let limits = Limits { table_bytes: 10, ..Limits::default() };
    let refusal = Table::parse(&bytes, &limits).unwrap_err().to_string();
    insta::assert_snapshot!(refusal, @"protobuf message of 28 bytes, and at most 10 are read");
    let values = nested(&[2, 3, 3], [0x32, 0].repeat(65_537));
    insta::assert_snapshot!(table(&values), @"protobuf: the value of an entry at offset 131086 is one too many: at most 65536 are read");
}

#[test]
fn tables_of_types_without_entries_take_no_time() {
    let began = Instant::now();
    let alike = nested(&[2], [0x1a, 0].repeat(1_000_000));
    assert_eq!(table(&alike), "protobuf: id of Type at offset 8 is another type's too");
    let id = |field: u32, id: i64| nested(&[field], Writer::default().number(1, id).finish());
    let types: Vec<u8> = (0_i64..256).flat_map(|number| nested(&[3], id(1, number))).collect();
    let packages: Vec<u8> =
        (0_i64..256).flat_map(|number| nested(&[2], [id(1, number), types.clone()].concat())).collect();
    Table::parse(&packages, &Limits::default()).unwrap();
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
}

#[test]
fn a_table_without_room_takes_no_entry() {
    let id = |number: i64| Writer::default().number(1, number).finish();
    let full = [nested(&[1], id(1)), nested(&[2], b"xml".to_vec()), nested(&[3, 1], id(0xfffe))].concat();
    let bytes = nested(&[2], [nested(&[1], id(0x7f)), nested(&[3], full)].concat());
    let mut table = Table::parse(&bytes, &Limits::default()).unwrap();
    let refusal = table.add_file("xml", "name", "path").unwrap_err().to_string();
    assert_eq!(refusal, "protobuf: no room for another entry of that type");
    let types = (1_i64..256).flat_map(|type_id| nested(&[3, 1], id(type_id))).collect();
    let bytes = nested(&[2], [nested(&[1], id(0x7f)), types].concat());
    let mut table = Table::parse(&bytes, &Limits::default()).unwrap();
    let refusal = table.add_file("xml", "name", "path").unwrap_err().to_string();
    assert_eq!(refusal, "protobuf: no room for another type");
    let refusal = Table::empty(&Limits::default()).add_file("xml", "name", "path").unwrap_err().to_string();
    assert_eq!(refusal, "protobuf: no room for another entry without a package");
}
