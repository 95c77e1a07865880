//! What comes before and after each call: keys, versions, parameters, pages, faults.

use std::time::Duration;

use reqwest::{Method, Response};
use serde_json::{Value, json};
use stripe::{Client, Config, Error, IdempotencyKey, NewCustomer, VERSION};
use stripe_standin::Fault;

use crate::{Bench, KEY, bench, fresh, tenant};

/// A call as it is, for what the client never does.
pub(crate) async fn raw(bench: &Bench, method: Method, path: &str, body: &str, key: Option<&str>) -> (u16, Value) {
    let url = format!("{}{path}", bench.standin.base_url());
    let mut request = bench.http.request(method, url).bearer_auth(KEY).header("stripe-version", VERSION);
    if let Some(key) = key {
        request = request.header("idempotency-key", key);
    }
    read(request.body(body.to_owned()).send().await.unwrap()).await
}

async fn read(answer: Response) -> (u16, Value) {
    assert!(answer.headers().contains_key("request-id"));
    (answer.status().as_u16(), answer.json().await.unwrap())
}

async fn create(client: &Client, name: &str, key: &IdempotencyKey) -> Result<String, Error> {
    let customer = NewCustomer { name, email: None, metadata: &tenant() };
    client.create_customer(&customer, key).await.map(String::from)
}

fn customers(bench: &Bench) -> usize {
    bench.happened().iter().filter(|kind| *kind == "customer.created").count()
}

#[tokio::test]
async fn a_lost_answer_makes_one_object() {
    for fault in [Fault::DropAfter, Fault::DropBefore, Fault::Status(500), Fault::Status(429), Fault::Status(409)] {
        let bench = bench().await;
        bench.standin.fail([fault.clone(), fault.clone()]);
        let key = fresh();
        let made = create(&bench.client, "A", &key).await.unwrap();
        assert_eq!(customers(&bench), 1, "{fault:?}");
        assert_eq!(create(&bench.client, "A", &key).await.unwrap(), made);
        assert_eq!(customers(&bench), 1, "{fault:?}");
        assert_ne!(create(&bench.client, "A", &fresh()).await.unwrap(), made);
    }
}

/// Without a retry the answer is really lost, and what was asked has happened.
#[tokio::test]
async fn a_cut_connection_gives_nothing() {
    let bench = bench().await;
    let config = Config { base_url: bench.standin.base_url().to_owned(), tries: 1, ..Config::new(KEY.into()) };
    let client = Client::new(&config).unwrap();
    for (fault, made) in [(Fault::DropBefore, 0), (Fault::DropAfter, 1)] {
        bench.standin.fail([fault]);
        let error = create(&client, "A", &fresh()).await.unwrap_err();
        assert!(matches!(error, Error::Unavailable { tries: 1, .. }), "{error:?}");
        assert_eq!(customers(&bench), made);
    }
}

#[tokio::test]
async fn a_call_that_still_runs_is_waited_for() {
    let bench = bench().await;
    // Longer than a try: the second meets the first.
    bench.standin.fail([Fault::Delay(900)]);
    create(&bench.client, "A", &fresh()).await.unwrap();
    assert_eq!(customers(&bench), 1);

    bench.standin.fail([Fault::Delay(600)]);
    let first = raw(&bench, Method::POST, "/v1/customers", "name=B", Some("k"));
    let second = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        raw(&bench, Method::POST, "/v1/customers", "name=B", Some("k")).await
    };
    let ((first, _), (second, error)) = tokio::join!(first, second);
    assert_eq!((first, second, &error["error"]["code"]), (200, 409, &json!("idempotency_key_in_use")));
}

#[tokio::test]
async fn many_at_once_with_one_key_make_one_object() {
    let bench = bench().await;
    let key = fresh();
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let (client, key) = (bench.client.clone(), key.clone());
        calls.spawn(async move { create(&client, "A", &key).await.unwrap() });
    }
    let made: std::collections::BTreeSet<String> = calls.join_all().await.into_iter().collect();
    assert_eq!((made.len(), customers(&bench)), (1, 1));
}

