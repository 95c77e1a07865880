//! Downloads: whole and checked, or not at all.

use cli::Exit;

use crate::support::{Script, Service, digest};

fn output() -> Vec<u8> {
    (0..100_000_u32).map(|n| (n % 241) as u8).collect()
}

#[tokio::test]
async fn a_wrong_digest_leaves_no_file() {
    let service = Service::start(Script { announced: Some(digest(b"other")), ..Script::default() }, b"app").await;
    let run = service.run("protect {}/app.apk --out {}/out.apk").await;
    assert_eq!(run.exit, Exit::Service);
    assert!(run.stderr.contains("the download has SHA-256"), "{}", run.stderr);
    assert!(run.stderr.contains("apptego download 1700000000"), "{}", run.stderr);
    assert_eq!(service.files(), ["app.apk"]);
}

#[tokio::test]
async fn an_earlier_file_stays_when_the_new_one_is_wrong() {
    let service = Service::start(Script { announced: Some(digest(b"other")), ..Script::default() }, b"app").await;
    std::fs::write(service.path("out.apk"), "earlier").unwrap();
    let run = service.run("download 1700000000 --out {}/out.apk").await;
    assert_eq!(run.exit, Exit::Service);
    assert_eq!(std::fs::read(service.path("out.apk")).unwrap(), b"earlier");
    assert_eq!(service.files(), ["app.apk", "out.apk"]);
}

#[tokio::test]
async fn a_download_that_always_breaks_off_leaves_no_file() {
    let script = Script { output: output(), broken_downloads: (100, u32::MAX), ..Script::default() };
    let service = Service::start(script, b"app").await;
    let run = service.run("download 1700000000 --out {}/out.apk").await;
    assert_eq!(run.exit, Exit::Service);
    assert!(run.stderr.contains("error: downloading:"), "{}", run.stderr);
    assert_eq!(service.files(), ["app.apk"]);
}

#[tokio::test]
async fn a_broken_download_goes_on_where_it_stopped() {
    let script = Script { output: output(), broken_downloads: (40_000, 2), ..Script::default() };
    let service = Service::start(script, b"app").await;
    let run = service.run("download 1700000000 --out {}/out.apk").await;
    assert_eq!(run.exit, Exit::Success, "{}", run.stderr);
    assert_eq!(std::fs::read(service.path("out.apk")).unwrap(), output());
    assert!(service.requests().contains("GET /output bytes=40000-"), "{}", service.requests());
    assert!(service.requests().contains("GET /output bytes=80000-"), "{}", service.requests());
}

#[cfg(unix)]
#[tokio::test]
async fn the_output_is_as_readable_as_any_new_file() {
    use std::os::unix::fs::PermissionsExt;
    let service = Service::start(Script::default(), b"app").await;
    assert_eq!(service.run("download 1700000000 --out {}/out.apk").await.exit, Exit::Success);
    let mode = |name| std::fs::metadata(service.path(name)).unwrap().permissions().mode();
    assert_eq!(mode("out.apk"), mode("app.apk"));
}
