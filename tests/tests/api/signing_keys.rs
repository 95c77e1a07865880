//! `signing_key_id`: absent, null, `none`, the tenant's own, and everything that is refused.

use domain::plan::Plan;
use domain::tenant::Tenant;
use http::StatusCode;
use local::seed;
use serde_json::{Value, json};
use tests::harness::Bench;

async fn upload(bench: &Bench, signing_key_id: Option<Value>) -> tests::harness::Answer {
    bench.clock.pass(1);
    let mut body = json!({ "file_name": "a.apk", "platform": "android", "version": "dev" });
    if let Some(id) = signing_key_id {
        body["signing_key_id"] = id;
    }
    bench.post("/automate/upload", body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tenants_default_key_signs_unless_another_of_its_keys_or_none_is_named() {
    let bench = Bench::start().await;
    bench.limit(100, 100).await;
    let default = json!(bench.tenant.default_android_key);
    let second = seed::make_signing_key(bench.own(), &bench.tenant.id).await.unwrap();
    let cases = [
        (None, default.clone()),
        (Some(Value::Null), default.clone()),
        (Some(default.clone()), default),
        (Some(json!(second)), json!(second)),
        (Some(json!("none")), Value::Null),
    ];
    for (named, answered) in cases {
        let answer = upload(&bench, named.clone()).await;
        assert_eq!((answer.status, &answer.body["signing_key_id"]), (StatusCode::OK, &answered), "{named:?}");
    }

    let (other, _) = bench.another_tenant(2, Plan::Team).await;
    for refused in [json!("unknown"), json!(other.default_android_key), json!("None")] {
        let answer = upload(&bench, Some(refused.clone())).await;
        let found = (answer.status.as_u16(), answer.text("code"), answer.text("error"));
        let error = "Invalid signing key selection: there is no such key for this platform";
        assert_eq!(found, (400, "invalid_signing_key_id".into(), error.into()), "{refused}");
    }

    let tenant = bench.store().tenant(&bench.tenant.id).await.unwrap().unwrap();
    let without = Tenant { default_android_key: None, ..tenant };
    bench.store().put_tenant(&without).await.unwrap();
    let answer = upload(&bench, None).await;
    assert_eq!((answer.status, &answer.body["signing_key_id"]), (StatusCode::OK, &Value::Null), "no default");
}