#[tokio::test]
async fn a_key_is_for_one_call() {
    let bench = bench().await;
    let key = fresh();
    create(&bench.client, "A", &key).await.unwrap();
    let error = create(&bench.client, "B", &key).await.unwrap_err();
    let refusal = error.refusal().unwrap();
    assert_eq!((refusal.status, refusal.kind.as_deref()), (400, Some("idempotency_error")));
    assert_eq!(customers(&bench), 1);
    // After a day it is free again.
    bench.standin.advance(crate::DAY).unwrap();
    create(&bench.client, "B", &key).await.unwrap();
    assert_eq!(customers(&bench), 2);
}

/// What did not pass the checks can be put right with the same key; what was tried is answered the same again.
#[tokio::test]
async fn a_key_keeps_what_was_tried() {
    let bench = bench().await;
    let (status, _) = raw(&bench, Method::POST, "/v1/customers", "naming=A", Some("k1")).await;
    assert_eq!(status, 400);
    let (status, _) = raw(&bench, Method::POST, "/v1/customers", "name=A", Some("k1")).await;
    assert_eq!(status, 200);

    let customer = bench.customer().await;
    let session = bench.checkout(&customer, "team").await.id;
    let path = format!("/v1/checkout/sessions/{session}/expire");
    assert_eq!(raw(&bench, Method::POST, &path, "", Some("k2")).await.0, 200);
    let refused = raw(&bench, Method::POST, &path, "", Some("k3")).await;
    assert_eq!(refused.0, 400);
    assert_eq!(raw(&bench, Method::POST, &path, "", Some("k3")).await, refused);
    assert_eq!(raw(&bench, Method::POST, &path, "", Some("k2")).await.0, 200);
}

