//! Any bytes as an XML document in protobuf form: read it, write it, edit it. What is accepted must come back byte for byte, and survive edits.
#![no_main]

use std::collections::HashMap;

use formats::axml::Value;
use formats::axml::tree::{Element, Node};
use formats::limits::Limits;
use formats::proto::{adds_nothing_unknown, same_but_attributes, same_document, xml};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits::default();
    let Ok(root) = xml::read(bytes, &limits) else { return };
    assert_eq!(xml::rewrite(bytes, &root, &limits).as_deref(), Ok(bytes));
    assert!(same_document(bytes, bytes).is_ok());

    let mut changed = root.clone();
    changed.set("debuggable", Value::Boolean(false));
    if let Ok(written) = xml::rewrite(bytes, &changed, &limits) {
        assert!(same_but_attributes(bytes, &written).is_ok());
        assert!(adds_nothing_unknown(bytes, &written));
    }
    changed.children.insert(0, Node::Element(Element::new("child").with("name", Value::String("text".into()))));
    changed.children.truncate(3);
    if let Ok(written) = xml::rewrite(bytes, &changed, &limits) {
        let again = xml::read(&written, &limits).expect("our own output is accepted");
        assert_eq!((again.attribute("debuggable"), &again.children), (Some(&Value::Boolean(false)), &changed.children));
    }
    let names = HashMap::from([(0x7f01_0000, "renamed".to_owned())]);
    if let Some(renamed) =
        xml::rename_references(bytes, &names, &limits).expect("a document that was read is renamed in")
    {
        assert_eq!(xml::read(&renamed, &limits).map(drop), Ok(()));
        assert!(same_document(bytes, &renamed).is_ok());
    }
});
