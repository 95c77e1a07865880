//! Entitlements: what the code asks to be allowed, as a property list in XML and once more in DER.

mod der;

use formats::limits::Limits;
use formats::plist::{self, Dictionary, Value};

pub(super) use der::{read as read_der, write as write_der};

use super::error::Error;

/// Levels of arrays and dictionaries; there are three of them.
const MAX_DEPTH: u32 = 16;

/// Entitlements that the kernel wants to know of before any code runs (`csblob_entitlements` of `codesign`).
const EXEC_FLAGS: [(&str, u64); 7] = [
    ("get-task-allow", 0x10),
    ("run-unsigned-code", 0x10),
    ("com.apple.private.cs.debugger", 0x20),
    ("dynamic-codesigning", 0x40),
    ("com.apple.private.skip-library-validation", 0x80),
    ("com.apple.private.amfi.can-load-cdhash", 0x100),
    ("com.apple.private.amfi.can-execute-cdhash", 0x200),
];

/// The flags of the executable segment that these entitlements mean.
pub(super) fn exec_flags(entitlements: &Dictionary) -> u64 {
    let granted = |key: &str| entitlements.get(key).and_then(Value::as_boolean) == Some(true);
    EXEC_FLAGS.iter().filter(|(key, _)| granted(key)).fold(0, |flags, (_, flag)| flags | flag)
}

/// The property list in XML, keys in order as Apple's own writer has them.
pub(super) fn write_xml(entitlements: &Dictionary) -> Result<Vec<u8>, Error> {
    let mut xml = Vec::new();
    let sorted = sorted(&Value::Dictionary(entitlements.clone()));
    sorted.to_writer_xml(&mut xml).map_err(|error| Error::Entitlements(error.into()))?;
    xml.push(b'\n');
    // XML has no way to write some characters, and no form that keeps others as they are.
    if read_xml(&xml).is_ok_and(|found| found == *entitlements) { Ok(xml) } else { Err(Error::EntitlementForm) }
}

/// The property list in XML.
pub(super) fn read_xml(xml: &[u8]) -> Result<Dictionary, plist::Error> {
    // Those of the largest apps have some kilobytes.
    let limits = Limits { document_bytes: 1 << 20, values: 1 << 14, depth: MAX_DEPTH, ..Limits::default() };
    plist::read_dictionary(xml, &limits)
}

/// The value with the keys of all its dictionaries in order.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Array(values) => Value::Array(values.iter().map(sorted).collect()),
        Value::Dictionary(entries) => {
            let mut entries: Dictionary = entries.iter().map(|(key, value)| (key.clone(), sorted(value))).collect();
            entries.sort_keys();
            Value::Dictionary(entries)
        }
        value => value.clone(),
    }
}
