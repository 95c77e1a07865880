//! How many calls to AWS a request waits for, one after the other.

use api::access::{GetTenantSubscription, Route as _, Row, Scope, TABLE};
use http::StatusCode;
use local::calls::Recorder;
use serde_json::{Value, json};
use tests::harness::{Bench, put, send};
use tests::members::Member;
use tests::packages::small_apk;

use crate::calls;
use crate::multipart::{begin, put_parts};

/// One worker thread, so that no answer can come in while the calls of a round are still being sent.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_upload_waits_for_three_rounds_a_multipart_one_for_four_and_a_status_for_two_and_each_for_its_event() {
    tokio::spawn(count_rounds()).await.unwrap();
}

async fn count_rounds() {
    let bench = Bench::start().await;
    let (recorder, router) = calls::watch(&bench).await;
    let bearer = bench.bearer();
    let headers = [("authorization", &*bearer), ("idempotency-key", "a")];
    let call = |method, path: String, body| {
        let (router, headers) = (&router, &headers);
        async move {
            let answer = send(router, method, &path, headers, body).await;
            assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
            answer
        }
    };

    // The first use within a minute is noted, in a round of its own. So is each call that changes nothing, once it is answered.
    let used = send(&router, "GET", "/automate/status/1700000000", &headers[..1], None).await;
    assert_eq!(used.status, StatusCode::NOT_FOUND);
    let event = vec!["TransactWriteItems"];
    let reads = vec!["GetItem", "GetItem", "Query"];
    assert_eq!(recorder.rounds(), [vec!["GetItem"], vec!["UpdateItem"], reads.clone(), event.clone()]);

    let apk = small_apk();
    let body = json!({ "file_name": "a.apk", "platform": "android", "version": "dev", "signing_key_id": bench.tenant.default_android_key });
    let ticket = call("POST", "/automate/upload".into(), Some(body)).await;
    assert_eq!(recorder.rounds(), [vec!["GetItem"], vec!["GetItem"; 5], vec!["TransactWriteItems"]]);

    put(&ticket.text("upload_url"), apk).await;
    let job = ticket.text("job_id");
    call("GET", format!("/automate/status/{job}"), None).await;
    let arrival = [vec!["HeadObject"], vec!["TransactWriteItems"], vec!["SendMessage"], event.clone()];
    assert_eq!(recorder.rounds(), [&[vec!["GetItem"], reads.clone()][..], &arrival[..]].concat());

    call("GET", format!("/automate/status/{job}"), None).await;
    assert_eq!(recorder.rounds(), [vec!["GetItem"], reads.clone(), event.clone()]);
    bench.run_worker(&bench.worker()).await;
    call("GET", format!("/automate/status/{job}"), None).await;
    assert_eq!(recorder.rounds(), [vec!["GetItem"], reads, event.clone()]);
    call("GET", format!("/automate/download/{job}"), None).await;
    assert_eq!(recorder.rounds(), [vec!["GetItem"], vec!["GetItem", "Query"], event]);

    let ticket = begin(&bench, 104_857_600).await;
    let parts = put_parts(&ticket).await;
    let claim = json!({ "file_path": ticket.text("file_path"), "upload_id": ticket.text("upload_id"), "parts": parts });
    call("POST", "/automate/upload/complete".into(), Some(claim)).await;
    let join = [vec!["ListParts"], vec!["CompleteMultipartUpload"], vec!["TransactWriteItems"], vec!["SendMessage"]];
    assert_eq!(recorder.rounds(), [&[vec!["GetItem"], vec!["GetItem", "Query"]][..], &join[..]].concat());

    let headers = [("authorization", &*bearer)];
    let body = json!({ "file_name": "a.apk", "platform": "android", "version": "dev", "file_size": 104_857_600 });
    let answer = send(&router, "POST", "/automate/upload", &headers, Some(body)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let multipart = [vec!["GetItem"], vec!["GetItem"; 3], vec!["CreateMultipartUpload"], vec!["TransactWriteItems"]];
    assert_eq!(recorder.rounds(), multipart);
}

/// As on AWS, where the pepper and the issuer's keys are read once by each process.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_caller_is_known_after_one_round_of_at_most_two_reads() {
    tokio::spawn(count_reads_of_a_caller()).await.unwrap();
}

