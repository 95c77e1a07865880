//! What goes over the wire for each call.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use stripe::{
    CustomerId, IdempotencyKey, Metadata, NewCheckout, NewCustomer, NewPortalSession, PriceChange, Proration,
};

use crate::server::{Seen, Server, Step};
use crate::{customer, item, page, product, subscription};

fn specification() -> Value {
    serde_json::from_str(include_str!("../specification.json")).unwrap()
}

/// Names and texts of the parameters, decoded, and the call as the specification names it.
fn parameters(seen: &Seen) -> (String, Vec<(String, String)>) {
    let (method, rest) = seen.line.split_once(' ').unwrap();
    let (target, _) = rest.rsplit_once(' ').unwrap();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let encoded = if method == "GET" { query } else { &seen.body };
    let path: Vec<&str> = path.split('/').map(|part| if part.contains("_1") { "{id}" } else { part }).collect();
    let pairs = form_urlencoded::parse(encoded.as_bytes()).into_owned().collect();
    (format!("{method} {}", path.join("/")), pairs)
}

/// `items[0][price]` as `items[].price`; what is under metadata is ours.
fn plain(name: &str) -> String {
    let name = name.split("[tenant]").next().unwrap();
    let parts: Vec<&str> = name.split('[').map(|part| part.trim_end_matches(']')).collect();
    let mut plain = parts[0].to_owned();
    for part in &parts[1..] {
        match part.parse::<usize>() {
            Ok(_) => plain.push_str("[]"),
            Err(_) if part.is_empty() => {}
            Err(_) => plain.push_str(&format!(".{part}")),
        }
    }
    plain
}

async fn seen_of_every_call() -> Vec<Seen> {
    let whole = subscription("sub_1", &json!([item("si_1", &product("prod_1", Some("team")))]));
    let part = subscription("sub_1", &json!([item("si_1", &json!("prod_1"))]));
    let checkout = json!({ "id": "cs_1", "status": "open", "url": "https://x", "expires_at": 1_764_000_000 });
    let server = Server::start([
        Step::ok(customer()),
        Step::ok(page(&[item("si_1", &product("prod_1", None))["price"].clone()], false)),
        Step::ok(&checkout),
        Step::ok(page(&[], false)),
        Step::ok(&checkout),
        Step::ok(page(&[part], false)),
        Step::ok(page(&[product("prod_1", Some("team"))], false)),
        Step::ok(&whole),
        Step::ok(&whole),
        Step::ok(&whole),
        Step::ok(json!({ "url": "https://x" })),
        Step::ok(page(&[], false)),
    ])
    .await;
    let (client, key, id) = (server.client(), IdempotencyKey::fresh(), "cus_1".parse::<CustomerId>().unwrap());
    let metadata = Metadata::from([("tenant".to_owned(), "0f".to_owned())]);
    let (price, item) = ("price_1".parse().unwrap(), "si_1".parse().unwrap());
    let (checkout, sub) = ("cs_1".parse().unwrap(), "sub_1".parse().unwrap());
    client.create_customer(&NewCustomer { name: "Ä", email: Some("a+b@c"), metadata: &metadata }, &key).await.unwrap();
    client.find_price("team").await.unwrap();
    let urls = ("https://app/?a=1&s={CHECKOUT_SESSION_ID}", "https://app/#b");
    let new = NewCheckout {
        customer: &id,
        price: &price,
        client_reference_id: "0f",
        metadata: &metadata,
        success_url: urls.0,
        cancel_url: urls.1,
    };
    client.create_checkout(&new, &key).await.unwrap();
    client.open_checkouts(&id).await.unwrap();
    client.expire_checkout(&checkout, &key).await.unwrap();
    client.list_subscriptions(&id).await.unwrap();
    client.retrieve_subscription(&sub).await.unwrap();
    let change = PriceChange { item: &item, price: &price, proration: Proration::Now };
    client.change_price(&sub, &change, &key).await.unwrap();
    client.cancel_at_period_end(&sub, true, &key).await.unwrap();
    client.create_portal_session(&NewPortalSession { customer: &id, return_url: "https://app" }, &key).await.unwrap();
    client.list_invoices(&id).await.unwrap();
    server.seen()
}

#[tokio::test]
async fn every_parameter_is_in_the_specification() {
    let (specification, seen) = (specification(), seen_of_every_call().await);
    let mut called = BTreeSet::new();
    for seen in &seen {
        let (call, pairs) = parameters(seen);
        let known = specification["requests"][&call].as_array().unwrap_or_else(|| panic!("no call {call}"));
        for (name, _) in pairs {
            assert!(known.contains(&json!(plain(&name))), "{call} takes no {name}");
        }
        called.insert(call);
    }
    assert_eq!(called.len(), specification["requests"].as_object().unwrap().len(), "{called:?}");
}

#[tokio::test]
async fn each_call_says_who_asks_and_in_which_version() {
    for seen in seen_of_every_call().await {
        assert_eq!(seen.header("authorization"), Some("Bearer sk_test_hidden"));
        assert_eq!(seen.header("stripe-version"), Some(stripe::VERSION));
        assert!(seen.header("user-agent").unwrap().starts_with("apptego/"));
        let is_post = seen.line.starts_with("POST");
        assert_eq!(seen.header("idempotency-key").is_some(), is_post);
        assert_eq!(seen.header("content-type"), is_post.then_some("application/x-www-form-urlencoded"));
    }
}

#[tokio::test]
async fn nested_fields_stand_in_brackets() {
    let seen = seen_of_every_call().await;
    let of = |call: &str| {
        let mut all = seen.iter().map(parameters).filter(|(name, _)| name == call);
        all.next().unwrap().1.into_iter().map(|(name, text)| format!("{name}={text}")).collect::<Vec<_>>()
    };
    assert_eq!(of("POST /v1/customers"), ["name=Ä", "email=a+b@c", "metadata[tenant]=0f"]);
    assert_eq!(
        of("POST /v1/checkout/sessions"),
        [
            "mode=subscription",
            "customer=cus_1",
            "line_items[0][price]=price_1",
            "line_items[0][quantity]=1",
            "client_reference_id=0f",
            "success_url=https://app/?a=1&s={CHECKOUT_SESSION_ID}",
            "cancel_url=https://app/#b",
            "metadata[tenant]=0f",
            "subscription_data[metadata][tenant]=0f",
        ]
    );
    assert_eq!(of("GET /v1/prices"), ["lookup_keys[]=team", "active=true", "limit=2", "expand[]=data.product"]);
    let change = ["items[0][id]=si_1", "items[0][price]=price_1", "proration_behavior=always_invoice"];
    assert_eq!(of("POST /v1/subscriptions/{id}")[..3], change);
    assert_eq!(of("GET /v1/products"), ["ids[]=prod_1", "limit=100"]);
}

/// Stripe expands four levels.
#[tokio::test]
async fn nothing_is_expanded_too_deep() {
    for seen in seen_of_every_call().await {
        for (name, text) in parameters(&seen).1 {
            assert!(name != "expand[]" || text.split('.').count() <= 4, "{text}");
        }
    }
}
