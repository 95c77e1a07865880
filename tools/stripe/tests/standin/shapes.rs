//! Everything that the stand-in answers or tells is in Stripe's specification, with its type.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::Value;
use stripe::{NewPortalSession, PriceChange, Proration};

use crate::calls::raw;
use crate::{DAY, bench, fresh};

struct Specification {
    schemas: Value,
    /// What was seen of it.
    seen: BTreeSet<String>,
}

impl Specification {
    fn read() -> Self {
        let text = include_str!("../../../../shared/stripe/tests/specification.json");
        let mut specification: Value = serde_json::from_str(text).unwrap();
        Self { schemas: specification["schemas"].take(), seen: BTreeSet::new() }
    }

    /// An object is of the schema that it names, or of the one at its place.
    fn check(&mut self, schema: &str, value: &Value) {
        let schema = value["object"].as_str().unwrap_or(schema);
        assert!(self.schemas[schema].is_object(), "no schema {schema}: {value}");
        self.seen.insert(schema.to_owned());
        for (field, value) in value.as_object().unwrap() {
            let kind =
                self.schemas[schema][field].as_str().unwrap_or_else(|| panic!("{schema} has no {field}")).to_owned();
            assert!(self.fits(&kind, schema, field, value), "{schema}.{field} is a {kind}: {value}");
        }
    }

    fn fits(&mut self, kind: &str, schema: &str, field: &str, value: &Value) -> bool {
        if value.is_null() {
            return kind.ends_with('?');
        }
        let kind = kind.trim_end_matches('?');
        match kind {
            "string" => value.is_string(),
            "integer" => value.is_i64(),
            "boolean" => value.is_boolean(),
            "map" => self.map(schema, field, value),
            _ if kind.starts_with("expandable") && value.is_string() => true,
            "List[T]" => value.as_array().unwrap().iter().all(|item| self.whole(item)),
            _ if value.is_object() => self.nested(schema, field, value),
            _ => value.as_str().is_some_and(|value| kind.split('|').any(|word| word == value)),
        }
    }

    /// Metadata has texts; of an event, the map is the whole object.
    fn map(&mut self, schema: &str, field: &str, value: &Value) -> bool {
        if (schema, field) == ("event.data", "object") {
            return self.whole(value);
        }
        value.as_object().is_some_and(|map| map.values().all(Value::is_string))
    }

    fn whole(&mut self, value: &Value) -> bool {
        self.check("", value);
        true
    }

    fn nested(&mut self, schema: &str, field: &str, value: &Value) -> bool {
        self.check(&format!("{schema}.{field}"), value);
        true
    }
}

#[tokio::test]
async fn every_answer_and_every_event_is_in_the_specification() {
    let bench = bench().await;
    let mut specification = Specification::read();
    let (customer, subscription) = bench.subscribed("team").await;
    let open = bench.checkout(&customer, "enterprise").await;
    let price = bench.client.find_price("enterprise").await.unwrap().unwrap();
    let change = PriceChange { item: &subscription.item, price: &price.id, proration: Proration::Now };
    bench.client.change_price(&subscription.id, &change, &fresh()).await.unwrap();
    let new = NewPortalSession { customer: &customer, return_url: "https://a" };
    bench.client.create_portal_session(&new, &fresh()).await.unwrap();
    bench.client.expire_checkout(&open.id, &fresh()).await.unwrap();
    bench.standin.decline_cards(customer.as_str(), true).unwrap();
    bench.standin.advance(28 * DAY).unwrap();

    let sub = format!("/v1/subscriptions/{}", subscription.id);
    for path in [
        "/v1/prices?active=true&expand[]=data.product".to_owned(),
        "/v1/products".to_owned(),
        format!("/v1/subscriptions?customer={customer}&status=all&expand[]=data.customer"),
        format!("{sub}?expand[]=items.data.price.product&expand[]=latest_invoice.customer&expand[]=customer"),
        format!("/v1/invoices?customer={customer}"),
        format!(
            "/v1/checkout/sessions?customer={customer}&expand[]=data.subscription.latest_invoice&expand[]=data.invoice"
        ),
    ] {
        let (status, answer) = raw(&bench, Method::GET, &path, "", None).await;
        assert_eq!(status, 200, "{path}: {answer}");
        specification.check("", &answer);
    }
    for (path, body) in [
        ("/v1/customers", "name=A&metadata[tenant]=0f".to_owned()),
        ("/v1/billing_portal/sessions", format!("customer={customer}")),
        (sub.as_str(), "cancel_at_period_end=true".to_owned()),
    ] {
        let (status, answer) = raw(&bench, Method::POST, path, &body, None).await;
        assert_eq!(status, 200, "{path}: {answer}");
        specification.check("", &answer);
    }
    bench.standin.advance(60 * DAY).unwrap();
    for event in bench.standin.events() {
        specification.check("", &event);
    }
    for path in ["/v1/none", "/v1/subscriptions/sub_none", "/v1/prices?made_up=1"] {
        let (_, answer) = raw(&bench, Method::GET, path, "", None).await;
        specification.check("error", &answer["error"]);
    }
    let left: Vec<&String> = specification
        .schemas
        .as_object()
        .unwrap()
        .keys()
        .filter(|schema| !specification.seen.contains(*schema))
        .collect();
    assert!(left.is_empty(), "never answered: {left:?}");
}