async fn count_reads_of_a_caller() {
    let bench = Bench::start().await;
    let (recorder, router) = calls::watch(&bench).await;
    let (owner, reader) = (bench.owner(), bench.add_member("reader@example.com", "").await);
    let (token, _) = bench.add_token("").await;
    let ask = async |caller: &Member, row: &Row| {
        let headers = [("authorization", caller.bearer.as_str()), ("tenant", caller.tenant.as_str())];
        let answer = send(&router, row.method, row.path, &headers, Some(json!([]))).await;
        (answer.status.as_u16(), rounds(&recorder))
    };
    let (row, session) = (&GetTenantSubscription::ROW, "BatchGetItem, TransactWriteItems".to_owned());
    let of_token = "BatchGetItem+GetItem, TransactWriteItems".to_owned();
    ask(&owner, row).await;
    // The subscription is the tenant as it was read.
    assert_eq!(ask(&owner, row).await, (200, session.clone()));
    assert_eq!(ask(&token, row).await, (200, of_token.clone()));
    // Whoever lacks the permission, or sends what cannot be read, costs no more.
    for row in TABLE.iter().filter(|row| row.scope == Scope::Tenant && row.demand.permission.is_some()) {
        assert_eq!(ask(&reader, row).await, (403, session.clone()), "{}", row.path);
        assert_eq!(ask(&token, row).await, (403, of_token.clone()), "{}", row.path);
        assert_eq!(ask(&owner, row).await.1, session, "{}", row.path);
    }
    let wrong = bench.caller("Bearer YXRrX3g6eA==".to_owned());
    let nobody = (401, "BatchGetItem+GetItem".to_owned());
    assert_eq!(ask(&wrong, row).await, nobody, "nobody costs what a token costs, and leaves no event");
}

