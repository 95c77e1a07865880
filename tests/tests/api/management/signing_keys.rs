//! Signing keys: what they are refused for, and that nothing of them is told.

use domain::plan::Plan;
use local::seed;
use serde_json::{Value, json};
use tests::harness::{Answer, Bench};
use tests::keystores::Keystore;

const KEYS: &str = "/frontend/signing_keys";

fn said(answer: &Answer) -> (u16, &str, &str) {
    let text = |field: &str| answer.body[field].as_str().unwrap_or_default();
    (answer.status.as_u16(), text("code"), text("error"))
}

fn with(fields: &Value, field: &str, value: impl Into<Value>) -> Value {
    let mut fields = fields.clone();
    fields[field] = value.into();
    fields
}

fn without(fields: &Value, field: &str) -> Value {
    let mut fields = fields.clone();
    fields.as_object_mut().unwrap().remove(field);
    fields
}

#[tokio::test(flavor = "multi_thread")]
async fn each_field_that_is_missing_or_wrong_is_refused_by_name_and_nothing_of_the_key_is_told() {
    let bench = Bench::start().await;
    let owner = bench.owner();
    let now = bench.clock.now();
    let (keystore, expired) = (Keystore::make("Example", now), Keystore::make("Example", now - 31 * 366 * 24 * 3600));
    let fields = keystore.fields("Release key");
    let number = 1_234_567_890_123_456_789_u64;
    let unreadable = "Invalid field: keystore_password: expected a string";
    let cases = [
        (without(&fields, "platform"), "invalid_platform", "Platform is missing"),
        (with(&fields, "platform", "windows"), "invalid_platform", "Invalid platform: use android or ios"),
        (without(&fields, "name"), "invalid_name", "Name is missing"),
        (with(&fields, "name", "R"), "invalid_name", ""),
        (without(&fields, "keystore"), "invalid_keystore", "Keystore is missing"),
        (with(&fields, "keystore", "no Base64!"), "invalid_keystore", "keystore must be Base64"),
        (with(&fields, "keystore", "AAAA"), "invalid_keystore", ""),
        (with(&fields, "keystore", "A".repeat(140_000)), "invalid_keystore", "keystore must be at most 102400 bytes"),
        (without(&fields, "keystore_password"), "invalid_keystore_password", "Keystore password is missing"),
        (with(&fields, "keystore_password", "not-the-password-of-it"), "invalid_keystore_password", ""),
        (
            with(&fields, "keystore_password", "x".repeat(1025)),
            "invalid_keystore_password",
            "keystore_password must be at most 1024 bytes",
        ),
        (with(&fields, "key_password", "not-the-password-of-it"), "invalid_key_password", "The password of the key"),
        (with(&fields, "key_password", "x".repeat(1025)), "invalid_key_password", "key_password must be at most"),
        (with(&fields, "key_alias", "another"), "invalid_key_alias", ""),
        (with(&fields, "key_alias", "x".repeat(1025)), "invalid_key_alias", "key_alias must be at most 1024 bytes"),
        (with(&fields, "p12", &*keystore.file), "invalid_p12", ""),
        (with(&fields, "platform", "ios"), "invalid_keystore", ""),
        (expired.fields("Release key"), "invalid_keystore", ""),
        (with(&fields, "keystore_password", number), "invalid_body", unreadable),
        (with(&fields, "keystore_password", json!([number])), "invalid_body", unreadable),
        (with(&fields, "key_password", number), "invalid_body", "Invalid field: key_password: expected a string"),
        (with(&fields, "p12_password", number), "invalid_body", "Invalid field: p12_password: expected a string"),
        (with(&fields, "keystore", number), "invalid_body", "Invalid field: keystore: expected a string"),
    ];
    let before = owner.get(KEYS).await.body;
    let mut events = bench.events().await;
    for (body, code, error) in cases {
        let answer = owner.post(KEYS, body.clone()).await;
        let found = said(&answer);
        assert_eq!((found.0, found.1), (400, code), "{}", answer.body);
        assert!(found.2.starts_with(error) && !found.2.contains(&number.to_string()), "{}", answer.body);
        let event = events.one(code).await.event;
        let shown: Vec<&String> = event.raw_data.keys().collect();
        assert!(shown.iter().all(|field| ["platform", "name", "key_alias"].contains(&field.as_str())), "{shown:?}");
    }
    assert_eq!(owner.get(KEYS).await.body, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_for_ios_needs_its_profile_and_an_eleventh_key_of_a_platform_is_refused() {
    let bench = Bench::start().await;
    let owner = bench.owner();
    let (identity, other) =
        (Keystore::make("Distribution", bench.clock.now()), Keystore::make("Other", bench.clock.now()));
    let fields = json!({
        "platform": "ios", "name": "App Store", "p12": identity.file, "p12_password": identity.password,
        "provisioning_profile": identity.profile(),
    });
    for (body, code) in [
        (without(&fields, "p12"), "invalid_p12"),
        (without(&fields, "p12_password"), "invalid_p12_password"),
        (without(&fields, "provisioning_profile"), "invalid_provisioning_profile"),
        (with(&fields, "p12_password", "not-the-password-of-it"), "invalid_p12_password"),
        (with(&fields, "provisioning_profile", "AAAA"), "invalid_provisioning_profile"),
        (with(&fields, "provisioning_profile", other.profile()), "invalid_provisioning_profile"),
        (with(&fields, "key_alias", "release"), "invalid_key_alias"),
    ] {
        let answer = owner.post(KEYS, body).await;
        assert_eq!((answer.status.as_u16(), answer.text("code")), (400, code.to_owned()), "{}", answer.body);
    }
    for _ in 0..10 {
        owner.done(KEYS, fields.clone()).await;
    }
    let eleventh = owner.post(KEYS, fields).await;
    assert_eq!((eleventh.status.as_u16(), eleventh.text("code")), (429, "signing_key_limit".to_owned()));
    assert_eq!(eleventh.headers["x-ratelimit-limit"], "10");
    owner.done(KEYS, identity.fields("Another platform")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stored_key_is_sealed_and_signs_and_once_deleted_it_signs_no_more() {
    let bench = Bench::start().await;
    let owner = bench.owner();
    let keystore = Keystore::make("Example", bench.clock.now());
    let made = owner.done(KEYS, keystore.fields("Release key")).await;
    let id = made.text("signing_key_id");
    let stored = bench.stored().await;
    assert!(stored.iter().any(|item| item.contains(&made.text("fingerprint"))));
    for item in stored {
        assert!(!item.contains(&keystore.password) && !item.contains(&keystore.file), "{item}");
    }
    let body = json!({ "file_name": "a.apk", "platform": "android", "version": "prod", "signing_key_id": id });
    let signed = bench.post("/automate/upload", body.clone()).await;
    tests::harness::put(&signed.text("upload_url"), tests::packages::small_apk()).await;
    let done = bench.build(&signed.text("job_id")).await;
    assert_eq!(done.text("status"), "completed", "{}", done.body);
    owner.done("/frontend/signing_keys/default", json!({ "signing_key_id": id })).await;
    owner.done("/frontend/signing_keys/delete", json!({ "signing_key_id": id })).await;
    let refused = bench.post("/automate/upload", body).await;
    assert_eq!((refused.status.as_u16(), refused.text("code")), (400, "invalid_signing_key_id".to_owned()));
    let unnamed = json!({ "file_name": "a.apk", "platform": "android", "version": "prod" });
    let unsigned = bench.post("/automate/upload", unnamed).await;
    assert_eq!((unsigned.status.as_u16(), &unsigned.body["signing_key_id"]), (200, &Value::Null));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_another_tenant_is_not_there() {
    let bench = Bench::start().await;
    let (other, _) = bench.another_tenant(2, Plan::Team).await;
    let owner = bench.owner().in_tenant(&other.id);
    let key = seed::make_signing_key(bench.own(), &bench.tenant.id).await.unwrap();
    for path in ["/frontend/signing_keys/delete", "/frontend/signing_keys/default"] {
        let answer = owner.post(path, json!({ "signing_key_id": key })).await;
        assert_eq!(said(&answer), (404, "not_found", "Signing key not found"), "{path}");
    }
    let listed = owner.get(KEYS).await;
    assert!(!listed.body.to_string().contains(key.as_str()), "{}", listed.body);
    bench.owner().done("/frontend/signing_keys/delete", json!({ "signing_key_id": key })).await;
}
