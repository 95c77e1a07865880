//! Answers that are too long, pages that do not end, and secrets.

use std::error::Error as _;

use serde_json::json;
use stripe::{CustomerId, Error, Unreadable};

use crate::server::{Server, Step};
use crate::{create, item, page, product, refusal, subscription};

#[tokio::test]
async fn huge_answers_are_not_kept() {
    let server = Server::start([Step::ok("x".repeat(2 * 1024 * 1024 + 1))]).await;
    let error = create(&server.client()).await.unwrap_err();
    assert!(matches!(error, Error::Unreadable(Unreadable::TooLong(_))), "{error:?}");
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn pages_are_followed_from_the_last_item() {
    let part = |id: &str| subscription(id, &json!([item("si_1", &json!("prod_1"))]));
    let server = Server::start([
        Step::ok(page(&[part("sub_a"), part("sub_b")], true)),
        Step::ok(page(&[part("sub_c")], false)),
        Step::ok(page(&[product("prod_1", Some("team"))], false)),
    ])
    .await;
    let listed = server.client().list_subscriptions(&"cus_1".parse().unwrap()).await.unwrap();
    let ids: Vec<&str> = listed.items.iter().map(|subscription| subscription.id.as_str()).collect();
    assert_eq!((ids, listed.is_complete), (vec!["sub_a", "sub_b", "sub_c"], true));
    let seen = server.seen();
    assert!(!seen[0].line.contains("starting_after"));
    assert!(seen[1].line.contains("starting_after=sub_b"), "{}", seen[1].line);
    assert!(seen[2].line.contains("/v1/products?ids%5B%5D=prod_1&limit=100"), "{}", seen[2].line);
}

#[tokio::test]
async fn pages_without_end_are_left() {
    let invoice = json!({
        "id": "in_1", "number": null, "status": "draft", "amount_paid": 0, "currency": "usd", "created": 1, "period_start": 1,
        "period_end": 1, "lines": page(&[], false), "invoice_pdf": null, "hosted_invoice_url": null,
    });
    let server = Server::start(vec![Step::ok(page(&[invoice], true)); 99]).await;
    let listed = server.client().list_invoices(&"cus_1".parse().unwrap()).await.unwrap();
    assert_eq!((listed.items.len(), listed.is_complete, server.seen().len()), (8, false, 8));

    let server = Server::start(vec![Step::ok(page(&[], true)); 99]).await;
    let listed = server.client().list_invoices(&"cus_1".parse().unwrap()).await.unwrap();
    assert_eq!((listed.items.len(), listed.is_complete, server.seen().len()), (0, true, 1));
}

#[tokio::test]
async fn nothing_shows_the_secret_key_or_whom_it_is_about() {
    let echo = json!({ "error": { "type": "invalid_request_error", "message": "Invalid API Key: sk_test_hidden" } });
    let server =
        Server::start([Step::Answer(401, Vec::new(), echo.to_string()), Step::Close, Step::Close, Step::Close]).await;
    let client = server.client();
    let refused = create(&client).await.unwrap_err();
    let customer: CustomerId = "cus_secretive".parse().unwrap();
    let unavailable = client.list_invoices(&customer).await.unwrap_err();
    for error in [&refused, &unavailable] {
        let mut shown = format!("{error:?} {error} {client:?} {:?}", server.config());
        let mut source = error.source();
        while let Some(error) = source {
            shown.push_str(&format!(" {error} {error:?}"));
            source = error.source();
        }
        assert!(!shown.contains("hidden") && !shown.contains("secretive"), "{shown}");
    }
    assert!(refused.to_string().contains("Invalid API Key: [secret key]"), "{refused}");
}

#[tokio::test]
async fn refusals_say_what_is_wrong() {
    let answer = Step::Answer(400, Vec::new(), refusal("resource_missing").to_string()).with("request-id", "req_1");
    let server = Server::start([answer]).await;
    let error = create(&server.client()).await.unwrap_err();
    assert!(error.is_missing() && !error.is_declined());
    assert_eq!(
        error.to_string(),
        "Stripe refused: status 400, type invalid_request_error, code resource_missing, parameter price, request req_1, \
         message No such price"
    );
}
