//! Documents as trees: read, changed, built anew, and read by aapt2.

use std::process::Command;

use formats::axml::tree::{Attribute, Element, Node};
use formats::axml::{Document, Value, dump};
use formats::limits::Limits;
use formats::zip::{Attributes, Method, Writer};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::builder::*;

const LIMIT: u64 = 1 << 20;

fn rebuilt(root: &Element) -> Document {
    let bytes = Document::of_tree(root).unwrap().to_bytes();
    let document = parse(&bytes);
    assert_eq!(document.to_bytes(), bytes);
    document
}

#[test]
fn a_document_says_the_same_when_it_is_built_anew() {
    for encoding in [Encoding::Utf8, Encoding::Utf16] {
        let tree = parse(&sample(encoding)).to_tree(LIMIT).unwrap();
        assert_eq!(rebuilt(&tree).to_tree(LIMIT).unwrap(), tree);
        insta::allow_duplicates! { insta::assert_snapshot!(dump(&rebuilt(&tree)), @r#"
        pool: UTF-8, 16 strings, 0 styles
        map:
          0x0101021b versionCode
          0x0101020c minSdkVersion
          0x01010001 label
          0x01010003 name
          0x01010280 allowBackup
        N: android=http://schemas.android.com/apk/res/android
          E: manifest (line 1)
            A: android:versionCode(0x0101021b)=12
            A: package="com.example.app"
            E: uses-sdk (line 1)
              A: android:minSdkVersion(0x0101020c)=26
            E: application (line 1)
              A: android:label(0x01010001)=@0x7f010000
              A: android:name(0x01010003)=".App"
              A: android:allowBackup(0x01010280)=true
              A: package="value 😀"
              T: "text" (line 1)
              E: activity (line 1)
                A: android:name(0x01010003)=".App"
        "#); }
    }
}

#[test]
fn text_and_plain_attributes() {
    let pin = Element::new("pin").with("digest", Value::String("SHA-256".to_owned())).text("base64=");
    let domain = Element::new("domain").with("includeSubdomains", Value::Boolean(true)).text(" Example.com ");
    let mut root =
        Element::new("config").child(domain).child(Element::new("pin-set").child(pin)).text("tail \u{1f600}");
    assert_eq!(root.set("a", Value::Int(1)), None);
    assert_eq!(root.set("a", Value::Int(2)), Some(Value::Int(1)));
    assert_eq!(root.attribute("a"), Some(&Value::Int(2)));
    root.set("b", Value::Reference(0x7f01_0000));
    assert_eq!(root.remove("a"), Some(Value::Int(2)));
    assert_eq!(root.remove("a"), None);
    root.elements_mut().next().unwrap().set("c", Value::Boolean(false));
    assert_eq!(root.elements().map(|child| child.name.as_str()).collect::<Vec<_>>(), ["domain", "pin-set"]);
    assert_eq!(rebuilt(&root).to_tree(LIMIT).unwrap(), root);
    insta::assert_snapshot!(dump(&rebuilt(&root)), @r#"
    pool: UTF-8, 12 strings, 0 styles
    E: config (line 1)
      A: b=@0x7f010000
      E: domain (line 1)
        A: includeSubdomains=true
        A: c=false
        T: " Example.com " (line 1)
      E: pin-set (line 1)
        E: pin (line 1)
          A: digest="SHA-256"
          T: "base64=" (line 1)
      T: "tail 😀" (line 1)
    "#);
}

#[test]
fn attributes_with_ids_come_in_their_order_and_the_special_ones_are_pointed_at() {
    let android = |name: &str, id: u32| Attribute {
        namespace: Some(ANDROID.to_owned()),
        name: name.to_owned(),
        resource_id: Some(id),
        value: Value::Reference(id),
    };
    let mut root = Element::new("View").with("style", Value::Reference(1)).with("class", Value::Reference(2));
    root.attributes.insert(1, android("text", 0x0101_014f));
    root.attributes.push(android("id", 0x0101_00d0));
    let other = Attribute { namespace: Some("urn:other".to_owned()), resource_id: None, ..android("id", 0) };
    root.attributes.push(other);
    insta::assert_snapshot!(dump(&rebuilt(&root)), @r"
    pool: UTF-8, 10 strings, 0 styles
    map:
      0x0101014f text
      0x010100d0 id
    N: android=http://schemas.android.com/apk/res/android
      N: ns2=urn:other
        E: View (line 1) (id=1 class=4 style=3)
          A: android:id(0x010100d0)=@0x010100d0
          A: android:text(0x0101014f)=@0x0101014f
          A: style=@0x00000001
          A: class=@0x00000002
          A: ns2:id=@null
    ");
}

#[test]
fn values_of_the_same_meaning_keep_their_kind() {
    let kinds = [0x02, 0x05, 0x07, 0x11, 0x1c];
    let pool = pool(Encoding::Utf8, &["root", "name"]);
    let attributes: Vec<_> = kinds.iter().map(|kind| (NONE, 1, NONE, *kind, 0x7f01_0000)).collect();
    let tree = parse(&xml(&[pool, start(0, &attributes), end(0)])).to_tree(LIMIT).unwrap();
    let shown = tree.attributes.iter().map(|attribute| match attribute.value {
        Value::Other { kind, .. } => kind,
        ref other => panic!("{other:?}"),
    });
    assert_eq!(shown.collect::<Vec<_>>(), kinds);
    assert_eq!(rebuilt(&tree).to_tree(LIMIT).unwrap(), tree);
}

#[test]
fn a_tree_is_bounded_by_what_it_says() {
    let long = "n".repeat(100);
    let pool = pool(Encoding::Utf8, &[&long]);
    let nodes: Vec<_> = (0..50).flat_map(|_| [start(0, &[]), end(0)]).collect();
    let document = parse(&xml(&[pool, start(0, &[]), nodes.concat(), end(0)]));
    assert!(document.to_tree(5100).is_ok());
    assert_eq!(document.to_tree(5099).unwrap_err().to_string(), "binary XML: no room for another byte of text");
}

fn name() -> impl Strategy<Value = String> {
    "[a-c\u{e4}\u{1f600}]{0,3}"
}

fn attribute() -> impl Strategy<Value = Attribute> {
    let value = prop_oneof![
        any::<bool>().prop_map(Value::Boolean),
        any::<i32>().prop_map(Value::Int),
        any::<u32>().prop_map(Value::Reference),
        name().prop_map(Value::String),
        (0x13_u8..0x1f, any::<u32>()).prop_map(|(kind, data)| Value::Other { kind, data }),
    ];
    // Names with ids come first and in the order of the ids, as a document of them has them.
    (proptest::option::of(name()), name(), value).prop_map(|(namespace, name, value)| Attribute {
        namespace,
        name,
        resource_id: None,
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

proptest! {
    #[test]
    fn any_tree_survives_being_written(root in element()) {
        let bytes = Document::of_tree(&root).unwrap().to_bytes();
        let again = Document::parse(&bytes, &Limits::default()).unwrap();
        prop_assert_eq!(again.to_tree(LIMIT).unwrap(), root);
    }
}

#[test]
#[expect(clippy::print_stderr, reason = "a skipped tool must show")]
fn aapt2_reads_texts_and_attributes() {
    let pin = Element::new("pin").with("digest", Value::String("SHA-256".to_owned())).text("base64=");
    let root =
        Element::new("config").with("on", Value::Boolean(true)).with("ref", Value::Reference(0x7f01_0000)).child(pin);
    let mut writer = Writer::new(tempfile::Builder::new().suffix(".apk").tempfile().unwrap());
    for name in ["AndroidManifest.xml", "res/config.xml"] {
        let content = Document::of_tree(&root).unwrap().to_bytes();
        writer.add(name, Method::Stored, Attributes::default(), &content).unwrap();
    }
    let (mut file, tail) = writer.finish(b"").unwrap();
    tail.write(&mut file).unwrap();
    match Command::new("aapt2").args(["dump", "xmltree", "--file", "res/config.xml"]).arg(file.path()).output() {
        Ok(output) => insta::assert_snapshot!(String::from_utf8_lossy(&output.stdout), @r#"
        E: config (line=1)
          A: on=true
          A: ref=@0x7f010000
            E: pin (line=1)
              A: digest="SHA-256" (Raw: "SHA-256")
                T: 'base64='
        "#),
        Err(error) => eprintln!("skipped: aapt2 cannot be started: {error}"),
    }
}
