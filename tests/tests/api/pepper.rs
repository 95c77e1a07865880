//! Rotating the pepper: no key stops working, in processes that started before as little as in those after.

use api::App;
use axum::Router;
use domain::credential::{AutomationKey, PepperVersion, SecretHash};
use http::StatusCode;
use serde_json::json;
use service::Service;
use store::Store;
use store::automation_keys::AutomationKeyRecord;
use tests::harness::{Bench, send};
use tests::{functions, privileges};

const NEW_PEPPER: &str = "another pepper, of no fewer than 32 characters";

async fn rotate(bench: &Bench) -> PepperVersion {
    let secrets = aws_sdk_secretsmanager::Client::new(&bench.config);
    let put = secrets.put_secret_value().secret_id(&bench.stack.names.pepper_secret).secret_string(NEW_PEPPER);
    PepperVersion::new(put.send().await.unwrap().version_id.unwrap())
}

/// What a process that starts now knows and serves with.
fn started_now(bench: &Bench) -> (Service, Router) {
    let names = &bench.stack.names;
    let store = Store::new(privileges::connect(&bench.config, names, &[]), names.clone());
    let own = Service::new(store.through(privileges::own(&bench.config)), bench.clock.clock());
    let app = App { service: Service::new(store, bench.clock.clock()) };
    (own, functions::serve(local::routes(), app))
}

async fn is_let_in(router: &Router, key: &AutomationKey) -> bool {
    let header = format!("Bearer {}", key.expose());
    let answer = send(router, "GET", "/automate/status/1700000000", &[("authorization", &header)], None).await;
    match answer.status {
        StatusCode::NOT_FOUND => true,
        StatusCode::UNAUTHORIZED => false,
        other => panic!("{other}"),
    }
}

/// What can be compared of a hash.
fn shown(hash: SecretHash) -> serde_json::Value {
    serde_json::to_value(hash).unwrap()
}