/// The calls since the last look: `+` stands between those that ran side by side.
fn rounds(recorder: &Recorder) -> String {
    recorder.rounds().iter().map(|round| round.join("+")).collect::<Vec<_>>().join(", ")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn reads_and_changes_of_a_tenant_wait_for_one_round_more_and_creations_with_a_key_for_two() {
    tokio::spawn(count_rounds_of_management()).await.unwrap();
}

async fn count_rounds_of_management() {
    let bench = Bench::start().await;
    let (recorder, router) = calls::watch(&bench).await;
    let owner = bench.owner();
    let call = async |method: &str, path: &str, key: Option<&str>, body: Value| {
        let mut headers = vec![("authorization", owner.bearer.as_str()), ("tenant", owner.tenant.as_str())];
        headers.extend(key.map(|key| ("idempotency-key", key)));
        let answer = send(&router, method, path, &headers, Some(body)).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.body);
        rounds(&recorder)
    };
    call("GET", "/frontend/get_tenants", None, json!({})).await;
    let person = json!({ "user_id": "developer@example.com" });
    let permit = json!({ "user_id": "developer@example.com", "permissions": "build_applications" });
    let seen = call("GET", "/frontend/get_tenants", None, json!({})).await;
    assert_eq!(seen, "GetItem, BatchGetItem, TransactWriteItems");
    for (path, rounds) in [
        ("/frontend/get_users_permissions", "BatchGetItem, Query, TransactWriteItems"),
        ("/frontend/get_api_tokens_permissions", "BatchGetItem, Query, TransactWriteItems"),
        ("/frontend/automation/keys", "BatchGetItem, GetItem, BatchGetItem, TransactWriteItems"),
    ] {
        assert_eq!(call("GET", path, None, json!({})).await, rounds, "{path}");
    }
    // A change writes its event itself.
    let id = bench.key.id.to_string();
    for (path, body) in [
        ("/frontend/add_user_to_tenant", person.clone()),
        ("/frontend/update_user_permissions", permit),
        ("/frontend/remove_user_from_tenant", person),
        ("/frontend/automation/keys/toggle", json!({ "key_id": id, "enabled": true })),
        ("/frontend/automation/keys/delete", json!({ "key_id": id })),
        ("/frontend/modify_tenant_details", json!({ "tenant_name": "Example Tenant" })),
        ("/frontend/update_deployment_environments", json!({ "enabled": true })),
        ("/frontend/delete_tenant", json!({})),
        ("/frontend/restore_tenant", json!({})),
    ] {
        assert_eq!(call("POST", path, None, body).await, "BatchGetItem, TransactWriteItems", "{path}");
    }
    for (path, body) in
        [("/frontend/create_api_token", json!({})), ("/frontend/automation/keys", json!({ "name": "CI" }))]
    {
        call("POST", path, None, body.clone()).await;
        let seen = call("POST", path, None, body.clone()).await;
        assert_eq!(seen, "BatchGetItem, TransactWriteItems", "{path}");
        let seen = call("POST", path, Some("once"), body.clone()).await;
        assert_eq!(seen, "BatchGetItem, GetItem, GenerateDataKey, TransactWriteItems", "{path}");
        let seen = call("POST", path, Some("once"), body).await;
        assert_eq!(seen, "BatchGetItem, GetItem, Decrypt, TransactWriteItems", "{path}");
    }
    let seen = call("POST", "/frontend/create_tenant", None, json!({ "tenant_name": "Another Tenant" })).await;
    assert_eq!(seen, "GetItem, BatchGetItem, TransactWriteItems");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_upload_of_a_member_waits_for_three_rounds_and_lists_and_downloads_for_two_to_four() {
    tokio::spawn(count_rounds_of_builds()).await.unwrap();
}

async fn count_rounds_of_builds() {
    let bench = Bench::start().await;
    let (recorder, router) = calls::watch(&bench).await;
    let owner = bench.owner();
    let call = async |path: &str, key: Option<&str>, body: Value| {
        let mut headers = vec![("authorization", owner.bearer.as_str()), ("tenant", owner.tenant.as_str())];
        headers.extend(key.map(|key| ("idempotency-key", key)));
        let answer = send(&router, "POST", path, &headers, Some(body)).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.body);
        (answer, rounds(&recorder))
    };
    let [upload, builds, applications] = ["upload_application_build", "get_application_builds", "get_applications"]
        .map(|call| format!("/frontend/{call}"));
    let [upload, builds, applications] = [&*upload, &*builds, &*applications];
    call(builds, None, json!({})).await;

    let mut body = json!({ "file_name": "a.apk", "platform": "android", "version": "dev" });
    let (ticket, seen) = call(upload, None, body.clone()).await;
    assert_eq!(seen, "BatchGetItem, GetItem+GetItem+GetItem, TransactWriteItems");
    body["signing_key_id"] = json!(bench.tenant.default_android_key);
    let (_, seen) = call(upload, Some("once"), body.clone()).await;
    assert_eq!(seen, "BatchGetItem, GetItem+GetItem+GetItem+GetItem+GetItem, TransactWriteItems");
    let (_, seen) = call(upload, Some("once"), body.clone()).await;
    let replay = "BatchGetItem, GetItem+GetItem+GetItem+GetItem+GetItem, Query, TransactWriteItems";
    assert_eq!(seen, replay, "the job, and an event of its own");
    body = json!({ "file_name": "a.apk", "platform": "android", "version": "dev", "file_size": 104_857_600 });
    let (_, seen) = call(upload, None, body).await;
    assert_eq!(seen, "BatchGetItem, GetItem+GetItem+GetItem, CreateMultipartUpload, TransactWriteItems");

    put(&ticket.text("upload_url"), small_apk()).await;
    assert_eq!(bench.build(&ticket.text("job_id")).await.text("status"), "completed");
    let (listed, seen) = call(applications, None, json!({})).await;
    assert_eq!(
        seen, "BatchGetItem, Query, Query, TransactWriteItems",
        "the applications, then their builds are counted"
    );
    let application = listed.body["applications"][0]["application_id"].clone();
    let (_, seen) = call(builds, None, json!({})).await;
    assert_eq!(seen, "BatchGetItem, Query, TransactWriteItems");
    let (listed, seen) = call(builds, None, json!({ "application_id": application })).await;
    assert_eq!(seen, "BatchGetItem, Query, BatchGetItem, TransactWriteItems");
    assert_eq!(listed.body["builds"].as_array().unwrap().len(), 1);
    let build = json!({ "start_time": ticket.body["start_time"] });
    let (_, seen) = call("/frontend/download_application_build", None, build.clone()).await;
    assert_eq!(seen, "BatchGetItem, GetItem+Query, TransactWriteItems");
    let (_, seen) = call("/frontend/sign_application_build", None, build).await;
    assert_eq!(seen, "BatchGetItem, Query, HeadObject, GetItem+GetItem, TransactWriteItems, SendMessage");
}
