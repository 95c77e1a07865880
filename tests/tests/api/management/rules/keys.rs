//! Automation keys.

use domain::plan::Plan;
use serde_json::{Value, json};
use tests::harness::Bench;

use super::said;

const LIST: &str = "/frontend/automation/keys";
const TOGGLE: &str = "/frontend/automation/keys/toggle";
const DELETE: &str = "/frontend/automation/keys/delete";
const STATUS: &str = "/automate/status/1700000000";

/// The one key of the tenant, as it is listed.
async fn listed(bench: &Bench) -> Value {
    bench.owner().get(LIST).await.body["keys"][0].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_shows_its_last_use_which_is_noted_once_a_minute() {
    let bench = Bench::start().await;
    bench.clock.stop();
    let record = bench.store().automation_key(&bench.key.id).await.unwrap().unwrap();
    let expected = json!({
        "key_id": bench.key.id.as_str(), "name": "Test", "enabled": true, "created_at": record.created_at,
        "last_used": null, "created_by": "operator",
    });
    assert_eq!(listed(&bench).await, expected);
    let start = bench.clock.now();
    for (seconds, last_used) in [(0, 0), (59, 0), (1, 60), (30, 60), (29, 60), (1, 120)] {
        bench.clock.pass(seconds);
        assert_eq!(bench.get(STATUS).await.status, 404);
        assert_eq!(listed(&bench).await["last_used"], start + last_used, "after {seconds} s more");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_opens_nothing_from_the_moment_it_is_disabled_or_deleted() {
    let bench = Bench::start().await;
    bench.clock.stop();
    let (owner, id) = (bench.owner(), bench.key.id.to_string());
    let toggle = |enabled: bool| json!({ "key_id": id, "enabled": enabled });
    for enabled in [false, false, true] {
        owner.done(TOGGLE, toggle(enabled)).await;
        bench.clock.pass(300);
        assert_eq!(bench.get(STATUS).await.status, if enabled { 404 } else { 401 });
        let used = enabled.then(|| bench.clock.now());
        let found = listed(&bench).await;
        assert_eq!((&found["enabled"], &found["last_used"]), (&json!(enabled), &json!(used)), "a refusal is no use");
    }
    let (foreign, _) = bench.another_tenant(2, Plan::Team).await;
    let of_other = owner.in_tenant(&foreign.id);
    for path in [TOGGLE, DELETE] {
        let refused = of_other.post(path, toggle(false)).await;
        assert_eq!(said(&refused), (404, "Automation key not found"), "{path} from another tenant");
    }
    assert_eq!(bench.get(STATUS).await.status, 404, "it still opens");
    owner.done(DELETE, json!({ "key_id": id })).await;
    assert_eq!(bench.get(STATUS).await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn names_of_keys_have_2_to_50_characters_and_each_field_that_is_wrong_is_named() {
    let bench = Bench::start().await;
    let owner = bench.owner();
    for (body, error) in [
        (json!({ "enabled": true }), "Key ID is missing"),
        (json!({ "key_id": "atk_x", "enabled": true }), "Invalid automation key id"),
        (json!({ "key_id": "auto_x" }), "Enabled is missing"),
        (json!({ "key_id": "auto_x", "enabled": null }), "Enabled is missing"),
    ] {
        assert_eq!(said(&owner.post(TOGGLE, body).await), (400, error));
    }
    assert_eq!(said(&owner.post(LIST, json!({})).await), (400, "Name is missing"));
    let (long, length, signs) =
        ("x".repeat(51), "Name must be 2 to 50 characters", "Name must not have control characters");
    for (name, error) in [
        ("G", length),
        (" G ", length),
        ("", length),
        (&long, length),
        ("a\u{0}b", signs),
        ("a\nb", signs),
        ("a\u{202e}b", signs),
    ] {
        let refused = owner.post(LIST, json!({ "name": name })).await;
        assert_eq!(said(&refused), (400, error), "{name:?}");
    }
    for name in ["CI", &"é".repeat(50), " GitHub Actions "] {
        owner.done(LIST, json!({ "name": name })).await;
        let keys = owner.get(LIST).await;
        assert!(keys.body["keys"].as_array().unwrap().iter().any(|key| key["name"] == name.trim()), "{name:?}");
    }
}
