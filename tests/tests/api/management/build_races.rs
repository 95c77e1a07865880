//! Many at once at the signing keys, the builds and the slots of one tenant.

use std::collections::BTreeSet;

use domain::platform::Platform;
use futures_util::future::{join, join_all};
use serde_json::{Value, json};
use tests::harness::{Answer, Bench, send};
use tests::keystores::{self, IosKey};
use tests::members::Member;

use crate::management::races::{at_once, count, counts};

const KEYS: &str = "/frontend/signing_keys";
const DEFAULT: &str = "/frontend/signing_keys/default";
const DELETE_KEY: &str = "/frontend/signing_keys/delete";
const DELETE_BUILD: &str = "/frontend/delete_application_build";
const UPLOAD: &str = "/frontend/upload_application_build";

/// The same request by one caller, so often.
async fn repeated(caller: &Member, path: &str, body: &Value, times: usize) -> Vec<Answer> {
    at_once(caller, path, vec![body.clone(); times]).await
}

/// The ids of the keys for a platform, as they are listed.
async fn listed(owner: &Member, platform: &str) -> BTreeSet<String> {
    let answer = owner.get(KEYS).await;
    let keys = answer.body["signing_keys"].as_array().unwrap().iter();
    keys.filter(|key| key["platform"] == platform).map(|key| key["signing_key_id"].as_str().unwrap().into()).collect()
}

