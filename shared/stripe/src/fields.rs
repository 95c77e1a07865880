//! What the types here read is in Stripe's specification: tests/specification.json.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::value::{Error, StrDeserializer};
use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, forward_to_deserialize_any};
use serde_json::Value;

use crate::{VERSION, checkout, customers, error, invoices, list, portal, prices, subscriptions};

type Read = BTreeMap<&'static str, BTreeSet<&'static str>>;

/// Answers whatever a type asks for, and writes down which fields of which schema that was.
struct Asked<'a>(&'a mut Read);

struct Fields<'a> {
    left: std::slice::Iter<'static, &'static str>,
    read: &'a mut Read,
}

struct Once<'a>(Option<&'a mut Read>);

impl<'de> Deserializer<'de> for Asked<'_> {
    type Error = Error;

    /// Types that take an id or an object: the object is asked on its own.
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_str("id_1")
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.0.entry(name).or_default().extend(fields);
        visitor.visit_map(Fields { left: fields.iter(), read: self.0 })
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(Once(Some(self.0)))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_map(Fields { left: [].iter(), read: self.0 })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_enum(StrDeserializer::new(variants[0]))
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_bool(true)
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_i64(1)
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct newtype_struct tuple
        tuple_struct identifier ignored_any
    }
}

impl<'de> MapAccess<'de> for Fields<'_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        self.left.as_slice().first().map(|field| seed.deserialize(StrDeserializer::new(field))).transpose()
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        self.left.next();
        seed.deserialize(Asked(self.read))
    }
}

impl<'de> SeqAccess<'de> for Once<'_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        self.0.take().map(|read| seed.deserialize(Asked(read))).transpose()
    }
}

fn ask<T: for<'de> Deserialize<'de>>(read: &mut Read) {
    T::deserialize(Asked(read)).map(drop).unwrap();
}

fn specification() -> Value {
    serde_json::from_str(include_str!("../tests/specification.json")).unwrap()
}

fn read() -> Read {
    let mut read = Read::new();
    ask::<checkout::Wire>(&mut read);
    ask::<customers::Wire>(&mut read);
    ask::<error::Body>(&mut read);
    ask::<invoices::Wire>(&mut read);
    ask::<list::Page<prices::WirePrice>>(&mut read);
    ask::<portal::Wire>(&mut read);
    ask::<prices::WireProduct>(&mut read);
    ask::<subscriptions::Wire>(&mut read);
    read
}

#[test]
fn the_version_is_that_of_the_specification() {
    assert_eq!(specification()["version"], VERSION);
}

#[test]
fn every_field_that_is_read_is_in_the_specification() {
    let specification = specification();
    let read = read();
    for (schema, fields) in &read {
        for field in fields {
            assert!(specification["schemas"][schema][field].is_string(), "Stripe's {schema} has no {field}");
        }
    }
    let names: Vec<&str> = read.keys().copied().collect();
    let expected = [
        "billing_portal.session",
        "checkout.session",
        "customer",
        "error",
        "invoice",
        "line_item",
        "line_item.period",
        "list",
        "price",
        "price.recurring",
        "product",
        "subscription",
        "subscription_item",
    ];
    assert_eq!(names, expected);
}

/// What must be there for an answer to be read is not optional in the specification.
#[test]
fn what_can_be_missing_is_optional_here() {
    let specification = specification();
    let may_be_null =
        |schema: &str, field: &str| specification["schemas"][schema][field].as_str().unwrap().ends_with('?');
    for (schema, fields) in read() {
        for field in fields.into_iter().filter(|field| may_be_null(schema, field)) {
            let whole = serde_json::json!({ field: null });
            let error = match schema {
                "checkout.session" => serde_json::from_value::<checkout::Wire>(whole).err(),
                "invoice" => serde_json::from_value::<invoices::Wire>(whole).err(),
                "price" => serde_json::from_value::<prices::WirePrice>(whole).err(),
                "subscription" => serde_json::from_value::<subscriptions::Wire>(whole).err(),
                "error" => serde_json::from_value::<error::Body>(whole).err(),
                _ => panic!("{schema}.{field} can be null: read it here as well"),
            };
            let complaint = error.map(|error| error.to_string()).unwrap_or_default();
            assert!(!complaint.contains("null"), "{schema}.{field}: {complaint}");
        }
    }
}

/// Every status that Stripe has is one of ours.
#[test]
fn every_status_is_known() {
    let specification = specification();
    let known = |schema: &str, other: &dyn Fn(&str) -> bool| {
        let values = specification["schemas"][schema]["status"].as_str().unwrap().trim_end_matches('?').to_owned();
        values.split('|').for_each(|value| assert!(!other(value), "{schema}: {value}"));
    };
    let text = |value: &str| Value::String(value.to_owned());
    known("subscription", &|value| {
        serde_json::from_value::<crate::Status>(text(value)).unwrap() == crate::Status::Other
    });
    known("invoice", &|value| {
        serde_json::from_value::<crate::InvoiceStatus>(text(value)).unwrap() == crate::InvoiceStatus::Other
    });
    known("checkout.session", &|value| {
        serde_json::from_value::<crate::CheckoutStatus>(text(value)).unwrap() == crate::CheckoutStatus::Other
    });
}
