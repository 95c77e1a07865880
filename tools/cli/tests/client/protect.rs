//! `apptego protect` from the upload to the checked output.

use std::collections::{BTreeMap, VecDeque};

use cli::Exit;
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::{JOB, Script, Service, digest, stage, status};

#[tokio::test]
async fn a_small_app_goes_in_one_put_and_comes_back_checked() {
    let statuses = [stage("Queued", 0), stage("Protecting", 40), status("completed")].map(|status| (200, status));
    let service = Service::start(Script { statuses: statuses.into(), ..Script::default() }, b"small app").await;

    let run =
        service.run("protect {}/app.apk --out {}/out.apk --report {}/report.json --env PROD --signing-key none").await;

    assert_eq!(run.exit, Exit::Success, "{}", run.stderr);
    assert_eq!(std::fs::read(service.path("out.apk")).unwrap(), b"protected bytes");
    assert_eq!(service.stored(), b"small app");
    assert_eq!(service.files(), ["app.apk", "out.apk", "report.json"]);
    let asked = json!({"file_name": "app.apk", "platform": "android", "version": "production", "file_size": 9, "signing_key_id": "none"});
    assert_eq!(service.bodies().0, asked);
    assert_snapshot!(run.stderr, @r"
    job 1700000000: app.apk (9 bytes)
    uploading 9 B of 9 B
      0 % Queued
     40 % Protecting
    downloading 15 B of 15 B
    ");
    assert_snapshot!(run.stdout, @r"
    Build report
      input    app.apk  9 bytes  sha256 4e537a53986908e2ebb06a950c83d57d44bc4efdf33ae8c0df6c5dc7662319cb

      CONTROL           STATUS   CHANGE
      BackupPrevention  applied
    {}/out.apk  15 bytes  sha256 d8a2de024d1d3f6cd0f346a4dc3f77e4815594e00b46badf582da96df5ea6109
    ");
    assert_snapshot!(service.requests(), @r"
    POST /automate/upload
    PUT /part/0
    GET /automate/status/1700000000
    GET /automate/download/1700000000
    GET /report
    GET /automate/download/1700000000
    GET /output
    ");
}

#[tokio::test]
async fn json_is_one_object_without_signed_urls() {
    let mut done = status("completed");
    done["report_url"] = json!("https://storage.example/report?signature=hidden");
    done["sha256"] = json!("aa");
    let service = Service::start(Script { statuses: [(200, done)].into(), ..Script::default() }, b"app").await;

    let run = service.run("status 1700000000 --json").await;

    assert_eq!(run.exit, Exit::Success);
    assert_snapshot!(run.stdout, @r#"{"job":{"file_name":"app.apk","job_id":"1700000000","platform":"android","sha256":"aa","status":"completed","version":"development"},"job_id":"1700000000","output":null,"report":null}"#);
}

#[tokio::test]
async fn a_large_app_goes_in_parts_and_flaky_parts_are_sent_again() {
    let app: Vec<u8> = (0..2_500_u32).map(|n| (n % 251) as u8).collect();
    let script =
        Script { chunk_size: Some(1000), part_failures: BTreeMap::from([(1, 2), (3, 4)]), ..Script::default() };
    let service = Service::start(script, &app).await;

    let run = service.run("protect {}/app.apk --out {}/out.apk --json").await;

    assert_eq!(run.exit, Exit::Success, "{}", run.stderr);
    assert_eq!(service.stored(), app);
    let parts: Vec<Value> = (1..=3).map(|n| json!({"ETag": format!("\"etag-{n}\""), "PartNumber": n})).collect();
    let complete = json!({"file_path": "t/uploads/app.apk", "upload_id": "upload-1", "parts": parts});
    assert_eq!(service.bodies().1, complete);
    let told: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(told["output"]["sha256"], digest(b"protected bytes"));
    assert_eq!(told["report"]["input"]["size"], 2500);
}

#[tokio::test]
async fn a_part_that_never_goes_through_aborts_and_cancels() {
    let script = Script { chunk_size: Some(4), part_failures: BTreeMap::from([(2, u32::MAX)]), ..Script::default() };
    let service = Service::start(script, b"app in parts").await;

    let run = service.run("protect {}/app.apk --out {}/out.apk").await;

    assert_eq!(run.exit, Exit::Service);
    assert!(run.stderr.contains("uploading: the storage answered HTTP 503 SlowDown"), "{}", run.stderr);
    assert!(
        service.requests().ends_with("POST /automate/upload/abort\nPOST /automate/cancel/1700000000"),
        "{}",
        service.requests()
    );
    assert_eq!(service.files(), ["app.apk"]);
}

#[tokio::test]
async fn a_job_may_be_unknown_right_after_the_upload() {
    let statuses =
        VecDeque::from([(404, Value::Null), (404, Value::Null), (200, stage("Queued", 0)), (200, status("completed"))]);
    let service = Service::start(Script { statuses, ..Script::default() }, b"app").await;
    let run = service.run("protect {}/app.apk --out {}/out.apk --quiet").await;
    assert_eq!(run.exit, Exit::Success, "{}", run.stderr);
}

#[tokio::test]
async fn a_job_that_stays_unknown_is_an_error() {
    let service = Service::start(Script { statuses: [(404, Value::Null)].into(), ..Script::default() }, b"app").await;
    let run = service.run("protect {}/app.apk --out {}/out.apk").await;
    assert_eq!(run.exit, Exit::Usage);
    assert!(
        run.stderr.contains("reading the status: refused: refused (HTTP 404, code refused, request req-1)"),
        "{}",
        run.stderr
    );
}

#[tokio::test]
async fn a_short_outage_during_the_build_is_survived() {
    let statuses = VecDeque::from([
        (200, stage("Signing", 80)),
        (503, Value::Null),
        (500, Value::Null),
        (200, status("completed")),
    ]);
    let service = Service::start(Script { statuses, ..Script::default() }, b"app").await;
    let run = service.run("protect {}/app.apk --out {}/out.apk").await;
    assert_eq!(run.exit, Exit::Success, "{}", run.stderr);
}

#[tokio::test]
async fn a_failed_build_tells_why() {
    let mut failed = status("failed");
    failed["error_message"] = json!("Not an APK\u{1b}[31m");
    failed["failure_code"] = json!("bad_package");
    let service = Service::start(Script { statuses: [(200, failed)].into(), ..Script::default() }, b"app").await;

    let run = service.run("protect {}/app.apk --out {}/out.apk --json").await;

    assert_eq!(run.exit, Exit::BuildFailed);
    assert_snapshot!(run.stderr.lines().last().unwrap(), @"error: build 1700000000 failed: Not an APK�[31m");
    let told: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(told["error"]["code"], "bad_package");
    assert_eq!(told["error"]["exit_code"], 1);
    assert_eq!(told["job"]["status"], "failed");
    assert!(!service.requests().contains("cancel"));
}

#[tokio::test]
async fn when_the_time_is_up_the_job_goes_on() {
    let service =
        Service::start(Script { statuses: [(200, stage("Queued", 0))].into(), ..Script::default() }, b"app").await;
    let run = service.run("protect {}/app.apk --out {}/out.apk --timeout 1").await;
    assert_eq!(run.exit, Exit::Timeout);
    assert!(run.stderr.contains(&format!("job {JOB} was not finished within 1 s")), "{}", run.stderr);
    assert!(run.stderr.contains("apptego status 1700000000 --wait"));
    assert!(!service.requests().contains("cancel"));
}

#[tokio::test]
async fn an_interrupt_cancels_the_job() {
    let service =
        Service::start(Script { statuses: [(200, stage("Queued", 0))].into(), ..Script::default() }, b"app").await;
    let pressed = std::sync::atomic::AtomicBool::new(false);
    let interrupt = async || {
        if pressed.swap(true, std::sync::atomic::Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
        while !service.requests().contains("GET /automate/status") {
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
    };
    let run = service.run_until("protect {}/app.apk --out {}/out.apk", interrupt).await;
    assert_eq!(run.exit, Exit::Interrupted);
    assert!(service.requests().ends_with("POST /automate/cancel/1700000000"), "{}", service.requests());
    assert!(run.stderr.contains("job 1700000000 is cancelled"), "{}", run.stderr);
}

#[tokio::test]
async fn a_file_that_changed_during_the_upload_is_noticed() {
    let script = Script { report: json!({"input": {"sha256": digest(b"other bytes")}}), ..Script::default() };
    let service = Service::start(script, b"app").await;
    let run = service.run("protect {}/app.apk --out {}/out.apk").await;
    assert_eq!(run.exit, Exit::Service);
    assert!(run.stderr.contains("nothing was kept"), "{}", run.stderr);
    assert_eq!(service.files(), ["app.apk"]);
}
