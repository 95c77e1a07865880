//! Any bytes as a document: read it, write it, edit it. What is accepted must come back byte for byte, and survive edits.
#![no_main]

use formats::axml::{AndroidAttribute, Document, Manifest, Value, dump};
use formats::limits::Limits;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits::default();
    let Ok(mut document) = Document::parse(bytes, &limits) else { return };
    assert_eq!(document.to_bytes(), bytes);
    let _ = Manifest::read(&document);

    let root = document.root().expect("an accepted document has a root");
    if document.set_attribute(root, AndroidAttribute::DEBUGGABLE, Value::Boolean(false)).is_ok() {
        assert!(document.is_found_by_id(root, AndroidAttribute::DEBUGGABLE));
        assert_eq!(document.attribute(root, AndroidAttribute::DEBUGGABLE), Some(Value::Boolean(false)));
    }
    let child = document.insert_child(root, "child").expect("a root takes a child");
    document.set_plain_attribute(child, "name", Value::String("text".into())).expect("a new element takes an attribute");
    let written = document.to_bytes();
    let again = Document::parse(&written, &limits).expect("our own output is accepted");
    assert_eq!(dump(&again), dump(&document));
    assert_eq!(again.to_bytes(), written);
});
