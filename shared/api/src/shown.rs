//! What an audit event shows of a body: the allowed fields, short and flat, whatever the body's size and depth.

use std::fmt;

use domain::redaction::without_secrets;
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// Characters of a text that an audit event shows: nobody fills a log with one field.
const SHOWN_TEXT: usize = 256;
/// Values of a list that an audit event shows.
const SHOWN_VALUES: usize = 20;

/// Those fields of a JSON object that are `allowed`; none of a body that is no object.
pub(crate) fn shown_fields(body: &[u8], allowed: &'static [&'static str]) -> Map<String, Value> {
    Fields(allowed).deserialize(&mut serde_json::Deserializer::from_slice(body)).unwrap_or_default()
}

struct Fields(&'static [&'static str]);

impl<'de> DeserializeSeed<'de> for Fields {
    type Value = Map<String, Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Fields {
    type Value = Map<String, Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Self::Value, A::Error> {
        let mut shown = Map::new();
        while let Some(name) = fields.next_key::<String>()? {
            if !self.0.contains(&name.as_str()) {
                fields.next_value::<IgnoredAny>()?;
            } else if let Shown(Some(value)) = fields.next_value()? {
                shown.insert(name, value);
            }
        }
        Ok(shown)
    }
}

/// A value as it is shown: scalars, and lists of them. Nothing else is kept while it is read.
#[derive(Debug, Default, PartialEq)]
struct Shown(Option<Value>);

impl<'de> Deserialize<'de> for Shown {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ShownVisitor)
    }
}

struct ShownVisitor;

impl<'de> Visitor<'de> for ShownVisitor {
    type Value = Shown;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Shown, E> {
        Ok(Shown(Some(Value::Null)))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Shown, E> {
        Ok(Shown(Some(value.into())))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Shown, E> {
        Ok(Shown(Some(value.into())))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Shown, E> {
        Ok(Shown(Some(value.into())))
    }

    // As text: the table takes no number above 10¹²⁶.
    fn visit_f64<E: Error>(self, value: f64) -> Result<Shown, E> {
        Ok(Shown(Some(format!("{value:e}").into())))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Shown, E> {
        Ok(Shown(Some(without_secrets(text).chars().take(SHOWN_TEXT).collect::<String>().into())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Shown, A::Error> {
        let mut shown = Vec::new();
        while shown.len() < SHOWN_VALUES {
            match values.next_element()? {
                Some(Shown(Some(Value::Array(_)) | None)) => {}
                Some(Shown(Some(scalar))) => shown.push(scalar),
                None => return Ok(Shown(Some(shown.into()))),
            }
        }
        while values.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Shown(Some(shown.into())))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Shown, A::Error> {
        while fields.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Shown(None))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shown(body: &str) -> Value {
        shown_fields(body.as_bytes(), &["a", "b"]).into()
    }

    #[test]
    fn what_is_shown_is_allowed_short_and_flat() {
        assert_eq!(
            shown(r#"{"a":"x","c":"y","b":[["nested"],"a",1,{"b":2},null,true]}"#),
            json!({ "a": "x", "b": ["a", 1, null, true] })
        );
        assert_eq!(
            shown(&json!({ "a": "é".repeat(1000), "b": { "a": 1 } }).to_string()),
            json!({ "a": "é".repeat(256) })
        );
        assert_eq!(shown(&json!({ "a": vec![0; 1000] }).to_string()), json!({ "a": vec![0; 20] }));
        assert_eq!(
            shown(r#"{"a":[1e300,-0.5,18446744073709551615,-1]}"#),
            json!({ "a": ["1e300", "-5e-1", u64::MAX, -1] })
        );
    }

    #[test]
    fn of_what_is_no_object_nothing_is_shown_and_depth_hides_nothing() {
        for body in ["", "[]", "null", "{", r#"{"a":1"#, "\u{0}"] {
            assert_eq!(shown(body), json!({}), "{body}");
        }
        let deep = format!(r#"{{"c":{}{},"a":1}}"#, "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(shown(&deep), json!({ "a": 1 }));
    }

    #[test]
    fn no_secret_is_shown() {
        let key = domain::credential::AutomationKey::make(&[7; 84]).expose();
        let (id, _) = key.split_once(':').unwrap();
        assert_eq!(
            shown(&json!({ "a": key, "b": [key] }).to_string()),
            json!({ "a": format!("{id}:[secret]"), "b": [format!("{id}:[secret]")] })
        );
    }
}
