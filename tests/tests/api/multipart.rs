//! `POST /automate/upload/complete` and `/abort`.

use futures_util::future::join_all;
use http::StatusCode;
use serde_json::{Value, json};
use tests::harness::{Answer, Bench, put};

const COMPLETE: &str = "/automate/upload/complete";
const ABORT: &str = "/automate/upload/abort";

/// Asks for a multipart upload of so many announced bytes.
pub(crate) async fn begin(bench: &Bench, size: usize) -> Answer {
    let ticket = bench.request_upload("app-release.apk", Some(size)).await;
    assert_eq!(ticket.body["multipart"], true);
    ticket
}

/// Puts zeros into every part of a 100 MB upload.
pub(crate) async fn put_parts(ticket: &Answer) -> Value {
    let urls = ticket.body["part_urls"].as_array().unwrap();
    let mut parts = Vec::new();
    for (index, url) in urls.iter().enumerate() {
        let answer = put(url.as_str().unwrap(), vec![0; 10_485_760]).await;
        parts.push(json!({ "ETag": answer.headers()["etag"].to_str().unwrap(), "PartNumber": index + 1 }));
    }
    parts.into()
}

fn claim(ticket: &Answer, parts: Option<&Value>) -> Value {
    let mut claim = json!({ "file_path": ticket.text("file_path"), "upload_id": ticket.text("upload_id") });
    if let Some(parts) = parts {
        claim["parts"] = parts.clone();
    }
    claim
}

#[track_caller]
fn refused(answer: &Answer, status: u16, code: &str, error: &str) {
    let found = (answer.status.as_u16(), answer.text("code"), answer.text("error"));
    assert_eq!(found, (status, code.to_owned(), error.to_owned()));
}

