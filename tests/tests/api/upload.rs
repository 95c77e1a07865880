//! `POST /automate/upload`: fields, aliases, defaults and refusals.

use domain::control::ControlId;
use http::StatusCode;
use serde_json::{Value, json};
use tests::harness::{Answer, Bench, send_bytes};

const UPLOAD: &str = "/automate/upload";

fn fields() -> Value {
    json!({ "file_name": "app-release.apk", "platform": "android", "version": "prod", "file_size": 52_428_800 })
}

fn with(field: &str, value: impl Into<Value>) -> Value {
    let mut fields = fields();
    fields[field] = value.into();
    fields
}

fn without(field: &str) -> Value {
    let mut fields = fields();
    fields.as_object_mut().unwrap().remove(field);
    fields
}

/// Room for every build of a test.
async fn roomy() -> Bench {
    let bench = Bench::start().await;
    bench.limit(1000, 1000).await;
    bench
}

async fn accepted(bench: &Bench, body: Value) -> Answer {
    // Start times may not run far ahead of the clock.
    bench.clock.pass(1);
    let answer = bench.post(UPLOAD, body).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn a_single_part_answer_has_every_documented_field_and_both_urls_are_the_same() {
    let bench = roomy().await;
    let before = bench.clock.now();
    for body in [fields(), without("file_size"), with("file_size", Value::Null), with("file_size", 104_857_599)] {
        let answer = accepted(&bench, body).await;
        let names: Vec<_> = answer.body.as_object().unwrap().keys().map(String::as_str).collect();
        let mut names = names.clone();
        names.sort_unstable();
        assert_eq!(names, ["expires_in", "file_path", "job_id", "signing_key_id", "start_time", "upload_url", "url"]);
        assert_eq!(answer.body["url"], answer.body["upload_url"]);
        assert_eq!(answer.body["expires_in"], 3600);
        let start = answer.body["start_time"].as_i64().unwrap();
        assert!((before..=bench.clock.now()).contains(&start), "{start}");
        assert_eq!(answer.text("job_id"), start.to_string());
        let path = format!("{}/uploads/android/production/{start}/app-release.apk", bench.tenant.id);
        assert_eq!(answer.text("file_path"), path);
        let url = answer.text("upload_url");
        assert!(url.contains(&path) && url.contains("X-Amz-Expires=3600"), "{url}");
        assert!(url.contains("X-Amz-SignedHeaders=host&"), "a plain PUT with any content type works: {url}");
        assert!(!url.contains("checksum"), "{url}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn files_from_100_mb_on_are_sent_in_parts_of_10_mb() {
    let bench = roomy().await;
    for (size, count) in [(104_857_600_u64, 10), (104_857_601, 11), (2_147_483_648, 205)] {
        let answer = accepted(&bench, with("file_size", size)).await;
        let mut names: Vec<_> = answer.body.as_object().unwrap().keys().map(String::as_str).collect();
        names.sort_unstable();
        let documented = [
            "chunk_size",
            "expires_in",
            "file_path",
            "job_id",
            "multipart",
            "part_urls",
            "signing_key_id",
            "start_time",
            "total_parts",
            "upload_id",
        ];
        assert_eq!(names, documented);
        assert_eq!(answer.body["multipart"], true);
        assert_eq!((&answer.body["chunk_size"], &answer.body["total_parts"]), (&json!(10_485_760), &json!(count)));
        let urls = answer.body["part_urls"].as_array().unwrap();
        assert_eq!(urls.len(), count);
        for (url, number) in urls.iter().zip(1..) {
            let url = url.as_str().unwrap();
            assert!(url.contains(&format!("partNumber={number}&")) && url.contains("uploadId="), "{url}");
            assert!(url.contains("X-Amz-SignedHeaders=host&") && !url.contains("checksum"), "{url}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn names_are_stripped_to_their_base_and_versions_are_read_in_any_case() {
    let bench = roomy().await;
    let names = [
        ("/builds/app.apk", "app.apk"),
        ("C:\\builds\\app.apk", "app.apk"),
        ("../../app.apk", "app.apk"),
        ("app.aab", "app.aab"),
        ("Größe & mehr (1).apk", "Größe & mehr (1).apk"),
    ];
    for (sent, kept) in names {
        let answer = accepted(&bench, with("file_name", sent)).await;
        assert_eq!(answer.text("file_path").rsplit('/').next(), Some(kept));
    }
    let versions = [
        ("dev", "development"),
        ("DEV", "development"),
        ("Development", "development"),
        ("stg", "staging"),
        ("Stg", "staging"),
        ("STAGING", "staging"),
        ("prod", "production"),
        ("pRoD", "production"),
        ("production", "production"),
    ];
    for (sent, kept) in versions {
        let answer = accepted(&bench, with("version", sent)).await;
        assert!(answer.text("file_path").contains(&format!("/uploads/android/{kept}/")), "{sent}: {}", answer.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_field_that_is_missing_or_wrong_is_refused_by_name_and_takes_no_slot() {
    let bench = Bench::start().await;
    let long = format!("{}.apk", "a".repeat(252));
    let name = "invalid_file_name";
    let extension = "Invalid file name: it must end in a lowercase .apk, .aab or .ipa";
    let size = "invalid_file_size";
    let large = "File too large: the maximum is 2 GB (2147483648 bytes)";
    let version = "Invalid configuration version";
    let platform = "Invalid platform: use android or ios";
    let cases = [
        (without("file_name"), name, "File name is missing"),
        (with("file_name", Value::Null), name, "File name is missing"),
        (with("file_name", ""), name, "Invalid file name: it must end in .apk, .aab or .ipa"),
        (with("file_name", "app"), name, "Invalid file name: it must end in .apk, .aab or .ipa"),
        (with("file_name", "app.APK"), name, extension),
        (with("file_name", "app.zip"), name, extension),
        (with("file_name", ".apk"), name, "Invalid file name: there is no name before the extension"),
        (with("file_name", "dir/.apk"), name, "Invalid file name: there is no name before the extension"),
        (
            with("file_name", "a\u{0}.apk"),
            name,
            "Invalid file name: it contains a character that file systems do not accept",
        ),
        (
            with("file_name", "a\r\nb.apk"),
            name,
            "Invalid file name: it contains a character that file systems do not accept",
        ),
        (
            with("file_name", "a\u{202e}kpa.apk"),
            name,
            "Invalid file name: it contains a character that file systems do not accept",
        ),
        (with("file_name", long), name, "Invalid file name: longer than 255 bytes"),
        (with("file_name", "app.ipa"), name, "Invalid file name: android takes a .apk or .aab file"),
        (with("platform", "ios"), name, "Invalid file name: ios takes a .ipa file"),
        (without("platform"), "invalid_platform", "Platform is missing"),
        (with("platform", "Android"), "invalid_platform", platform),
        (with("platform", "windows"), "invalid_platform", platform),
        (without("version"), "invalid_version", "Version is missing"),
        (with("version", "1.2.3"), "invalid_version", version),
        (with("version", "production "), "invalid_version", version),
        (with("file_size", 0), size, "Invalid file size: the file is empty"),
        (with("file_size", 2_147_483_649_u64), size, large),
        (with("file_size", u64::MAX), size, large),
        (with("signing_key_id", ""), "invalid_signing_key_id", "Invalid signing key selection"),
        (with("signing_key_id", "a/b"), "invalid_signing_key_id", "Invalid signing key selection"),
    ];
    for (body, code, error) in cases {
        let answer = bench.post(UPLOAD, body.clone()).await;
        let found = (answer.status.as_u16(), answer.text("code"), answer.text("error"));
        assert_eq!(found, (400, code.to_owned(), error.to_owned()), "{body}");
    }
    let unreadable = [
        (with("file_size", -1).to_string(), "Invalid field: file_size: invalid value: integer `-1`, expected u64"),
        (
            with("file_size", 1.5).to_string(),
            "Invalid field: file_size: invalid type: floating point `1.5`, expected u64",
        ),
        (
            with("file_size", "52428800").to_string(),
            "Invalid field: file_size: invalid type: string \"52428800\", expected u64",
        ),
        (with("file_name", 7).to_string(), "Invalid field: file_name: invalid type: integer `7`, expected a string"),
        (
            with("version", json!(["prod"])).to_string(),
            "Invalid field: version: invalid type: sequence, expected a string",
        ),
        (r#"{"file_name":"a.apk","file_name":"b.apk"}"#.into(), "Invalid field: duplicate field `file_name`"),
        (
            r#"["a.apk","android","prod",1,null]"#.into(),
            "Invalid field: invalid type: sequence, expected a JSON object",
        ),
        (r#""a.apk""#.into(), "Invalid field: invalid type: string \"a.apk\", expected a JSON object"),
        ("null".into(), "Invalid field: invalid type: null, expected a JSON object"),
        (String::new(), "Invalid JSON: EOF while parsing a value"),
        ("{".into(), "Invalid JSON: EOF while parsing an object"),
        ("{}x".into(), "Invalid JSON: trailing characters"),
        (r#"{"file_name":"\ud800.apk"}"#.into(), "Invalid JSON: "),
        ("[".repeat(100_000), "Invalid "),
    ];
    for (body, error) in unreadable {
        let headers = [("authorization", &*bench.bearer())];
        let answer = send_bytes(&bench.router, "POST", UPLOAD, &headers, body.clone()).await;
        assert_eq!((answer.status.as_u16(), answer.text("code")), (400, "invalid_body".into()), "{body:.80}");
        assert!(answer.text("error").starts_with(error), "{body:.80}: {}", answer.body);
    }
    let headers = [("authorization", &*bench.bearer())];
    let answer = send_bytes(&bench.router, "POST", UPLOAD, &headers, b"{\"file_name\":\"\xff.apk\"}".to_vec()).await;
    assert_eq!((answer.status.as_u16(), answer.text("code")), (400, "invalid_body".into()));
    assert!(bench.store().ledger(&bench.tenant.id).await.unwrap().recent.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_built_where_no_control_is_enabled_for_the_platform() {
    let bench = Bench::start().await;
    let error = domain::configuration::no_enabled_controls().to_string();
    bench.configure(&[ControlId::BACKUP_PREVENTION]).await;
    let mut ios = with("platform", "ios");
    ios["file_name"] = "app.ipa".into();
    let answer = bench.post(UPLOAD, ios).await;
    assert_eq!((answer.status.as_u16(), answer.text("error")), (400, error.clone()), "none for iOS");
    bench.configure(&[]).await;
    let answer = bench.post(UPLOAD, fields()).await;
    assert_eq!((answer.status.as_u16(), answer.text("error")), (400, error), "none at all");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_that_is_reached_answers_429_and_names_it() {
    let bench = Bench::start().await;
    bench.limit(1, 100).await;
    accepted(&bench, fields()).await;
    let refused = bench.post(UPLOAD, fields()).await;
    let header = |answer: &Answer, name: &str| answer.headers[name].to_str().unwrap().to_owned();
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.text("code"), "concurrent_build_limit");
    assert_eq!(refused.text("error"), "Concurrent build limit reached (1 builds)");
    assert_eq!(header(&refused, "retry-after"), "30");
    assert_eq!(header(&refused, "x-ratelimit-limit"), "1");
    assert_eq!(header(&refused, "x-ratelimit-remaining"), "0");

    bench.limit(100, 1).await;
    let refused = bench.post(UPLOAD, fields()).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.text("code"), "weekly_build_limit");
    assert_eq!(refused.text("error"), "Weekly build limit reached (1 builds in seven days)");
    let wait: i64 = header(&refused, "retry-after").parse().unwrap();
    assert!((7 * 24 * 3600 - 60..=7 * 24 * 3600).contains(&wait), "{wait}");
}
