//! `Idempotency-Key` on the call that creates.

use std::collections::BTreeSet;

use domain::plan::Plan;
use futures_util::future::join_all;
use http::StatusCode;
use serde_json::{Value, json};
use tests::harness::{Answer, Bench, put, send, send_bytes};

const UPLOAD: &str = "/automate/upload";
const DAY: i64 = 24 * 3600;

fn body() -> Value {
    json!({ "file_name": "app-release.apk", "platform": "android", "version": "dev" })
}

async fn upload(bench: &Bench, bearer: &str, key: &str, body: Value) -> Answer {
    send(&bench.router, "POST", UPLOAD, &[("authorization", bearer), ("idempotency-key", key)], Some(body)).await
}

fn replayed(answer: &Answer) -> bool {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    answer.headers.get("idempotent-replayed").is_some_and(|value| value == "true")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_request_answers_the_same_job_with_urls_that_work_for_24_hours() {
    let bench = Bench::start().await;
    let bearer = bench.bearer();
    let first = upload(&bench, &bearer, "build 4711!", body()).await;
    assert!(!replayed(&first) && first.headers.get("idempotent-replayed").is_none());
    bench.clock.pass(DAY - 60);
    let again = upload(&bench, &bearer, "build 4711!", body()).await;
    assert!(replayed(&again));
    for field in ["job_id", "start_time", "file_path", "signing_key_id", "expires_in"] {
        assert_eq!(first.body[field], again.body[field], "{field}");
    }
    put(&again.text("upload_url"), b"x".to_vec()).await;
    assert_eq!(bench.get(&format!("/automate/status/{}", again.text("job_id"))).await.status, StatusCode::OK);

    let reused = upload(
        &bench,
        &bearer,
        "build 4711!",
        json!({ "file_name": "b.apk", "platform": "android", "version": "dev" }),
    )
    .await;
    let found = (reused.status.as_u16(), reused.text("code"), reused.text("error"));
    let error = "This Idempotency-Key was used with a different request";
    assert_eq!(found, (422, "idempotency_key_reused".into(), error.into()));

    bench.clock.pass(60);
    let later = upload(&bench, &bearer, "build 4711!", body()).await;
    assert!(!replayed(&later), "24 hours are over");
    assert_ne!(later.text("job_id"), first.text("job_id"));

    let mut large = body();
    large["file_size"] = json!(104_857_600);
    let (first, again) =
        (upload(&bench, &bearer, "parts", large.clone()).await, upload(&bench, &bearer, "parts", large).await);
    assert!(!replayed(&first) && replayed(&again));
    for field in ["job_id", "upload_id", "total_parts", "file_path"] {
        assert_eq!(first.body[field], again.body[field], "{field}");
    }
    assert_eq!(again.body["part_urls"].as_array().map(Vec::len), Some(10));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_counts_for_its_caller_alone_and_a_refused_request_is_not_remembered() {
    let bench = Bench::start().await;
    let bearer = bench.bearer();
    let second = local::seed::make_automation_key(bench.own(), &bench.tenant.id, "Second").await;
    let (_, other) = bench.another_tenant(2, Plan::Team).await;
    let callers =
        [bearer.clone(), format!("Bearer {}", second.unwrap().expose()), format!("Bearer {}", other.expose())];
    let mut jobs = BTreeSet::new();
    for caller in &callers {
        let answer = upload(&bench, caller, "same", body()).await;
        assert!(!replayed(&answer));
        jobs.insert(answer.text("file_path"));
    }
    assert_eq!(jobs.len(), 3, "each caller has a job of its own: {jobs:?}");

    let refused = upload(&bench, &bearer, "retry", json!({ "file_name": "a.zip" })).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(!replayed(&upload(&bench, &bearer, "retry", body()).await), "the key is free after a refusal");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_1_to_255_printable_ascii_characters_sent_once() {
    let bench = Bench::start().await;
    let bearer = bench.bearer();
    let (longest, long) = ("k".repeat(255), "k".repeat(256));
    for good in ["a", "~ !\"#", &longest] {
        assert!(!replayed(&upload(&bench, &bearer, good, body()).await), "{good}");
    }
    let message = "Idempotency-Key must be 1 to 255 printable ASCII characters";
    for bad in ["", &long, "tab\tin", "größe"] {
        let answer = upload(&bench, &bearer, bad, body()).await;
        let found = (answer.status.as_u16(), answer.text("code"), answer.text("error"));
        assert_eq!(found, (400, "invalid_idempotency_key".into(), message.into()), "{bad:?}");
    }
    let twice = [("authorization", &*bearer), ("idempotency-key", "a"), ("idempotency-key", "a")];
    let answer = send_bytes(&bench.router, "POST", UPLOAD, &twice, body().to_string()).await;
    assert_eq!((answer.status.as_u16(), answer.text("error")), (400, message.into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_equal_requests_at_once_make_one_job_even_where_only_one_slot_is_free() {
    let bench = Bench::start().await;
    bench.limit(1, 1).await;
    let bearer = bench.bearer();
    for size in [None, Some(104_857_600)] {
        let mut request = body();
        request["file_size"] = json!(size);
        let key = format!("race {size:?}");
        let answers = join_all((0..10).map(|_| upload(&bench, &bearer, &key, request.clone()))).await;
        let jobs: BTreeSet<_> = answers.iter().map(|answer| answer.body["job_id"].to_string()).collect();
        let first = answers.iter().filter(|answer| !replayed(answer)).count();
        assert_eq!((jobs.len(), first), (1, 1), "{jobs:?}");
        let job = answers[0].text("job_id");
        let cancelled = bench.call("POST", &format!("/automate/cancel/{job}"), None).await;
        assert_eq!(cancelled.status, StatusCode::OK);
    }
    let ledger = bench.store().ledger(&bench.tenant.id).await.unwrap();
    assert!(ledger.active.is_empty() && ledger.recent.is_empty(), "{ledger:?}");
}
