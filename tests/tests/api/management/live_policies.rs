//! Live policies: their numbers and their signatures.

use std::collections::BTreeSet;
use std::process::Command;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use domain::plan::Plan;
use domain::platform::ConfigVersion;
use futures_util::future::{join, join_all};
use serde_json::{Value, json};
use tests::harness::{Bench, send};
use tests::members::Member;

use super::configuration::set;

async fn publish(owner: &Member, body: Value) -> u64 {
    owner.done("/frontend/push_live_config", body).await.body["policy_version"].as_u64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn policies_are_numbered_without_gaps_whoever_publishes() {
    let bench = Bench::start().await;
    let (tenant, _) = bench.another_tenant(5, Plan::Enterprise).await;
    let owner = bench.owner().in_tenant(&tenant.id);
    let numbers = join_all((0..8).map(|_| publish(&owner, json!({"version": "prod"})))).await;
    assert_eq!(numbers.into_iter().collect::<BTreeSet<_>>(), (1..=8).collect());
    let kept = bench.store().publications(&tenant.id, ConfigVersion::Production).await.unwrap();
    assert_eq!(
        kept.published.iter().map(|publication| publication.policy_version).collect::<Vec<_>>(),
        (1..=8).collect::<Vec<_>>()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_publication_with_an_idempotency_key_is_made_once() {
    let bench = Bench::start().await;
    let (tenant, _) = bench.another_tenant(5, Plan::Enterprise).await;
    let owner = bench.owner().in_tenant(&tenant.id);
    let headers =
        [("authorization", owner.bearer.as_str()), ("tenant", tenant.id.as_str()), ("idempotency-key", "release 7")];
    let ask = async |body: Value| send(&bench.router, "POST", "/frontend/push_live_config", &headers, Some(body)).await;
    let first = ask(json!({ "version": "prod" })).await;
    set(&owner, "prod", "BackupPrevention", json!({"protection": false})).await;
    assert_eq!(publish(&owner, json!({"version": "prod"})).await, 2);
    let again = ask(json!({ "version": "prod" })).await;
    assert_eq!((again.status.as_u16(), &again.headers["idempotent-replayed"]), (200, &"true".parse().unwrap()));
    assert_eq!(again.bytes, first.bytes, "what it said then, skipped controls too");
    let reused = ask(json!({ "version": "dev" })).await;
    assert_eq!((reused.status.as_u16(), reused.text("code").as_str()), (422, "idempotency_key_reused"));
}

/// The signature is checked by OpenSSL, over the canonical form that another language makes.
#[tokio::test(flavor = "multi_thread")]
async fn a_published_policy_is_signed_with_the_tenant_s_own_key_and_can_be_published_again() {
    let bench = Bench::start().await;
    let (tenant, _) = bench.another_tenant(5, Plan::Enterprise).await;
    let owner = bench.owner().in_tenant(&tenant.id);
    assert_eq!(publish(&owner, json!({"version": "prod"})).await, 1);
    set(&owner, "prod", "BackupPrevention", json!({"protection": false})).await;
    let second = owner.done("/frontend/push_live_config", json!({"version": "prod"})).await;
    assert_eq!(second.body["skipped"], json!(["DebuggablePrevention"]));
    let again = owner.done("/frontend/push_live_config", json!({"version": "prod", "policy_version": 1})).await;
    assert_eq!(
        (&again.body["policy_version"], &again.body["skipped"]),
        (&json!(3), &json!(["BackupPrevention", "DebuggablePrevention"]))
    );

    let kept = bench.store().publications(&tenant.id, ConfigVersion::Production).await.unwrap();
    let mut keys = BTreeSet::new();
    for publication in &kept.published {
        let signed = bench.store().policy(&tenant.id, &publication.digest).await.unwrap();
        let signed: Value = serde_json::from_slice(&signed).unwrap();
        assert_eq!(signed["policy"]["policy_version"], publication.policy_version);
        assert_eq!(
            (&signed["policy"]["tenant"], &signed["algorithm"]),
            (&json!(tenant.id.as_str()), &json!("Ed25519"))
        );
        assert!(verifies(&signed));
        let mut forged = signed.clone();
        forged["policy"]["policy_version"] = json!(99);
        assert!(!verifies(&forged));
        keys.insert(signed["public_key"].to_string());
    }
    assert_eq!((kept.published.len(), keys.len()), (3, 1));
    assert_eq!(kept.published[0].configuration, kept.published[2].configuration);
}

/// Whether OpenSSL takes the signature for one of Python's canonical form of the policy.
fn verifies(signed: &Value) -> bool {
    // RFC 8410: what stands around 32 bytes of an Ed25519 key.
    let mut key = vec![0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
    key.extend(BASE64_STANDARD.decode(signed["public_key"].as_str().unwrap()).unwrap());
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(path("key"), key).unwrap();
    std::fs::write(path("signature"), BASE64_STANDARD.decode(signed["signature"].as_str().unwrap()).unwrap()).unwrap();
    std::fs::write(path("policy"), signed["policy"].to_string()).unwrap();
    let canonical = "import json, sys; sys.stdout.write(json.dumps(json.load(open(sys.argv[1])), sort_keys=True, \
        separators=(',', ':'), ensure_ascii=False))";
    let made = Command::new("python3").args(["-c", canonical, &path("policy")]).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    std::fs::write(path("canonical"), made.stdout).unwrap();
    let checked = Command::new("openssl")
        .args(["pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-rawin"])
        .args(["-inkey", &path("key"), "-sigfile", &path("signature"), "-in", &path("canonical")])
        .output()
        .unwrap();
    checked.status.success()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_tenants_sign_with_different_keys_and_see_nothing_of_each_other() {
    let bench = Bench::start().await;
    let mut keys = BTreeSet::new();
    for number in [5, 6] {
        let (tenant, _) = bench.another_tenant(number, Plan::Enterprise).await;
        let owner = bench.owner().in_tenant(&tenant.id);
        // Made at once by two requests, it is one key.
        join(publish(&owner, json!({"version": "prod"})), publish(&owner, json!({"version": "prod"}))).await;
        for publication in bench.store().publications(&tenant.id, ConfigVersion::Production).await.unwrap().published {
            let signed = bench.store().policy(&tenant.id, &publication.digest).await.unwrap();
            let signed: Value = serde_json::from_slice(&signed).unwrap();
            keys.insert((number, signed["public_key"].to_string()));
        }
    }
    assert_eq!(keys.len(), 2);
    assert_eq!(keys.iter().map(|(_, key)| key).collect::<BTreeSet<_>>().len(), 2);
    let nothing =
        bench.owner().post("/frontend/push_live_config", json!({"version": "prod", "policy_version": 1})).await;
    assert_eq!(nothing.status.as_u16(), 403, "the other tenant's plan");
}
