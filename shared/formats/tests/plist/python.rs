//! Python's plistlib writes both forms of one list, and both are read as what was written. Python is everywhere these tests run.

use std::process::Command;

use formats::plist::{Date, Dictionary, Integer, Value};

use crate::builder::accepted;

const SCRIPT: &str = r#"
import datetime, plistlib, sys
shared = ["one", "two"]
value = {
    "text": "plain", "more text": "a<b>&\"c' \u00e4 \u20ac \U0001f600\n", "long": "x" * 70000, "nothing": "",
    "numbers": [0, 1, 255, 256, 65536, 2**32, 2**63 - 1, 2**64 - 1, -1, -2**63], "real": 1.5, "yes": True, "no": False,
    "date": datetime.datetime(2026, 2, 28, 23, 59, 58), "early": datetime.datetime(1969, 12, 31, 23, 59, 59),
    "data": bytes(range(256)), "no data": b"", "empty": [], "void": {}, "again": [shared, shared, {"deep": [[[[1]]]]}],
    "many": list(range(300)),
}
forms = {"xml": plistlib.FMT_XML, "binary": plistlib.FMT_BINARY}
sys.stdout.buffer.write(plistlib.dumps(value, fmt=forms[sys.argv[1]], sort_keys=False))
"#;

fn written(form: &str) -> Vec<u8> {
    let output = Command::new("python3").args(["-c", SCRIPT, form]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn list(values: impl IntoIterator<Item = impl Into<Value>>) -> Value {
    Value::Array(values.into_iter().map(Into::into).collect())
}

fn numbers() -> Value {
    let unsigned = [0, 1, 255, 256, 65536, 1 << 32, (1 << 63) - 1, u64::MAX].map(Integer::from);
    list(unsigned.into_iter().chain([-1, i64::MIN].map(Integer::from)).map(Value::Integer))
}

fn date(text: &str) -> Value {
    Value::Date(Date::from_xml_format(text).unwrap())
}

fn again() -> Value {
    let shared = list(["one", "two"]);
    let deep = list([list([list([list([1])])])]);
    let last = Value::Dictionary(Dictionary::from_iter([("deep", deep)]));
    list([shared.clone(), shared, last])
}

fn expected() -> Value {
    let entries: [(&str, Value); 16] = [
        ("text", "plain".into()),
        ("more text", "a<b>&\"c' \u{e4} \u{20ac} \u{1f600}\n".into()),
        ("long", "x".repeat(70_000).into()),
        ("nothing", "".into()),
        ("numbers", numbers()),
        ("real", 1.5.into()),
        ("yes", true.into()),
        ("no", false.into()),
        ("date", date("2026-02-28T23:59:58Z")),
        ("early", date("1969-12-31T23:59:59Z")),
        ("data", Value::Data((0..=255).collect())),
        ("no data", Value::Data(Vec::new())),
        ("empty", Value::Array(Vec::new())),
        ("void", Value::Dictionary(Dictionary::new())),
        ("again", again()),
        ("many", list(0..300)),
    ];
    Value::Dictionary(entries.into_iter().collect())
}

#[test]
fn both_forms_are_read_as_what_was_written() {
    assert_eq!(accepted(written("xml")), expected());
    assert_eq!(accepted(written("binary")), expected());
}

#[test]
fn what_is_written_again_is_read_again() {
    let value = expected();
    let (mut xml, mut binary) = (Vec::new(), Vec::new());
    value.to_writer_xml(&mut xml).unwrap();
    value.to_writer_binary(&mut binary).unwrap();
    assert_eq!(accepted(xml), value);
    assert_eq!(accepted(binary), value);
}
