//! What the program does about errors, its own and the service's.

use std::collections::VecDeque;

use cli::Exit;
use insta::assert_snapshot;

use crate::support::{Script, Service};

#[tokio::test]
async fn a_refused_key_is_told_with_the_request_id() {
    let service = Service::start(Script::default(), b"app").await;
    let run =
        service.run_as(Some("auto_2:wrong"), "protect {}/app.apk --out {}/out.apk --json", std::future::pending).await;
    assert_eq!(run.exit, Exit::Auth);
    assert_snapshot!(run.stderr, @"error: requesting the upload: refused: unauthenticated (HTTP 401, code unauthenticated, request req-1)");
    assert_snapshot!(run.stdout, @r#"{"error":{"code":"unauthenticated","exit_code":3,"message":"requesting the upload: refused: unauthenticated (HTTP 401, code unauthenticated, request req-1)","request_id":"req-1"},"job":null,"job_id":null,"output":null,"report":null}"#);
    assert_snapshot!(service.requests(), @"POST /automate/upload");
}

#[tokio::test]
async fn keys_that_cannot_be_right_are_never_sent() {
    let service = Service::start(Script::default(), b"app").await;
    for key in [None, Some(" "), Some("no-colon"), Some("id:"), Some("id:se\ncret")] {
        let run = service.run_as(key, "cancel 1700000000", std::future::pending).await;
        assert_eq!(run.exit, Exit::Auth, "{key:?}");
        assert!(run.stderr.starts_with("error: ") && run.stderr.contains("APPTEGO_API_KEY"), "{}", run.stderr);
    }
    assert_eq!(service.requests(), "");
}

#[tokio::test]
async fn a_reached_limit_is_waited_for_with_the_same_idempotency_key() {
    let upload_refusals = VecDeque::from([(429, Some(1), "concurrent_builds"), (503, Some(0), "unavailable")]);
    let service = Service::start(Script { upload_refusals, ..Script::default() }, b"app").await;
    let begun = std::time::Instant::now();
    let run = service.run("protect {}/app.apk --out {}/out.apk").await;
    assert_eq!(run.exit, Exit::Success, "{}", run.stderr);
    assert!(begun.elapsed().as_secs() >= 1);
    assert!(run.stderr.contains("trying again in 1 s"), "{}", run.stderr);
    let keys = service.idempotency_keys();
    assert_eq!(keys.len(), 3);
    assert!(keys.iter().all(|key| *key == keys[0] && key.len() == 36));
}

#[tokio::test]
async fn a_limit_beyond_the_time_given_ends_at_once() {
    for (refusal, words) in [(Some(90_000), ""), (None, ""), (Some(1), "--no-queue")] {
        let upload_refusals = VecDeque::from([(429, refusal, "weekly_builds")]);
        let service = Service::start(Script { upload_refusals, ..Script::default() }, b"app").await;
        let run = service.run(&format!("protect {{}}/app.apk --out {{}}/out.apk {words}")).await;
        assert_eq!(run.exit, Exit::Quota, "{words}");
        assert!(
            run.stderr.contains("refused: weekly_builds (HTTP 429, code weekly_builds, request req-1"),
            "{}",
            run.stderr
        );
    }
}

#[tokio::test]
async fn what_can_be_seen_before_the_upload_costs_no_request() {
    let service = Service::start(Script::default(), b"app").await;
    std::fs::write(service.path("empty.ipa"), "").unwrap();
    std::fs::write(service.path("notes.txt"), "x").unwrap();
    let cases = [
        "protect {}/absent.apk --out {}/out.apk",
        "protect {}/empty.ipa --out {}/out.ipa",
        "protect {}/notes.txt --out {}/out.apk",
        "protect {}/app.apk --platform ios --out {}/out.apk",
        "protect {}/app.apk --out {}/app.apk",
        "protect {}/app.apk --out {}/no/folder/out.apk",
        "protect {}/app.apk --out {}",
    ];
    let mut told = String::new();
    for case in cases {
        let run = service.run(case).await;
        assert_eq!(run.exit, Exit::Usage, "{case}");
        told.push_str(&run.stderr);
    }
    assert_eq!(service.requests(), "");
    assert_snapshot!(told, @r"
    error: cannot read {}/absent.apk: No such file or directory (os error 2)
    error: {}/empty.ipa is empty or not a regular file
    error: {}/notes.txt: only .apk, .aab and .ipa files can be protected
    error: {}/app.apk: a .apk file is for android
    error: --out: the app itself is not overwritten
    error: --out: {}/no/folder is not a folder
    error: --out: {} is a folder
    ");
}

#[tokio::test]
async fn other_commands_do_what_they_say() {
    let service = Service::start(Script::default(), b"app").await;
    let run = service.run("upload {}/app.apk").await;
    assert_eq!((run.exit, run.stdout.as_str()), (Exit::Success, "1700000000\n"));
    let run = service.run("status 1700000000 --wait").await;
    assert_eq!((run.exit, run.stdout.as_str()), (Exit::Success, "1700000000  completed\n"));
    let run = service.run("cancel 1700000000").await;
    assert_eq!((run.exit, run.stdout.as_str()), (Exit::Success, "1700000000\n"));
    assert_snapshot!(service.requests(), @r"
    POST /automate/upload
    PUT /part/0
    GET /automate/status/1700000000
    POST /automate/cancel/1700000000
    ");
}
