//! Who is let in, and that everybody else learns nothing.

use domain::credential::AutomationKey;
use domain::plan::Plan;
use http::StatusCode;
use serde_json::{Value, json};
use tests::harness::{Bench, send};

use crate::calls;
use crate::routes::automation_routes;

/// A body that each route would take.
fn body(path: &str) -> Option<Value> {
    match path {
        "/automate/upload" => Some(json!({ "file_name": "a.apk", "platform": "android", "version": "dev" })),
        "/automate/upload/complete" => Some(json!({ "file_path": "x", "upload_id": "x", "parts": [] })),
        "/automate/upload/abort" => Some(json!({ "file_path": "x", "upload_id": "x" })),
        _ => None,
    }
}

/// Well-formed pairs that open nothing, and headers that hold no pair.
async fn refused_headers(bench: &Bench) -> Vec<(&'static str, Vec<String>)> {
    let pair = bench.key.expose();
    let (id, secret) = pair.split_once(':').unwrap();
    let disabled = local::seed::make_automation_key(bench.own(), &bench.tenant.id, "Off").await.unwrap();
    let mut record = bench.store().automation_key(&disabled.id).await.unwrap().unwrap();
    record.enabled = false;
    bench.store().put_automation_key(&record).await.unwrap();
    let stranger = AutomationKey::make(&[7; 84]).expose();
    let (stranger_id, stranger_secret) = stranger.split_once(':').unwrap();
    let bearer = |pair: &str| vec![format!("Bearer {pair}")];
    vec![
        ("missing", vec![]),
        ("empty", vec![String::new()]),
        ("another scheme", vec![format!("Basic {pair}")]),
        ("no scheme", vec![pair.clone()]),
        ("scheme alone", vec!["Bearer ".to_owned()]),
        ("no secret", bearer(id)),
        ("empty secret", bearer(&format!("{id}:"))),
        ("Base64", bearer("YXV0b19leGFtcGxlOmFrX2V4YW1wbGU=")),
        ("cut", bearer(&pair[..pair.len() - 1])),
        ("longer", bearer(&format!("{pair}0"))),
        ("not ASCII", bearer("schlüssel:größe")),
        ("twice", vec![format!("Bearer {pair}"), format!("Bearer {pair}")]),
        ("two in one", bearer(&format!("{pair}, Bearer {pair}"))),
        ("unknown id", bearer(&stranger)),
        ("wrong secret", bearer(&format!("{id}:{stranger_secret}"))),
        ("another key's id", bearer(&format!("{stranger_id}:{secret}"))),
        ("disabled", bearer(&disabled.expose())),
    ]
}

/// One thread, so that no answer can come in while the calls of a round are still being sent.
#[tokio::test]
async fn whatever_is_wrong_with_a_key_the_answer_and_the_calls_behind_it_are_the_same() {
    let bench = Bench::start().await;
    let (recorder, router) = calls::watch(&bench).await;
    let refused = refused_headers(&bench).await;
    let (_, free) = bench.another_tenant(2, Plan::Free).await;
    let free = format!("Bearer {}", free.expose());
    for (route, method) in automation_routes() {
        let method = method.as_str();
        let path = route.replace("{jobId}", "1700000000");
        for (name, values) in &refused {
            let headers: Vec<_> = values.iter().map(|value| ("authorization", &**value)).collect();
            let answer = send(&router, method, &path, &headers, body(&path)).await;
            assert_unauthenticated(&answer, name, &path);
            assert_eq!(recorder.rounds(), [["GetItem"], ["GetItem"]], "{name} {path}");
        }
        let answer = send(&router, method, &path, &[("authorization", &free)], body(&path)).await;
        assert_unauthenticated(&answer, "a plan without automation", &path);
        let rounds = recorder.rounds();
        let rounds: Vec<_> = rounds.into_iter().filter(|round| round != &["UpdateItem"]).collect();
        let reads = rounds[1].iter().all(|name| matches!(&**name, "GetItem" | "Query"));
        let expected = rounds.len() == 3 && rounds[0] == ["GetItem"] && reads && rounds[2] == ["TransactWriteItems"];
        assert!(expected, "as long as the others, but that the key's use and the call are noted: {rounds:?}");
    }
}

#[track_caller]
fn assert_unauthenticated(answer: &tests::harness::Answer, name: &str, path: &str) {
    let mut body = answer.body.clone();
    body.as_object_mut().unwrap().remove("request_id");
    let expected = json!({ "error": "Authentication failed", "code": "unauthenticated" });
    assert_eq!((answer.status, body), (StatusCode::UNAUTHORIZED, expected), "{name} {path}");
    let mut names: Vec<_> = answer.headers.keys().map(http::HeaderName::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["content-length", "content-type", "www-authenticate", "x-request-id"], "{name} {path}");
    assert_eq!(answer.headers["www-authenticate"], "Bearer", "{name} {path}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_works_until_the_very_request_before_it_is_disabled_or_its_plan_ends() {
    let bench = Bench::start().await;
    let path = "/automate/status/1700000000";
    let pair = bench.key.expose();
    for header in [format!("Bearer {pair}"), format!("bearer {pair}"), format!("BEARER  {pair} ")] {
        let answer = send(&bench.router, "GET", path, &[("authorization", &header)], None).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "the scheme is read in any case: {header:.8}");
    }
    let mut record = bench.store().automation_key(&bench.key.id).await.unwrap().unwrap();
    for enabled in [false, true] {
        record.enabled = enabled;
        bench.store().put_automation_key(&record).await.unwrap();
        let expected = if enabled { StatusCode::NOT_FOUND } else { StatusCode::UNAUTHORIZED };
        assert_eq!(bench.get(path).await.status, expected);
    }
    let mut tenant = bench.tenant.clone();
    for (plan, expected) in [(Plan::Free, StatusCode::UNAUTHORIZED), (Plan::Enterprise, StatusCode::NOT_FOUND)] {
        tenant.plan = plan;
        bench.store().put_tenant(&tenant).await.unwrap();
        assert_eq!(bench.get(path).await.status, expected, "{plan:?}");
    }
}