async fn record(bench: &Bench, key: &AutomationKey) -> AutomationKeyRecord {
    bench.store().automation_key(&key.id).await.unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_outlive_a_rotation_in_old_and_new_processes() {
    let bench = Bench::start().await;
    let unused = local::seed::make_automation_key(bench.own(), &bench.tenant.id, "Unused").await.unwrap();
    let first = record(&bench, &bench.key).await.pepper_version.unwrap();
    let second = rotate(&bench).await;
    assert_ne!(first, second);

    assert!(is_let_in(&bench.router, &bench.key).await);
    assert_eq!(record(&bench, &bench.key).await.pepper_version, Some(first.clone()), "it knows of no other pepper");

    let (service, router) = started_now(&bench);
    assert!(is_let_in(&router, &bench.key).await);
    let renewed = record(&bench, &bench.key).await;
    assert_eq!(renewed.pepper_version, Some(second.clone()));
    assert_eq!(record(&bench, &unused).await.pepper_version, Some(first), "not before its next use");

    assert!(is_let_in(&bench.router, &bench.key).await, "a process from before the rotation reads the new pepper");
    assert!(is_let_in(&bench.router, &unused).await);
    assert_eq!(record(&bench, &unused).await.pepper_version, Some(second), "now it knows");
    let later = local::seed::make_automation_key(&service, &bench.tenant.id, "Later").await.unwrap();
    assert!(is_let_in(&bench.router, &later).await);
    let kept = record(&bench, &bench.key).await;
    assert_eq!(shown(kept.secret_hash), shown(renewed.secret_hash), "and nobody goes back");
}

/// Whichever function it is used with first.
#[tokio::test(flavor = "multi_thread")]
async fn an_api_token_outlives_a_rotation() {
    for (method, path, body) in [
        ("GET", "/frontend/get_users_permissions", None),
        ("POST", "/frontend/config", Some(json!({ "version": "prod" }))),
    ] {
        let bench = Bench::start().await;
        let (token, key) = bench.add_token("").await;
        let (id, version) = (key.parse().unwrap(), rotate(&bench).await);
        let (_, router) = started_now(&bench);
        let headers = [("authorization", token.bearer.as_str()), ("tenant", token.tenant.as_str())];
        assert_eq!(send(&router, method, path, &headers, body).await.status, StatusCode::OK, "{path}");
        let renewed = bench.store().api_token(&id).await.unwrap().unwrap();
        assert_eq!(renewed.pepper_version, version, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_outlives_a_rotation_in_old_and_new_processes() {
    let bench = Bench::start().await;
    let (token, _) = bench.add_token("").await;
    let mut jobs = Vec::new();
    for _ in 0..3 {
        let job = bench.upload("app.apk", b"not looked at").await;
        jobs.push(job.parse::<i64>().unwrap());
    }
    bench.run_arrivals().await;
    let page = async |router: &Router, cursor: Option<String>| {
        let headers = [("authorization", token.bearer.as_str()), ("tenant", token.tenant.as_str())];
        let body = json!({ "limit": 1, "cursor": cursor });
        let answer = send(router, "POST", "/frontend/get_application_builds", &headers, Some(body)).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        (answer.body["builds"][0]["start_time"].as_i64().unwrap(), answer.body["cursor"].as_str().map(str::to_owned))
    };
    let (first, old) = page(&bench.router, None).await;
    rotate(&bench).await;
    let (_, router) = started_now(&bench);
    let (second, new) = page(&router, old.clone()).await;
    assert_eq!(page(&bench.router, old).await.0, second, "a process from before the rotation");
    let (third, end) = page(&bench.router, new).await;
    jobs.reverse();
    assert_eq!((vec![first, second, third], end), (jobs, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_secret_stays_wrong_and_renews_nothing() {
    let bench = Bench::start().await;
    rotate(&bench).await;
    let (_, router) = started_now(&bench);
    let forged = AutomationKey::from_header(&format!(
        "Bearer {}:{}",
        bench.key.id,
        AutomationKey::make(&[7; 84]).expose().split_once(':').unwrap().1
    ));
    let before = record(&bench, &bench.key).await;
    assert!(!is_let_in(&router, &forged.unwrap()).await);
    let after = record(&bench, &bench.key).await;
    assert_eq!((shown(after.secret_hash), after.pepper_version), (shown(before.secret_hash), before.pepper_version));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_whose_pepper_is_gone_opens_nothing() {
    let bench = Bench::start().await;
    let mut gone = record(&bench, &bench.key).await;
    gone.pepper_version = Some(PepperVersion::new("5fb1f9d3-0000-0000-0000-000000000000".to_owned()));
    bench.store().put_automation_key(&gone).await.unwrap();
    assert!(!is_let_in(&bench.router, &bench.key).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hash_from_before_versions_were_kept_is_renewed() {
    let bench = Bench::start().await;
    let mut old = record(&bench, &bench.key).await;
    old.pepper_version = None;
    bench.store().put_automation_key(&old).await.unwrap();
    assert!(is_let_in(&bench.router, &bench.key).await);
    let renewed = record(&bench, &bench.key).await;
    assert_eq!(renewed.pepper_version.as_ref(), Some(bench.store().pepper().await.unwrap().version()));
}

#[tokio::test(flavor = "multi_thread")]
async fn renewing_neither_enables_a_key_nor_overwrites_another_hash() {
    let bench = Bench::start().await;
    let stale = record(&bench, &bench.key).await;
    let pepper = bench.store().pepper().await.unwrap();
    let other = AutomationKey::make(&[7; 84]).hash(&pepper);

    bench.store().put_automation_key(&AutomationKeyRecord { enabled: false, ..stale.clone() }).await.unwrap();
    bench.store().replace_key_hash(&stale.key_id, stale.secret_hash, (other, pepper.version())).await.unwrap();
    let disabled = record(&bench, &bench.key).await;
    assert_eq!((disabled.enabled, shown(disabled.secret_hash)), (false, shown(other)));

    bench
        .store()
        .replace_key_hash(&stale.key_id, stale.secret_hash, (stale.secret_hash, pepper.version()))
        .await
        .unwrap();
    let after = record(&bench, &bench.key).await;
    assert_eq!(shown(after.secret_hash), shown(other), "it was changed meanwhile");
}
