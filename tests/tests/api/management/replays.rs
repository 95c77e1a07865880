//! `Idempotency-Key` on the calls of the Management API that create.

use domain::plan::Plan;
use http::StatusCode;
use serde_json::{Value, json};
use tests::harness::{Answer, Bench, send};
use tests::keystores::Keystore;
use tests::members::Member;

const DAY: i64 = 24 * 3600;
const TENANT: &str = "/frontend/create_tenant";
const PERSON: &str = "/frontend/add_user_to_tenant";
const TOKEN: &str = "/frontend/create_api_token";
const KEY: &str = "/frontend/automation/keys";
const SIGNING_KEY: &str = "/frontend/signing_keys";

/// Each call with a body, and another one.
fn creations() -> [(&'static str, Value, Value); 5] {
    let keystore = Keystore::make("Example", 1_700_000_000);
    [
        (TENANT, json!({ "tenant_name": "First Tenant" }), json!({ "tenant_name": "Second Tenant" })),
        (PERSON, json!({ "user_id": "first@example.com" }), json!({ "user_id": "second@example.com" })),
        (TOKEN, json!({}), json!({ "note": "another body" })),
        (KEY, json!({ "name": "First" }), json!({ "name": "Second" })),
        (SIGNING_KEY, keystore.fields("First"), keystore.fields("Second")),
    ]
}

async fn create(bench: &Bench, caller: &Member, path: &str, key: &str, body: &Value) -> Answer {
    let (bearer, tenant) = (caller.bearer.as_str(), caller.tenant.as_str());
    let headers = [("authorization", bearer), ("tenant", tenant), ("idempotency-key", key)];
    send(&bench.router, "POST", path, &headers, Some(body.clone())).await
}

fn replayed(answer: &Answer) -> bool {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    answer.headers.get("idempotent-replayed").is_some_and(|value| value == "true")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_request_is_answered_the_same_for_24_hours_with_the_secret_and_another_is_refused() {
    let bench = Bench::start().await;
    bench.clock.stop();
    for (path, body, other) in creations() {
        let ask = async |body: &Value| create(&bench, &bench.owner(), path, "set-up 1", body).await;
        let first = ask(&body).await;
        assert!(!replayed(&first), "{path}");
        bench.clock.pass(DAY - 1);
        let again = ask(&body).await;
        assert!(replayed(&again), "{path}");
        assert_eq!(again.bytes, first.bytes, "{path}");
        let reused = ask(&other).await;
        let found = (reused.status.as_u16(), reused.text("code"), reused.text("error"));
        let error = "This Idempotency-Key was used with a different request";
        assert_eq!(found, (422, "idempotency_key_reused".into(), error.into()), "{path}");
        bench.clock.pass(1);
        let later = ask(&other).await;
        assert!(!replayed(&later), "{path}: 24 hours are over");
        assert!(replayed(&ask(&other).await), "{path}: the key counts anew");
    }
    let owner = bench.owner();
    let people = owner.get("/frontend/get_users_permissions").await;
    let tokens = owner.get("/frontend/get_api_tokens_permissions").await;
    let (keys, tenants) = (owner.get(KEY).await, owner.get("/frontend/get_tenants").await);
    let count = |answer: &Answer, list: &str| answer.body[list].as_array().unwrap().len();
    assert_eq!(count(&owner.get(SIGNING_KEY).await, "signing_keys"), 3);
    // Two of each, beside the owner, the tenant and the keys that were there.
    let counts = (count(&people, "users"), count(&tokens, "tokens"), count(&keys, "keys"), count(&tenants, "tenants"));
    assert_eq!(counts, (3, 2, 3, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_counts_for_its_caller_tenant_and_call_alone() {
    let bench = Bench::start().await;
    let (other, _) = bench.another_tenant(2, Plan::Team).await;
    let owner = bench.owner();
    let admin = bench.add_member("admin@example.com", "user_and_api_management").await;
    let (token, _) = bench.add_token("user_and_api_management").await;
    for (path, body) in [(TOKEN, json!({})), (KEY, json!({ "name": "Pipeline" }))] {
        let mut secrets = std::collections::BTreeSet::new();
        for caller in [&owner, &owner.in_tenant(&other.id), &admin, &token] {
            let made = create(&bench, caller, path, "same", &body).await;
            assert!(!replayed(&made), "{path}");
            secrets.insert(made.body.to_string());
        }
        assert_eq!(secrets.len(), 4, "{path}: each caller has one of its own");
    }
    // Of one person in any case, without a tenant to begin with.
    let body = json!({ "tenant_name": "Newcomers" });
    let made = create(&bench, &bench.person("newcomer@example.com"), TENANT, "same", &body).await;
    let again = create(&bench, &bench.person("Newcomer@Example.com"), TENANT, "same", &body).await;
    assert!(!replayed(&made) && replayed(&again));
    assert!(!replayed(&create(&bench, &owner, TENANT, "same", &body).await));

    let refused = create(&bench, &owner, KEY, "retry", &json!({ "name": "x" })).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(!replayed(&create(&bench, &owner, KEY, "retry", &json!({ "name": "xy" })).await), "free after a refusal");
    let refused = create(&bench, &owner, TOKEN, "größe", &json!({})).await;
    assert_eq!(refused.text("code"), "invalid_idempotency_key");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_shown_again_where_the_limit_is_reached_and_kept_sealed() {
    let bench = Bench::start().await;
    let owner = bench.owner();
    let mut first = Vec::new();
    for number in 0..20 {
        first.push(create(&bench, &owner, TOKEN, &number.to_string(), &json!({})).await);
    }
    assert!(!first.iter().any(replayed));
    let full = create(&bench, &owner, TOKEN, "one more", &json!({})).await;
    assert_eq!(full.text("code"), "token_limit");
    let again = create(&bench, &owner, TOKEN, "19", &json!({})).await;
    assert!(replayed(&again));
    assert_eq!(again.body, first[19].body);

    for stored in bench.stored().await {
        for made in &first {
            assert!(!stored.contains(&made.text("token_secret")), "{stored}");
        }
    }
}
