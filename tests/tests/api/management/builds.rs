//! What builds and applications promise beyond single answers: pages, filters, plans, tenants of others.

use domain::plan::Plan;
use formats::limits::Limits;
use formats::zip::Archive;
use serde_json::{Value, json};
use service::operator::Setting;
use signing::apk::{Platforms, verify_apk};
use tests::harness::{Answer, Bench, fetch, put};
use tests::keystores::Keystore;
use tests::members::Member;
use tests::packages::{apk_named, small_apk};

const BUILDS: &str = "/frontend/get_application_builds";
const APPLICATIONS: &str = "/frontend/get_applications";
const UPLOAD: &str = "/frontend/upload_application_build";

#[track_caller]
fn refused(answer: &Answer, status: u16, code: &str) {
    assert_eq!((answer.status.as_u16(), answer.text("code")), (status, code.to_owned()), "{}", answer.body);
}

/// A finished build of an app of this name.
async fn built(bench: &Bench, package: &str) -> i64 {
    let job = bench.upload("app.apk", &apk_named(package)).await;
    let done = bench.build(&job).await;
    assert_eq!(done.text("status"), "completed", "{}", done.body);
    job.parse().unwrap()
}

/// The field of every entry of a list, page by page.
async fn paged(caller: &Member, path: &str, list: &str, field: &str, limit: usize) -> Vec<Value> {
    let (mut found, mut cursor) = (Vec::new(), Value::Null);
    loop {
        let page = caller.done(path, json!({ "limit": limit, "cursor": cursor })).await;
        let entries = page.body[list].as_array().unwrap();
        assert!(entries.len() <= limit);
        found.extend(entries.iter().map(|entry| entry[field].clone()));
        cursor = page.body["cursor"].clone();
        if cursor.is_null() {
            return found;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_every_length_show_each_build_and_each_application_once() {
    let bench = Bench::start().await;
    bench.limit(100, 100).await;
    let owner = bench.owner();
    let mut starts = Vec::new();
    for package in ["com.example.a", "com.example.b", "com.example.a", "com.example.c"] {
        starts.insert(0, json!(built(&bench, package).await));
    }
    bench.request_upload("awaited.apk", None).await;
    let ids = paged(&owner, APPLICATIONS, "applications", "application_id", 100).await;
    assert_eq!(ids.len(), 3);
    assert!(ids.is_sorted_by_key(|id| id.as_str().unwrap()));
    for limit in 1..=5 {
        assert_eq!(paged(&owner, BUILDS, "builds", "start_time", limit).await, starts, "{limit}");
        assert_eq!(paged(&owner, APPLICATIONS, "applications", "application_id", limit).await, ids, "{limit}");
    }
    let listed = owner.done(APPLICATIONS, json!({})).await;
    let counts = |package: &str| {
        let listed = listed.body["applications"].as_array().unwrap();
        let found = listed.iter().find(|listed| listed["package_name"] == package).unwrap();
        (found["builds"].clone(), found["latest_build"].clone())
    };
    assert_eq!(counts("com.example.a"), (json!(2), starts[1].clone()));
    assert_eq!(counts("com.example.b"), (json!(1), starts[2].clone()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_goes_on_with_its_own_list_only() {
    let bench = Bench::start().await;
    let owner = bench.owner();
    built(&bench, "com.example.a").await;
    built(&bench, "com.example.b").await;
    let first = owner.done(BUILDS, json!({ "limit": 1, "platform": "android" })).await;
    let cursor = first.text("cursor");
    let (other, _) = bench.another_tenant(2, Plan::Team).await;
    let elsewhere = owner.in_tenant(&other.id);
    let same = json!({ "cursor": cursor, "platform": "android" });
    assert_eq!(owner.done(BUILDS, same.clone()).await.body["builds"].as_array().unwrap().len(), 1);
    for (caller, path, body) in [
        (&elsewhere, BUILDS, same),
        (&owner, BUILDS, json!({ "cursor": cursor })),
        (&owner, BUILDS, json!({ "cursor": cursor, "platform": "ios" })),
        (&owner, BUILDS, json!({ "cursor": cursor, "platform": "android", "version": "prod" })),
        (&owner, APPLICATIONS, json!({ "cursor": cursor })),
        (&owner, BUILDS, json!({ "cursor": format!("{cursor}A"), "platform": "android" })),
        (&owner, BUILDS, json!({ "cursor": "" })),
    ] {
        refused(&caller.post(path, body).await, 400, "invalid_cursor");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_take_what_they_name_and_refuse_what_there_is_not() {
    let bench = Bench::start().await;
    let owner = bench.owner();
    let start = built(&bench, "com.example.a").await;
    let application = owner.done(APPLICATIONS, json!({})).await.body["applications"][0]["application_id"].clone();
    for (body, found) in [
        (json!({ "application_id": application }), 1),
        (json!({ "application_id": "3f2a8c51-9d07-8b64-a1e0-5c7d9f3b2a18" }), 0),
        (json!({ "platform": "ios" }), 0),
        (json!({ "version": "PROD" }), 1),
        (json!({ "version": "dev" }), 0),
        (json!({ "application_id": application, "platform": "android", "version": "production", "limit": 100 }), 1),
        (json!({ "limit": null, "cursor": null }), 1),
    ] {
        let listed = owner.done(BUILDS, body.clone()).await;
        let starts: Vec<&Value> =
            listed.body["builds"].as_array().unwrap().iter().map(|build| &build["start_time"]).collect();
        assert_eq!(starts, vec![&json!(start); found], "{body}");
    }
    for (body, code) in [
        (json!({ "application_id": "x" }), "invalid_application_id"),
        (json!({ "platform": "windows" }), "invalid_platform"),
        (json!({ "version": "1.2.3" }), "invalid_version"),
        (json!({ "limit": 0 }), "invalid_limit"),
        (json!({ "limit": 101 }), "invalid_limit"),
        (json!({ "limit": -1 }), "invalid_body"),
        (json!({ "status": "failed" }), "invalid_body"),
    ] {
        refused(&owner.post(BUILDS, body).await, 400, code);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn builds_and_applications_of_another_tenant_are_not_there() {
    let bench = Bench::start().await;
    let (owner, (other, _)) = (bench.owner(), bench.another_tenant(2, Plan::Team).await);
    let elsewhere = owner.in_tenant(&other.id);
    let start = built(&bench, "com.example.a").await;
    let application = owner.done(APPLICATIONS, json!({})).await.body["applications"][0]["application_id"].clone();
    let build = json!({ "start_time": start });
    for (path, body) in [
        ("/frontend/download_application_build", &build),
        ("/frontend/delete_application_build", &build),
        ("/frontend/sign_application_build", &build),
        ("/frontend/delete_application", &json!({ "application_id": application })),
    ] {
        refused(&elsewhere.post(path, body.clone()).await, 404, "not_found");
    }
    assert_eq!(elsewhere.done(BUILDS, json!({})).await.body, json!({ "builds": [], "cursor": null }));
    let named = elsewhere.done(BUILDS, json!({ "application_id": application })).await;
    assert_eq!(named.body["builds"], json!([]));
    owner.done("/frontend/download_application_build", build).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_time_that_no_build_can_have_is_refused_by_name() {
    let bench = Bench::start().await;
    let owner = bench.owner();
    for path in ["download_application_build", "delete_application_build", "sign_application_build"] {
        let path = format!("/frontend/{path}");
        for start in [0, -1, 1_700_000_000_000_i64, i64::MIN] {
            refused(&owner.post(&path, json!({ "start_time": start })).await, 400, "invalid_start_time");
        }
        refused(&owner.post(&path, json!({})).await, 400, "invalid_start_time");
        refused(&owner.post(&path, json!({ "start_time": "1700000000" })).await, 400, "invalid_body");
        refused(&owner.post(&path, json!({ "start_time": 1_700_000_000 })).await, 404, "not_found");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_that_went_to_free_builds_unsigned_and_only_what_its_plan_allows() {
    let bench = Bench::start().await;
    let (tenant, _) = bench.another_tenant(2, Plan::Free).await;
    let owner = bench.owner().in_tenant(&tenant.id);
    bench.let_build_on_free(&tenant).await;
    bench.own().set(&tenant.id, &Setting::Plan(Plan::Team)).await.unwrap();
    let cleartext = json!({ "version": "dev", "config": { "CleartextPrevention": { "protection": true } } });
    owner.done("/frontend/config_update", cleartext).await;
    bench.own().set(&tenant.id, &Setting::Plan(Plan::Free)).await.unwrap();
    let body = |version: &str, key: Value| json!({ "file_name": "a.apk", "platform": "android", "version": version, "signing_key_id": key });
    assert!(tenant.default_android_key.is_some(), "a default from before does not count");
    let ticket = owner.done(UPLOAD, body("prod", Value::Null)).await;
    assert_eq!(ticket.body["signing_key_id"], Value::Null);
    put(&ticket.text("upload_url"), small_apk()).await;
    bench.run_arrivals().await;
    bench.run_worker(&bench.worker()).await;
    refused(&owner.post(UPLOAD, body("prod", json!(tenant.default_android_key))).await, 403, "plan_required");
    refused(&owner.post(UPLOAD, body("dev", Value::Null)).await, 403, "plan_required");
    let listed = owner.done(BUILDS, json!({})).await;
    let builds = listed.body["builds"].as_array().unwrap();
    assert!(builds.len() == 1 && builds[0]["status"] == "completed", "{}", listed.body);
    owner.done("/frontend/download_application_build", json!({ "start_time": ticket.body["start_time"] })).await;
}

/// Who signed the output of a build, and its entries with their checksums.
async fn output(owner: &Member, start: &Value) -> (Vec<String>, Vec<(String, u32)>) {
    let download = owner.done("/frontend/download_application_build", json!({ "start_time": start })).await;
    let bytes = fetch(&download.text("download_url")).await;
    let archive = Archive::read(&bytes, &Limits::default()).unwrap();
    let signatures = verify_apk(&archive, Platforms { min_sdk: 24, target_sdk: 34 }, &|_| true).unwrap();
    let entries = archive.entries().iter().filter(|entry| !entry.name.starts_with("META-INF/"));
    (signatures.certificates_sha256(), entries.map(|entry| (entry.name.clone(), entry.crc32)).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_build_that_is_signed_again_differs_in_nothing_but_its_signer_and_outlives_the_first() {
    let bench = Bench::start().await;
    let owner = bench.owner();
    let first = json!(built(&bench, "com.example.a").await);
    let key = Keystore::make("Other", bench.clock.now()).fields("Other key");
    let key = owner.done("/frontend/signing_keys", key).await;
    let order = json!({ "start_time": first, "signing_key_id": key.body["signing_key_id"] });
    let again = owner.done("/frontend/sign_application_build", order).await.body["start_time"].clone();
    bench.run_worker(&bench.worker()).await;
    let (before, after) = (output(&owner, &first).await, output(&owner, &again).await);
    assert_eq!(after, (vec![key.text("fingerprint")], before.1));
    assert_ne!(after.0, before.0);
    owner.done("/frontend/delete_application_build", json!({ "start_time": first })).await;
    assert_eq!(output(&owner, &again).await, after);
    let listed = owner.done(APPLICATIONS, json!({})).await;
    assert_eq!(
        (&listed.body["applications"][0]["builds"], &listed.body["applications"][0]["latest_build"]),
        (&json!(1), &again)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_build_says_why_and_deleting_one_gives_no_share_of_the_week_back() {
    let bench = Bench::start().await;
    bench.limit(3, 2).await;
    let owner = bench.owner();
    let job = bench.upload("broken.apk", b"not a package").await;
    bench.build(&job).await;
    let listed = owner.done(BUILDS, json!({})).await;
    let build = &listed.body["builds"][0];
    assert_eq!(
        (&build["success"], &build["status"], &build["status_message"]),
        (&json!(false), &json!("failed"), &json!("Failed"))
    );
    let (message, code) = (&build["error_message"], &build["failure_code"]);
    assert!(message.is_string() && code.is_string() && build["signing_error_message"].is_null(), "{build}");
    assert_eq!(build["application_id"], Value::Null);
    assert_eq!(build["created_by"], json!(bench.key.id));
    let start = json!({ "start_time": job.parse::<i64>().unwrap() });
    refused(&owner.post("/frontend/download_application_build", start.clone()).await, 400, "job_not_completed");
    refused(&owner.post("/frontend/sign_application_build", start.clone()).await, 400, "job_not_completed");
    owner.done("/frontend/delete_application_build", start).await;
    built(&bench, "com.example.a").await;
    let third = json!({ "file_name": "a.apk", "platform": "android", "version": "prod" });
    refused(&owner.post(UPLOAD, third).await, 429, "weekly_build_limit");
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_that_storage_no_longer_has_complete_nothing() {
    let bench = Bench::start().await;
    let owner = bench.owner();
    let fields =
        json!({ "file_name": "a.apk", "platform": "android", "version": "production", "file_size": 104_857_600 });
    let ticket = owner.done(UPLOAD, fields).await;
    let (path, upload_id) = (ticket.text("file_path"), ticket.text("upload_id"));
    bench.store().abort_multipart(&path.parse().unwrap(), &upload_id).await.unwrap();
    let parts: Vec<Value> = (1..=10).map(|number| json!({ "ETag": "abc", "PartNumber": number })).collect();
    let claim = json!({ "file_path": path, "upload_id": upload_id, "parts": parts });
    refused(&owner.post(&format!("{UPLOAD}/complete"), claim).await, 400, "invalid_upload_id");
}