fn with(value: &Value, pointer: &str, new: impl Into<Value>) -> Value {
    let mut value = value.clone();
    *value.pointer_mut(pointer).unwrap() = new.into();
    value
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_are_joined_once_whatever_their_etags_look_like_and_wrong_ones_are_refused_by_name() {
    let bench = Bench::start().await;
    let ticket = begin(&bench, 104_857_600).await;
    let early = json!((1..=10).map(|n| json!({ "ETag": "abc", "PartNumber": n })).collect::<Vec<_>>());
    refused(
        &bench.post(COMPLETE, claim(&ticket, Some(&early))).await,
        400,
        "invalid_parts",
        "parts: part 1 was not uploaded",
    );

    let parts = put_parts(&ticket).await;
    let all = claim(&ticket, Some(&parts));
    let cases = [
        (with(&all, "/parts", json!([])), "parts: 10 were announced, 0 are named"),
        (with(&all, "/parts", parts.as_array().unwrap()[..9].to_vec()), "parts: 10 were announced, 9 are named"),
        (with(&all, "/parts/0/PartNumber", 2), "parts: PartNumber 1 was expected, found 2"),
        (with(&all, "/parts/9/PartNumber", 11), "parts: PartNumber 10 was expected, found 11"),
        (with(&all, "/parts/4/PartNumber", -5), "parts: PartNumber 5 was expected, found -5"),
        (with(&all, "/parts/4/ETag", "<x>"), "parts: ETag is not one that an upload answered"),
        (with(&all, "/parts/4/ETag", ""), "parts: ETag is not one that an upload answered"),
        (with(&all, "/parts/4/ETag", "abc"), "parts: the ETag of part 5 is not the one that its upload answered"),
    ];
    for (body, error) in cases {
        refused(&bench.post(COMPLETE, body).await, 400, "invalid_parts", error);
    }
    let bad_types = [
        (
            with(&all, "/parts/0/PartNumber", "1"),
            "Invalid field: parts[0].PartNumber: invalid type: string \"1\", expected i64",
        ),
        (
            with(&all, "/parts/0", json!(["abc", 1])),
            "Invalid field: parts[0]: invalid type: sequence, expected a JSON object",
        ),
        (with(&all, "/parts/0", json!({ "PartNumber": 1 })), "Invalid field: parts[0]: missing field `ETag`"),
    ];
    for (body, error) in bad_types {
        let answer = bench.post(COMPLETE, body).await;
        assert!(answer.text("error").starts_with(error), "{}", answer.body);
        assert_eq!((answer.status, answer.text("code")), (StatusCode::BAD_REQUEST, "invalid_body".into()));
    }

    let bare: Vec<Value> = parts
        .as_array()
        .unwrap()
        .iter()
        .map(|part| with(part, "/ETag", part["ETag"].as_str().unwrap().trim_matches('"')))
        .collect();
    let (first, second) = (bench.post(COMPLETE, with(&all, "/parts", bare)).await, bench.post(COMPLETE, all).await);
    let done = json!({ "success": true, "job_id": ticket.text("job_id") });
    assert_eq!((first.status, &first.body), (StatusCode::OK, &done));
    assert_eq!((second.status, &second.body), (StatusCode::OK, &done));
    let status = bench.get(&format!("/automate/status/{}", ticket.text("job_id"))).await;
    assert_eq!((status.text("status"), status.text("progress")), ("processing".into(), "Queued".into()));

    let late = bench.post(ABORT, claim(&ticket, None)).await;
    refused(&late, 409, "upload_completed", "The upload was completed already");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_job_of_the_tenant_with_this_upload_is_completed_or_aborted() {
    let bench = Bench::start().await;
    let ticket = begin(&bench, 104_857_600).await;
    let single = bench.request_upload("single.apk", None).await;
    let parts = json!([{ "ETag": "abc", "PartNumber": 1 }]);
    let own = claim(&ticket, Some(&parts));
    let path = ticket.text("file_path");
    let foreign = format!("{:032x}{}", 7, &path[32..]);
    let job = ticket.text("job_id");
    let without = |field: &str| {
        let mut body = own.clone();
        body.as_object_mut().unwrap().remove(field);
        body
    };
    let forbidden = "The upload path does not belong to this tenant";
    let cases = [
        (with(&own, "/file_path", &*foreign), 403, "forbidden", forbidden),
        (with(&own, "/file_path", ""), 403, "forbidden", forbidden),
        (with(&own, "/file_path", format!("/{path}")), 403, "forbidden", forbidden),
        (with(&own, "/file_path", format!("../{path}")), 403, "forbidden", forbidden),
        (with(&own, "/file_path", path.replace(&job, "1700000000")), 404, "not_found", "Job not found"),
        (with(&own, "/file_path", path.replace("/production/", "/staging/")), 404, "not_found", "Job not found"),
        (with(&own, "/file_path", path.replace("app-release", "app-other")), 404, "not_found", "Job not found"),
        (with(&own, "/file_path", path.replace("/uploads/", "/builds/")), 404, "not_found", "Job not found"),
        (with(&own, "/file_path", format!("{}/../x.apk", bench.tenant.id)), 404, "not_found", "Job not found"),
        (with(&own, "/upload_id", "other"), 400, "invalid_upload_id", "upload_id is not the one of this upload"),
        (
            with(&own, "/file_path", single.text("file_path")),
            400,
            "invalid_upload_id",
            "This upload is not a multipart upload",
        ),
        (without("file_path"), 400, "invalid_file_path", "File path is missing"),
        (without("upload_id"), 400, "invalid_upload_id", "Upload ID is missing"),
    ];
    for (body, status, code, error) in cases {
        for route in [COMPLETE, ABORT] {
            refused(&bench.post(route, body.clone()).await, status, code, error);
        }
    }
    refused(&bench.post(COMPLETE, without("parts")).await, 400, "invalid_parts", "Parts are missing");

    let aborts = join_all((0..2).map(|_| bench.post(ABORT, claim(&ticket, None)))).await;
    for answer in aborts {
        assert_eq!((answer.status, answer.body), (StatusCode::OK, json!({ "success": true })));
    }
    refused(&bench.post(COMPLETE, own).await, 409, "build_ended", "The build has already ended");
    let status = bench.get(&format!("/automate/status/{job}")).await;
    assert_eq!(
        (status.text("status"), status.text("failure_code"), status.text("error_message")),
        ("failed".into(), "upload_aborted".into(), "The multipart upload was aborted".into())
    );
    let ledger = bench.store().ledger(&bench.tenant.id).await.unwrap();
    assert_eq!((ledger.active.len(), ledger.recent.len()), (1, 1), "the single-part upload keeps its slot: {ledger:?}");
}
