//! Apple property lists, in XML and in binary form: `Info.plist`, entitlements, provisioning profiles.
//!
//! The values, their decoding and their writing are those of the `plist` crate. What it is given was surveyed before, because a
//! few bytes of either form can ask for a lot: a binary list may name one object many times, so that thirty arrays unpack to
//! a thousand million values, or name itself; XML nests without end. The survey counts levels, values and bytes against
//! [`Limits`], and refuses what that crate would pass over in silence: CDATA, entities of the document's own, a second value,
//! bytes after the end, a key that stands twice.
//!
//! The binary form is that of `CFBinaryPList.c`, the XML form that of `PropertyList-1.0.dtd`. The older text form (OpenStep) is
//! not read: no tool has written it into an app for twenty years.

mod binary;
mod budget;
mod error;
mod fields;
mod xml;

use crate::limits::Limits;
use crate::reader::widen;

pub use ::plist::{Date, Dictionary, Integer, Value};
pub use error::Error;
pub use fields::{Field, optional, required, unix_seconds};

/// Reads a property list of either form; `limits` bound its length (`document_bytes`, also of all text and data once unpacked),
/// the levels of arrays and dictionaries (`depth`) and the number of values, each time that they appear (`values`).
///
/// # Errors
/// The first defect; with field and offset, as far as it has a place.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Value, Error> {
    let length = widen(bytes.len());
    if length > limits.document_bytes {
        return Err(Error::TooLarge { length, limit: limits.document_bytes });
    }
    let (surveyed, value) = match Form::of(bytes)? {
        Form::Binary => (binary::survey(bytes, limits)?, Value::from_reader(std::io::Cursor::new(bytes))?),
        Form::Xml => (xml::survey(bytes, limits)?, Value::from_reader_xml(bytes)?),
    };
    if count(&value) == surveyed { Ok(value) } else { Err(Error::RepeatedKey) }
}

/// Reads a property list whose outermost value is a dictionary, as that of every file in an app is.
///
/// # Errors
/// As [`read`]; [`Error::NotADictionary`] when it is another value.
pub fn read_dictionary(bytes: &[u8], limits: &Limits) -> Result<Dictionary, Error> {
    let value = read(bytes, limits)?;
    let found = fields::kind(&value);
    value.into_dictionary().ok_or(Error::NotADictionary { found })
}

/// The dictionary as a property list of this form. The same dictionary gives the same bytes.
///
/// # Errors
/// A value that the form has no way to write, such as a UID in XML.
pub fn write(dictionary: &Dictionary, form: Form) -> Result<Vec<u8>, Error> {
    let value = Value::Dictionary(dictionary.clone());
    let mut bytes = Vec::new();
    match form {
        Form::Binary => value.to_writer_binary(&mut bytes)?,
        Form::Xml => value.to_writer_xml(&mut bytes)?,
    }
    Ok(bytes)
}

/// How a property list is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// `bplist00`, which Xcode packs into apps.
    Binary,
    /// XML.
    Xml,
}

impl Form {
    /// The form that bytes begin as.
    ///
    /// # Errors
    /// [`Error::NotAPropertyList`] where it is neither.
    pub fn of(bytes: &[u8]) -> Result<Self, Error> {
        let text = bytes.strip_prefix(xml::BYTE_ORDER_MARK).unwrap_or(bytes);
        match bytes {
            _ if bytes.starts_with(binary::MAGIC) => Ok(Self::Binary),
            _ if text.trim_ascii_start().starts_with(b"<") => Ok(Self::Xml),
            _ => Err(Error::NotAPropertyList),
        }
    }
}

/// A value as text, for reports and comparisons.
pub fn describe(value: &Value) -> String {
    match value {
        Value::Boolean(value) => value.to_string(),
        Value::String(text) => text.clone(),
        Value::Integer(number) => number.to_string(),
        Value::Array(values) => values.iter().map(describe).collect::<Vec<_>>().join(", "),
        Value::Dictionary(entries) => entries.values().map(describe).collect::<Vec<_>>().join(" "),
        _ => "another value".to_owned(),
    }
}

/// Values of a tree, as the surveys count them: without keys. No deeper than the surveys allow.
fn count(value: &Value) -> u64 {
    let within = match value {
        Value::Array(values) => values.iter().map(count).fold(0, u64::saturating_add),
        Value::Dictionary(entries) => entries.values().map(count).fold(0, u64::saturating_add),
        _ => 0,
    };
    within.saturating_add(1)
}
