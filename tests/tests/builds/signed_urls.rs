//! What a signed URL opens, and what it does not.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_sdk_s3::config::RequestChecksumCalculation;
use aws_sdk_s3::presigning::PresigningConfig;
use http::StatusCode;
use reqwest::{Method, Url};
use tests::harness::{Bench, put};
use tests::packages::small_apk;

use crate::judges;

#[tokio::test(flavor = "multi_thread")]
async fn a_plain_put_works_since_nothing_but_the_host_is_signed() {
    let bench = Bench::start().await;
    let folder = tempfile::tempdir().unwrap();
    let app = folder.path().join("app.apk");
    std::fs::write(&app, small_apk()).unwrap();
    for content_type in [None, Some("application/octet-stream"), Some("application/vnd.android.package-archive")] {
        let ticket = bench.request_upload("app.apk", Some(small_apk().len())).await;
        let url = ticket.text("upload_url");
        check_signed_fields(&url, 3600);
        let mut arguments = vec!["-sS", "-f", "-X", "PUT"];
        let header = content_type.map(|kind| format!("Content-Type: {kind}"));
        arguments.extend(header.iter().flat_map(|header| ["-H", header]));
        let data = format!("@{}", app.display());
        arguments.extend(["--data-binary", &data, &url]);
        let (success, text) = judges::run("curl", arguments);
        assert!(success, "{content_type:?}: {text}");
        let done = bench.build(&ticket.text("job_id")).await;
        assert_eq!(done.text("status"), "completed", "{}", done.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_url_that_is_tampered_with_or_used_with_another_method_is_refused() {
    let bench = Bench::start().await;
    let ticket = bench.request_upload("app.apk", None).await;
    let upload = ticket.text("upload_url");
    let other = bench.request_upload("other.apk", None).await;
    let other_path = other.text("file_path");
    for (what, url, method) in [
        ("signature", with_query(&upload, "X-Amz-Signature", &"0".repeat(64)), Method::PUT),
        ("expiry", with_query(&upload, "X-Amz-Expires", "604800"), Method::PUT),
        ("key", upload.replace(&ticket.text("file_path"), &other_path), Method::PUT),
        ("no signature", upload.split('?').next().unwrap().to_owned(), Method::PUT),
        ("get", upload.clone(), Method::GET),
        ("delete", upload.clone(), Method::DELETE),
        ("list", with_query(&upload, "uploads", ""), Method::POST),
    ] {
        assert_refused(what, method, &url).await;
    }
    assert_eq!(bench.objects().await, [""; 0]);

    put(&upload, small_apk()).await;
    let job = ticket.text("job_id");
    let done = bench.build(&job).await;
    let answer = bench.get(&format!("/automate/download/{job}")).await;
    for url in [answer.text("download_url"), answer.text("report_url"), done.text("report_url")] {
        check_signed_fields(&url, 3600);
        assert_refused("put", Method::PUT, &url).await;
        assert_refused("delete", Method::DELETE, &url).await;
        assert_refused("signature", Method::GET, &with_query(&url, "X-Amz-Signature", &"0".repeat(64))).await;
        assert_refused("bare", Method::GET, url.split('?').next().unwrap()).await;
    }
    let renamed =
        with_query(&answer.text("download_url"), "response-content-disposition", "attachment; filename=x.exe");
    assert_refused("disposition", Method::GET, &renamed).await;
    assert!(reqwest::get(answer.text("download_url")).await.unwrap().status().is_success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_url_of_more_than_an_hour_ago_is_refused() {
    let bench = Bench::start().await;
    let path = bench.request_upload("app.apk", None).await.text("file_path");
    let now = UNIX_EPOCH + Duration::from_secs(bench.clock.now().unsigned_abs());
    assert!(put_signed_at(&bench, &path, now - Duration::from_secs(3500)).await.is_success());
    assert_eq!(put_signed_at(&bench, &path, now - Duration::from_secs(3700)).await, StatusCode::FORBIDDEN);
}

/// Puts through a URL that was made at this time, with the life that the service gives. The stand-in has the system's clock,
/// which no test moves.
async fn put_signed_at(bench: &Bench, path: &str, start: SystemTime) -> StatusCode {
    let config = aws_sdk_s3::config::Builder::from(&bench.config).force_path_style(true);
    let config = config.request_checksum_calculation(RequestChecksumCalculation::WhenRequired).build();
    let request =
        aws_sdk_s3::Client::from_conf(config).put_object().bucket(&bench.stack.names.uploads_bucket).key(path);
    let life = Duration::from_secs(u64::from(domain::upload::URL_SECONDS));
    let life = PresigningConfig::builder().start_time(start).expires_in(life).build().unwrap();
    let url = request.presigned(life).await.unwrap().uri().to_owned();
    check_signed_fields(&url, domain::upload::URL_SECONDS);
    reqwest::Client::new().put(url).body("late").send().await.unwrap().status()
}

/// Only the host is signed, and no checksum is asked for: whoever has the URL needs no header of our choosing.
fn check_signed_fields(url: &str, seconds: u32) {
    let url = Url::parse(url).unwrap();
    let value = |wanted: &str| url.query_pairs().find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned());
    assert_eq!(value("X-Amz-SignedHeaders").as_deref(), Some("host"), "{url}");
    assert_eq!(value("X-Amz-Expires"), Some(seconds.to_string()), "{url}");
    let unwanted = ["checksum", "x-amz-sdk", "content-type", "content-md5"];
    for (name, _) in url.query_pairs() {
        let name = name.to_ascii_lowercase();
        assert!(!unwanted.iter().any(|unwanted| name.contains(unwanted)), "{url}");
    }
}

fn with_query(url: &str, name: &str, value: &str) -> String {
    let mut url = Url::parse(url).unwrap();
    let mut pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    pairs.retain(|(found, _)| found != name);
    pairs.push((name.to_owned(), value.to_owned()));
    url.query_pairs_mut().clear().extend_pairs(pairs);
    url.into()
}

async fn assert_refused(what: &str, method: Method, url: &str) {
    let request = reqwest::Client::new().request(method, url).body("intruder");
    let status = request.send().await.unwrap().status();
    assert_eq!(status, StatusCode::FORBIDDEN, "{what}: {url}");
}