#[tokio::test]
async fn a_busy_stripe_is_given_time() {
    let bench = bench().await;
    bench.standin.fail([Fault::StatusAfter(429, 1)]);
    let start = std::time::Instant::now();
    assert!(bench.client.find_price("team").await.unwrap().is_some());
    assert!(start.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn only_the_key_and_the_version_are_let_in() {
    let bench = bench().await;
    let url = format!("{}/v1/prices", bench.standin.base_url());
    let asked = || bench.http.get(&url);
    assert_eq!(read(asked().send().await.unwrap()).await.0, 401);
    let other = asked().bearer_auth("sk_test_other").header("stripe-version", VERSION);
    let (status, error) = read(other.send().await.unwrap()).await;
    assert_eq!((status, &error["error"]["type"]), (401, &json!("invalid_request_error")));
    assert_eq!(read(asked().bearer_auth(KEY).send().await.unwrap()).await.0, 400);
    let older = asked().bearer_auth(KEY).header("stripe-version", "2024-06-20");
    assert_eq!(read(older.send().await.unwrap()).await.0, 400);
    assert_eq!(raw(&bench, Method::GET, "/v1/prices", "", None).await.0, 200);

    let config = Config { base_url: bench.standin.base_url().to_owned(), ..Config::new("sk_test_other".into()) };
    let error = Client::new(&config).unwrap().find_price("team").await.unwrap_err();
    assert_eq!(error.refusal().unwrap().status, 401);
}

#[tokio::test]
async fn what_stripe_would_refuse_is_refused() {
    let bench = bench().await;
    let (customer, subscription) = bench.subscribed("team").await;
    let sub = format!("/v1/subscriptions/{}", subscription.id);
    let session = format!("mode=subscription&success_url=https://a&line_items[0][quantity]=1&customer={customer}");
    let unknown = "parameter_unknown";
    for (method, path, body, status, code) in [
        (Method::GET, "/v1/charges", String::new(), 404, None),
        (Method::DELETE, sub.as_str(), String::new(), 404, None),
        (Method::GET, "/v1/subscriptions/sub_none", String::new(), 404, Some("resource_missing")),
        (Method::GET, "/v1/invoices?customer=cus_none", String::new(), 400, Some("resource_missing")),
        (Method::GET, "/v1/invoices?limit=101", String::new(), 400, None),
        (Method::GET, "/v1/invoices?starting_after=in_none", String::new(), 400, Some("resource_missing")),
        (Method::GET, "/v1/subscriptions?status=odd", String::new(), 400, None),
        (Method::GET, "/v1/subscriptions?expand[]=data.items.data.price.product", String::new(), 400, None),
        (Method::GET, "/v1/subscriptions?expand[]=data.items.data.price.made_up", String::new(), 400, None),
        (Method::GET, "/v1/subscriptions?expand[]=data.items.data.made_up", String::new(), 400, None),
        (Method::POST, "/v1/customers", "made_up=1".to_owned(), 400, Some(unknown)),
        (Method::POST, "/v1/checkout/sessions", format!("{session}&made[up]=1"), 400, Some("parameter_missing")),
        (
            Method::POST,
            "/v1/checkout/sessions",
            format!("{session}&line_items[0][price]=price_none"),
            400,
            Some("resource_missing"),
        ),
        (Method::POST, "/v1/billing_portal/sessions", String::new(), 400, Some("parameter_missing")),
        (
            Method::POST,
            "/v1/billing_portal/sessions",
            format!("customer={customer}&return_url=javascript:x"),
            400,
            None,
        ),
        (
            Method::POST,
            sub.as_str(),
            "items[0][price]=x&items[0][id]=si_none".to_owned(),
            400,
            Some("resource_missing"),
        ),
        (Method::POST, sub.as_str(), "cancel_at_period_end=1".to_owned(), 400, None),
        (Method::POST, sub.as_str(), "plan=team".to_owned(), 400, Some(unknown)),
    ] {
        let (found, error) = raw(&bench, method.clone(), path, &body, None).await;
        assert_eq!((found, error["error"]["code"].as_str()), (status, code), "{method} {path} {body}: {error}");
        assert!(error["error"]["type"].is_string() && error["error"]["message"].is_string());
    }
    // Nothing of it had an effect.
    assert_eq!(bench.only(&customer).await, subscription);
}

#[tokio::test]
async fn every_call_of_the_specification_is_there_and_takes_nothing_else() {
    let bench = bench().await;
    let specification: Value =
        serde_json::from_str(include_str!("../../../../shared/stripe/tests/specification.json")).unwrap();
    for call in specification["requests"].as_object().unwrap().keys() {
        let (method, path) = call.split_once(' ').unwrap();
        let path = path.replace("{id}", "none_1");
        let (path, body) = if method == "GET" { (format!("{path}?made_up=1"), "") } else { (path, "made_up=1") };
        let (status, error) = raw(&bench, method.parse().unwrap(), &path, body, None).await;
        let code = error["error"]["code"].as_str();
        assert!(matches!((status, code), (400, Some("parameter_unknown" | "parameter_missing"))), "{call}: {error}");
    }
}

#[tokio::test]
async fn lists_come_in_pages() {
    let bench = bench().await;
    let customer = bench.customer().await;
    for _ in 0..60 {
        bench.checkout(&customer, "team").await;
    }
    let listed = bench.client.open_checkouts(&customer).await.unwrap();
    assert_eq!((listed.items.len(), listed.is_complete), (60, true));
    let ids: std::collections::BTreeSet<_> = listed.items.iter().map(|session| session.id.clone()).collect();
    assert_eq!(ids.len(), 60);
    let page = format!("/v1/checkout/sessions?limit=7&starting_after={}", listed.items[52].id);
    let (_, page) = raw(&bench, Method::GET, &page, "", None).await;
    assert_eq!((page["data"].as_array().unwrap().len(), &page["has_more"]), (7, &json!(false)));
    assert_eq!(page["data"][0]["id"], listed.items[53].id.as_str());
}

#[tokio::test]
async fn it_can_be_led_over_http() {
    let bench = bench().await;
    let (customer, _) = bench.subscribed("team").await;
    let post = async |path: &str, body: Value| {
        let url = format!("{}/standin/{path}", bench.standin.base_url());
        bench.http.post(url).json(&body).send().await.unwrap().status().as_u16()
    };
    assert_eq!(post(&format!("customers/{customer}/card"), json!({ "declines": true })).await, 204);
    assert_eq!(post("customers/cus_none/card", json!({ "declines": true })).await, 404);
    assert_eq!(post("clock", json!({ "advance": 28 * crate::DAY })).await, 200);
    assert_eq!(post("clock", json!({ "advance": -1 })).await, 400);
    assert_eq!(post("clock", json!({ "advance": i64::MAX })).await, 400);
    assert_eq!(
        post("faults", json!([{ "status": 500 }, "drop_after", "pass", { "status_after": [429, 1] }])).await,
        204
    );
    assert_eq!(post("events", json!({ "hold": true })).await, 204);
    assert_eq!(bench.only(&customer).await.status, stripe::Status::PastDue);
    let events: Vec<Value> = bench
        .http
        .get(format!("{}/standin/events", bench.standin.base_url()))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(events, bench.standin.events());
}
