//! What an event says, read tolerantly: objects of many kinds come, and of each only what it is about matters.

use jiff::Timestamp;
use serde_json::Value;

use crate::id::{CustomerId, EventId, SubscriptionId};

/// Something happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Names it; the same event again has the same.
    pub id: EventId,
    /// `customer.subscription.updated` and its like; Stripe's `type`.
    pub kind: String,
    /// When it happened; two can have the same second.
    pub created: Timestamp,
    /// Whether it is of real money.
    pub livemode: bool,
    /// What it happened to.
    pub object: Object,
    /// Whose object it is, or the customer itself.
    pub customer: Option<CustomerId>,
    /// The object, where it is a subscription; the one that it is of or that came of it, where it has one.
    pub subscription: Option<SubscriptionId>,
    /// What we know the buyer by, with a checkout session.
    pub client_reference_id: Option<String>,
}

/// What an event happened to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// `subscription`, `invoice` and their like; Stripe's `object`.
    pub kind: String,
    /// Names it. Some kinds have none.
    pub id: Option<String>,
}

impl Event {
    pub(super) fn read(body: &[u8]) -> Result<Self, &'static str> {
        let event: Value = serde_json::from_slice(body).map_err(|_| "it is no JSON")?;
        if event["object"] != "event" {
            return Err("its object is another");
        }
        let object = &event["data"]["object"];
        let object_kind = text(&object["object"]).ok_or("it has no object")?;
        let created = event["created"].as_i64().and_then(|seconds| Timestamp::from_second(seconds).ok());
        Ok(Self {
            id: text(&event["id"]).and_then(|id| id.parse().ok()).ok_or("it has no id")?,
            kind: text(&event["type"]).ok_or("it has no type")?.to_owned(),
            created: created.ok_or("it has no time")?,
            livemode: event["livemode"].as_bool().ok_or("it does not say whether it is live")?,
            customer: customer(object_kind, object).and_then(|id| id.parse().ok()),
            subscription: subscription(object_kind, object).and_then(|id| id.parse().ok()),
            client_reference_id: text(&object["client_reference_id"]).map(str::to_owned),
            object: Object { kind: object_kind.to_owned(), id: text(&object["id"]).map(str::to_owned) },
        })
    }
}

fn customer<'a>(kind: &str, object: &'a Value) -> Option<&'a str> {
    if kind == "customer" { text(&object["id"]) } else { named(&object["customer"]) }
}

/// Since 2025-03-31 an invoice names its subscription as its parent. An endpoint of an older version still sends the other.
fn subscription<'a>(kind: &str, object: &'a Value) -> Option<&'a str> {
    if kind == "subscription" {
        return text(&object["id"]);
    }
    let parent = &object["parent"]["subscription_details"]["subscription"];
    named(parent).or_else(|| named(&object["subscription"]))
}

/// An id, or an object that has one.
fn named(value: &Value) -> Option<&str> {
    text(value).or_else(|| text(&value["id"]))
}

fn text(value: &Value) -> Option<&str> {
    value.as_str()
}
