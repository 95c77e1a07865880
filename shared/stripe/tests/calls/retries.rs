//! When a call is tried again, and what of it stays the same.

use std::time::{Duration, Instant};

use stripe::{Client, Config, Error, IdempotencyKey, Trouble};

use crate::server::{Server, Step};
use crate::{create, create_with, customer, page, refusal};

#[tokio::test]
async fn troubles_are_tried_again_with_the_same_key_and_body() {
    for trouble in [
        Step::status(409),
        Step::status(429),
        Step::status(500),
        Step::status(503),
        Step::Close,
        Step::Half,
        Step::Hang,
        Step::status(400).with("stripe-should-retry", "true"),
    ] {
        let server = Server::start([trouble, Step::ok(customer())]).await;
        assert_eq!(create(&server.client()).await.unwrap().as_str(), "cus_1");
        let seen = server.seen();
        assert_eq!(seen.len(), 2);
        assert_eq!(seen[0].header("idempotency-key"), Some("key-1"));
        assert_eq!(seen[1].header("idempotency-key"), Some("key-1"));
        assert_eq!((&seen[0].line, &seen[0].body), (&seen[1].line, &seen[1].body));
    }
}

#[tokio::test]
async fn refusals_are_not_tried_again() {
    for status in [302, 400, 401, 402, 403, 404] {
        let server = Server::start([Step::Answer(status, Vec::new(), refusal("some_code").to_string())]).await;
        let error = create(&server.client()).await.unwrap_err();
        assert_eq!(error.refusal().unwrap().status, status);
        assert_eq!(server.seen().len(), 1);
    }
}

#[tokio::test]
async fn stripe_can_forbid_another_try() {
    let conflict = Step::Answer(409, Vec::new(), refusal("some_code").to_string());
    let server = Server::start([conflict.with("stripe-should-retry", "false")]).await;
    assert_eq!(create(&server.client()).await.unwrap_err().refusal().unwrap().status, 409);
    assert_eq!(server.seen().len(), 1);

    let server = Server::start([Step::status(500).with("stripe-should-retry", "false")]).await;
    let error = create(&server.client()).await.unwrap_err();
    assert!(matches!(error, Error::Unavailable { tries: 1, .. }), "{error:?}");
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn tries_end() {
    let failing = Step::Answer(503, Vec::new(), refusal("lock_timeout").to_string()).with("request-id", "req_9");
    let server = Server::start(vec![failing; 9]).await;
    let error = create(&server.client()).await.unwrap_err();
    let Error::Unavailable { tries: 3, retry_after: None, last } = error else { panic!("{error:?}") };
    let Trouble::Status { status: 503, code, request_id } = last else { panic!("{last:?}") };
    assert_eq!((code.as_deref(), request_id.as_deref()), (Some("lock_timeout"), Some("req_9")));
    assert_eq!(server.seen().len(), 3);
}

#[tokio::test]
async fn retry_after_is_waited_for() {
    let busy = Step::status(429).with("retry-after", "1");
    let server = Server::start([busy, Step::ok(customer())]).await;
    let start = Instant::now();
    create(&server.client()).await.unwrap();
    assert!(start.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn a_wait_beyond_the_deadline_is_told_at_once() {
    let server = Server::start([Step::status(429).with("retry-after", "60")]).await;
    let start = Instant::now();
    let error = create(&server.client()).await.unwrap_err();
    assert!(start.elapsed() < Duration::from_secs(2));
    let Error::Unavailable { tries: 1, retry_after, .. } = error else { panic!("{error:?}") };
    assert_eq!(retry_after, Some(Duration::from_secs(60)));
}

#[tokio::test]
async fn the_deadline_is_for_all_tries() {
    let server = Server::start(vec![Step::Hang; 9]).await;
    let config = Config { deadline: Duration::from_millis(700), tries: 9, ..server.config() };
    let start = Instant::now();
    let error = create(&Client::new(&config).unwrap()).await.unwrap_err();
    assert!(matches!(error, Error::Unavailable { tries: 2, last: Trouble::Connection(_), .. }), "{error:?}");
    assert!(start.elapsed() < Duration::from_millis(1000), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_try_ends_with_the_deadline() {
    let server = Server::start([Step::Hang]).await;
    let limits = (Duration::from_secs(5), Duration::from_millis(300));
    let config = Config { try_limit: limits.0, deadline: limits.1, ..server.config() };
    let start = Instant::now();
    let error = create(&Client::new(&config).unwrap()).await.unwrap_err();
    assert!(matches!(error, Error::Unavailable { tries: 1, last: Trouble::Connection(_), .. }), "{error:?}");
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
}

#[tokio::test]
async fn one_deadline_can_be_for_several_calls() {
    let server = Server::start([Step::ok(customer()), Step::Hang]).await;
    let client = server.client().until(tokio::time::Instant::now() + Duration::from_millis(250));
    create(&client).await.unwrap();
    let error = create(&client).await.unwrap_err();
    assert!(matches!(error, Error::Unavailable { tries: 1, .. }), "{error:?}");
    let error = create(&client).await.unwrap_err();
    assert!(matches!(error, Error::Unavailable { tries: 1, last: Trouble::Late, .. }), "{error:?}");
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn no_server_is_a_trouble() {
    let config = Config { tries: 2, ..Config::new("sk_test_hidden".into()) };
    let client = Client::new(&Config { base_url: "http://127.0.0.1:1".to_owned(), ..config }).unwrap();
    let error = create(&client).await.unwrap_err();
    assert!(matches!(error, Error::Unavailable { tries: 2, last: Trouble::Connection(_), .. }), "{error:?}");
}

#[tokio::test]
async fn reads_are_tried_again_without_a_key() {
    let server = Server::start([Step::Close, Step::ok(page(&[], false))]).await;
    assert!(server.client().find_price("team").await.unwrap().is_none());
    let seen = server.seen();
    assert_eq!(seen.len(), 2);
    assert!(seen.iter().all(|seen| seen.header("idempotency-key").is_none() && seen.body.is_empty()));
}

#[tokio::test]
async fn fresh_keys_differ_between_calls() {
    let server = Server::start([Step::ok(customer()), Step::ok(customer())]).await;
    create_with(&server.client(), &IdempotencyKey::fresh()).await.unwrap();
    create_with(&server.client(), &IdempotencyKey::fresh()).await.unwrap();
    let seen = server.seen();
    assert_ne!(seen[0].header("idempotency-key"), seen[1].header("idempotency-key"));
}
