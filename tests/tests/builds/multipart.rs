//! Uploads in parts.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use http::StatusCode;
use serde_json::{Value, json};
use tests::harness::{Answer, Bench, fetch, put};
use tests::packages::apk_of_size;

use crate::dev::target;

const CHUNK: usize = 10_485_760;
const SIZE: usize = 120 * 1024 * 1024;

/// A valid package of some more than 120 MB that no compression makes smaller.
fn large_apk() -> &'static [u8] {
    static APK: OnceLock<Vec<u8>> = OnceLock::new();
    APK.get_or_init(|| apk_of_size(SIZE))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_package_of_120_mb_goes_in_by_parts_and_comes_out_protected() {
    let bench = Bench::start().await;
    let apk = large_apk();
    let ticket = bench.request_upload("large.apk", Some(apk.len())).await;
    assert_eq!((&ticket.body["multipart"], &ticket.body["chunk_size"]), (&json!(true), &json!(CHUNK)));
    assert_eq!((&ticket.body["total_parts"], ticket.body.get("upload_url")), (&json!(13), None));
    let (urls, job) = (part_urls(&ticket), ticket.text("job_id"));
    assert_eq!(urls.iter().collect::<BTreeSet<_>>().len(), 13);

    let mut parts = Vec::new();
    for (number, (url, chunk)) in (1..).zip(urls.iter().zip(apk.chunks(CHUNK))) {
        let tag = put_part(url, chunk).await;
        assert!(tag.starts_with('"') && tag.ends_with('"'), "{tag}");
        // Every second one without its quotes: both forms are read.
        let tag = if number % 2 == 0 { tag.trim_matches('"').to_owned() } else { tag };
        parts.push(json!({ "ETag": tag, "PartNumber": number }));
    }
    let status = format!("/automate/status/{job}");
    assert_eq!(bench.get(&status).await.status, StatusCode::NOT_FOUND, "not before it is complete");

    let mut swapped = parts.clone();
    swapped.swap(0, 1);
    let mut gap = parts.clone();
    gap[12]["PartNumber"] = json!(14);
    let mut foreign = parts.clone();
    foreign[3]["ETag"] = parts[4]["ETag"].clone();
    for (parts, error) in [
        (swapped, "parts: PartNumber 1 was expected, found 2"),
        (gap, "parts: PartNumber 13 was expected, found 14"),
        (parts[..12].to_vec(), "parts: 13 were announced, 12 are named"),
        (foreign, "parts: the ETag of part 4 is not the one that its upload answered"),
    ] {
        let refused = complete(&bench, &ticket, &json!(parts)).await;
        assert_eq!((refused.status, refused.text("error")), (StatusCode::BAD_REQUEST, error.to_owned()));
        assert_eq!(refused.text("code"), "invalid_parts");
    }
    assert_eq!(bench.objects().await, [""; 0], "nothing was joined");

    let completed = complete(&bench, &ticket, &json!(parts)).await;
    assert_eq!((completed.status, &completed.body), (StatusCode::OK, &json!({ "success": true, "job_id": job })));
    assert_eq!(bench.get(&status).await.text("progress"), "Queued");
    let again = complete(&bench, &ticket, &json!(parts)).await;
    assert_eq!((again.status, &again.body), (StatusCode::OK, &completed.body));
    let late = abort(&bench, &ticket).await;
    assert_eq!((late.status, late.text("code")), (StatusCode::CONFLICT, "upload_completed".to_owned()));

    let done = bench.build(&job).await;
    assert_eq!(done.text("status"), "completed", "{}", done.body);
    let output = fetch(&bench.get(&format!("/automate/download/{job}")).await.text("download_url")).await;
    assert_eq!(domain::id::Sha256Hex::of(&output).as_str(), done.text("sha256"));
    assert!(output.len() > SIZE);
    let report = bench.get(&status).await.text("report_url");
    let report: Value = serde_json::from_slice(&fetch(&report).await).unwrap();
    assert_eq!(report["input"]["sha256"], json!(domain::id::Sha256Hex::of(apk).as_str()));
    let again = complete(&bench, &ticket, &json!(parts)).await;
    assert_eq!((again.status, &again.body), (StatusCode::OK, &completed.body), "also when the build is over");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_customers_command_line_sends_120_mb_in_parts_by_itself() {
    let bench = Bench::start().await;
    let (_server, address) = bench.serve().await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("large.apk"), large_apk()).unwrap();
    let mut command = tokio::process::Command::new(target().join("debug/apptego"));
    command.args(["protect", "large.apk", "--env", "prod", "--json"]).current_dir(folder.path()).kill_on_drop(true);
    command.env("APPTEGO_API_URL", address).env("APPTEGO_API_KEY", bench.key.expose());
    let ended = command.output().await.unwrap();
    let progress = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(0), "{progress}");
    assert!(progress.contains("uploading 120.00 MiB of 120.00 MiB\n"), "{progress}");
    let printed: Value = serde_json::from_slice(&ended.stdout).unwrap();
    assert_eq!(printed["report"]["input"]["sha256"], domain::id::Sha256Hex::of(large_apk()).as_str());
    let output = std::fs::read(folder.path().join("large-protected.apk")).unwrap();
    assert_eq!(printed["output"]["sha256"], domain::id::Sha256Hex::of(&output).as_str());
    let job = bench.get(&format!("/automate/status/{}", printed["job_id"].as_str().unwrap())).await;
    assert_eq!(job.text("sha256"), printed["output"]["sha256"].as_str().unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_that_are_missing_or_of_another_size_than_announced_are_refused() {
    let bench = Bench::start().await;
    let ticket = bench.request_upload("large.apk", Some(10 * CHUNK)).await;
    let urls = part_urls(&ticket);
    assert_eq!(urls.len(), 10);
    let mut parts = Vec::new();
    for (number, url) in (1..).zip(&urls) {
        // Any bytes will do: it never becomes a package. The fourth part is short, the seventh is not sent at all.
        let tag = match number {
            4 => put_part(url, &vec![4; 6_000_000]).await,
            7 => "\"d41d8cd98f00b204e9800998ecf8427e\"".to_owned(),
            _ => put_part(url, &vec![1; CHUNK]).await,
        };
        parts.push(json!({ "ETag": tag, "PartNumber": number }));
    }
    let refused = complete(&bench, &ticket, &json!(parts)).await;
    let error = "parts: part 4 has 6000000 bytes, 10485760 were announced";
    assert_eq!((refused.status, refused.text("error")), (StatusCode::BAD_REQUEST, error.to_owned()));

    parts[3]["ETag"] = json!(put_part(&urls[3], &vec![1; CHUNK]).await);
    let refused = complete(&bench, &ticket, &json!(parts)).await;
    assert_eq!(
        (refused.status, refused.text("error")),
        (StatusCode::BAD_REQUEST, "parts: part 7 was not uploaded".to_owned())
    );
    assert_eq!(bench.objects().await, [""; 0]);

    parts[6]["ETag"] = json!(put_part(&urls[6], &vec![1; CHUNK]).await);
    assert_eq!(complete(&bench, &ticket, &json!(parts)).await.status, StatusCode::OK, "put right, it is accepted");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_aborted_upload_is_over_and_its_slot_is_free() {
    let bench = Bench::start().await;
    let ticket = bench.request_upload("large.apk", Some(10 * CHUNK)).await;
    let urls = part_urls(&ticket);
    let tag = put_part(&urls[0], &vec![1; CHUNK]).await;
    for _ in 0..2 {
        let aborted = abort(&bench, &ticket).await;
        assert_eq!((aborted.status, &aborted.body), (StatusCode::OK, &json!({ "success": true })));
    }
    let response = reqwest::Client::new().put(&urls[1]).body("late").send().await.unwrap();
    assert_eq!(response.status(), StatusCode::NOT_FOUND, "the parts' URLs are dead");
    let parts: Vec<_> = (1..=10).map(|number| json!({ "ETag": tag, "PartNumber": number })).collect();
    let refused = complete(&bench, &ticket, &json!(parts)).await;
    assert_eq!((refused.status, refused.text("code")), (StatusCode::CONFLICT, "build_ended".to_owned()));
    let ledger = bench.store().ledger(&bench.tenant.id).await.unwrap();
    assert!(ledger.active.is_empty() && ledger.recent.is_empty(), "{ledger:?}");
    let status = bench.get(&format!("/automate/status/{}", ticket.text("job_id"))).await;
    assert_eq!((status.text("status"), status.text("failure_code")), ("failed".into(), "upload_aborted".into()));
}

fn part_urls(ticket: &Answer) -> Vec<String> {
    ticket.body["part_urls"].as_array().unwrap().iter().map(|url| url.as_str().unwrap().to_owned()).collect()
}

/// Puts a part and returns its `ETag` header as it came.
async fn put_part(url: &str, bytes: &[u8]) -> String {
    put(url, bytes.to_vec()).await.headers()["etag"].to_str().unwrap().to_owned()
}

async fn complete(bench: &Bench, ticket: &Answer, parts: &Value) -> Answer {
    let (path, id) = (ticket.text("file_path"), ticket.text("upload_id"));
    bench.post("/automate/upload/complete", json!({ "file_path": path, "upload_id": id, "parts": parts })).await
}

async fn abort(bench: &Bench, ticket: &Answer) -> Answer {
    let (path, id) = (ticket.text("file_path"), ticket.text("upload_id"));
    bench.post("/automate/upload/abort", json!({ "file_path": path, "upload_id": id })).await
}