fn made(answers: &[Answer]) -> BTreeSet<String> {
    answers.iter().filter(|answer| answer.status == 200).map(|answer| answer.text("signing_key_id")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_signing_keys_of_each_platform_are_kept_whoever_asks_for_more() {
    let bench = Bench::start().await;
    let owner = bench.owner();
    // The bench has one already.
    let before = listed(&owner, "android").await;
    let android = keystores::android("Release");
    let has_openssl = keystores::is_installed("openssl");
    let ios = if has_openssl { IosKey::new("2099-01-02T03:04:05Z").request("Distribution") } else { Value::Null };
    let all = repeated(&owner, KEYS, &android, 15);
    let (androids, all_ios) = join(all, repeated(&owner, KEYS, &ios, if has_openssl { 12 } else { 0 })).await;
    assert_eq!(count(&androids), counts([("200", 9), ("429 signing_key_limit", 6)]));
    assert_eq!(listed(&owner, "android").await, &made(&androids) | &before);
    if has_openssl {
        assert_eq!(count(&all_ios), counts([("200", 10), ("429 signing_key_limit", 2)]));
        assert_eq!(listed(&owner, "ios").await, made(&all_ios));
    }
    let roster = bench.store().roster(&bench.tenant.id).await.unwrap();
    let ids = |platform| roster.signing_keys(platform).iter().map(ToString::to_string).collect::<BTreeSet<_>>();
    assert_eq!(ids(Platform::Android), listed(&owner, "android").await);
    assert_eq!(ids(Platform::Ios), listed(&owner, "ios").await);

    // Deleted once, whoever asks; then there is room for one.
    let gone = json!({ "signing_key_id": made(&androids).first() });
    let answers = repeated(&owner, DELETE_KEY, &gone, 8).await;
    assert_eq!(count(&answers), counts([("200", 1), ("404 not_found", 7)]));
    let answers = repeated(&owner, KEYS, &android, 5).await;
    assert_eq!(count(&answers), counts([("200", 1), ("429 signing_key_limit", 4)]));
    assert_eq!(listed(&owner, "android").await.len(), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_key_is_the_default_that_was_deleted_meanwhile() {
    let bench = Bench::start().await;
    let owner = bench.owner();
    let other = bench.tenant.default_android_key.clone().unwrap();
    for round in 0..8 {
        let key = owner.done(KEYS, keystores::android("Release")).await.text("signing_key_id");
        let named = json!({ "signing_key_id": key });
        if round % 2 == 0 {
            owner.done(DEFAULT, named.clone()).await;
        }
        let defaults =
            join(repeated(&owner, DEFAULT, &named, 3), owner.post(DEFAULT, json!({ "signing_key_id": other })));
        let (deleted, (chosen, another)) = join(repeated(&owner, DELETE_KEY, &named, 2), defaults).await;
        assert_eq!(count(&deleted), counts([("200", 1), ("404 not_found", 1)]), "round {round}");
        assert_eq!(another.status, 200, "round {round}: {}", another.body);
        let fair = |code: &String| ["200", "404 not_found"].contains(&code.as_str());
        assert!(count(&chosen).keys().all(fair), "round {round}: {:?}", count(&chosen));
        let tenant = bench.store().tenant(&bench.tenant.id).await.unwrap().unwrap();
        let default = tenant.default_android_key.map(String::from);
        assert!(default.is_none() || default.as_deref() == Some(other.as_str()), "round {round}: {default:?}");
        assert!(!listed(&owner, "android").await.contains(&key), "round {round}");
        assert_eq!(owner.post(DEFAULT, named).await.status, 404, "round {round}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_build_is_deleted_by_whoever_asks_and_each_call_is_told_of() {
    let bench = Bench::start().await;
    let owner = bench.owner();
    for package in ["com.example.first", "com.example.second", "com.example.third"] {
        let job = bench.upload("app.apk", &tests::packages::app(package)).await;
        assert_eq!(bench.build(&job).await.text("status"), "completed");
        let start: i64 = job.parse().unwrap();
        let mut events = bench.events().await;
        let answers = repeated(&owner, DELETE_BUILD, &json!({ "start_time": start }), 8).await;
        let seen = count(&answers);
        let fair = |code: &String| ["200", "404 not_found"].contains(&code.as_str());
        assert!(seen["200"] >= 1 && seen.keys().all(fair), "{seen:?}");
        let told = events.unseen().await;
        assert_eq!(told.len(), 8, "{told:?}");
        for answer in &answers {
            let request = answer.headers["x-request-id"].to_str().unwrap();
            let logged = told.iter().find(|logged| logged.event.request_id == request).unwrap();
            assert_eq!(logged.event.successful, answer.status == 200, "{logged:?}");
        }
        assert_eq!(bench.store().job(&bench.tenant.id, job.parse().unwrap()).await.unwrap(), None);
        let listed = owner.done("/frontend/get_applications", json!({})).await;
        assert_eq!(listed.body["applications"], json!([]));
    }
    assert_eq!(bench.objects().await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn builds_of_one_application_that_are_deleted_at_once_take_it_along() {
    let bench = Bench::start().await;
    bench.limit(20, 100).await;
    let owner = bench.owner();
    let mut jobs = Vec::new();
    for _ in 0..10 {
        jobs.push(bench.upload("app.apk", &tests::packages::app("com.example.app")).await);
    }
    bench.run_arrivals().await;
    bench.run_worker(&bench.worker()).await;
    let listed = owner.done("/frontend/get_applications", json!({})).await;
    assert_eq!(listed.body["applications"][0]["builds"], 10, "{}", listed.body);
    let start = |job: &String| json!({ "start_time": job.parse::<i64>().unwrap() });
    let answers = join_all(jobs.iter().map(|job| owner.post(DELETE_BUILD, start(job)))).await;
    assert_eq!(count(&answers), counts([("200", 10)]));
    let listed = owner.done("/frontend/get_applications", json!({})).await;
    assert_eq!((&listed.body["applications"], bench.objects().await), (&json!([]), Vec::new()));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_slot_is_given_to_one_member_and_twins_are_answered_the_same() {
    let bench = Bench::start().await;
    bench.limit(1, 100).await;
    let body = json!({ "file_name": "app.apk", "platform": "android", "version": "prod" });
    let member = bench.add_member("developer@example.com", "build_applications").await;
    let owner = bench.owner();
    let by_key = join_all((0..5).map(|_| bench.post("/automate/upload", body.clone())));
    let people = join(repeated(&owner, UPLOAD, &body, 5), repeated(&member, UPLOAD, &body, 5));
    let ((by_owner, by_member), by_key) = join(people, by_key).await;
    let answers = by_owner.iter().chain(&by_member).chain(&by_key);
    assert_eq!(count(answers), counts([("200", 1), ("429 concurrent_build_limit", 14)]));
    let ledger = bench.store().ledger(&bench.tenant.id).await.unwrap();
    assert_eq!((ledger.active.len(), ledger.recent.len()), (1, 1));

    let active = ledger.active.first().unwrap();
    let cancelled = bench.post(&format!("/automate/cancel/{active}"), Value::Null).await;
    assert_eq!(cancelled.status, 200, "{}", cancelled.body);
    let (bearer, tenant) = (owner.bearer.as_str(), owner.tenant.as_str());
    let headers = [("authorization", bearer), ("tenant", tenant), ("idempotency-key", "once")];
    let twins = join_all((0..8).map(|_| send(&bench.router, "POST", UPLOAD, &headers, Some(body.clone())))).await;
    assert_eq!(count(&twins), counts([("200", 8)]));
    let jobs: BTreeSet<String> = twins.iter().map(|answer| answer.text("job_id")).collect();
    assert_eq!(jobs.len(), 1);
    assert_eq!(bench.store().ledger(&bench.tenant.id).await.unwrap().active.len(), 1);
}
