//! How many calls to AWS a request waits for, one after the other.

use http::StatusCode;
use serde_json::json;
use tests::harness::{Bench, put, send};
use tests::packages::small_apk;

use crate::calls;
use crate::multipart::{begin, put_parts};

/// One worker thread, so that no answer can come in while the calls of a round are still being sent.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_upload_waits_for_three_rounds_a_multipart_one_for_four_and_a_status_for_two() {
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
