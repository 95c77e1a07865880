//! What the types here read is in Stripe's specification: tests/specification.json.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::value::{Error, StrDeserializer};
use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, forward_to_deserialize_any};
use serde_json::{Value, json};

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

/// Classes of the package whose fields are read, by their schemas.
const WITHIN: [(&str, &str); 5] = [
    ("InvoiceLineItem", "line_item"),
    ("Period", "line_item.period"),
    ("Price", "price"),
    ("Recurring", "price.recurring"),
    ("SubscriptionItem", "subscription_item"),
];

/// An object of a schema, with everything that can be there or with as little as there can be.
fn example(specification: &Value, schema: &str, is_full: bool) -> Value {
    let fields = specification["schemas"][schema].as_object().unwrap();
    let value = |kind: &str| match kind.strip_suffix('?') {
        Some(_) if !is_full => Value::Null,
        _ => value_of(specification, kind.trim_end_matches('?'), is_full),
    };
    fields.iter().map(|(field, kind)| (field.clone(), value(kind.as_str().unwrap()))).collect()
}

fn value_of(specification: &Value, kind: &str, is_full: bool) -> Value {
    let class = kind.strip_prefix("list of ").unwrap_or(kind);
    let within = WITHIN.iter().find(|(name, _)| *name == class);
    let whole = within.map_or(json!({}), |(_, schema)| example(specification, schema, is_full));
    match kind {
        "string" => json!("id_1"),
        "integer" => json!(1),
        "boolean" => json!(true),
        "map" => json!({ "plan": "team" }),
        _ if kind.starts_with("list of") => json!({ "object": "list", "data": [whole], "has_more": false }),
        _ if kind.starts_with("expandable") => json!("id_1"),
        _ if kind.starts_with(char::is_uppercase) => whole,
        _ => json!(kind.split('|').next().unwrap()),
    }
}

#[test]
fn what_the_specification_allows_is_read() {
    let specification = specification();
    for is_full in [true, false] {
        let example = |schema: &str| example(&specification, schema, is_full);
        serde_json::from_value::<checkout::Wire>(example("checkout.session")).unwrap();
        serde_json::from_value::<customers::Wire>(example("customer")).unwrap();
        serde_json::from_value::<error::Body>(example("error")).unwrap();
        serde_json::from_value::<invoices::Wire>(example("invoice")).unwrap();
        serde_json::from_value::<portal::Wire>(example("billing_portal.session")).unwrap();
        serde_json::from_value::<prices::WirePrice>(example("price")).unwrap();
        serde_json::from_value::<prices::WireProduct>(example("product")).unwrap();
        serde_json::from_value::<subscriptions::Wire>(example("subscription")).unwrap();
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
