//! What a request leaves in the log.

use std::io::Write;
use std::sync::{Arc, Mutex};

use serde_json::json;
use tests::harness::{Bench, fetch};
use tests::packages::small_apk;
use tracing_subscriber::fmt::MakeWriter;

#[derive(Clone, Debug, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// The body of the test, and with it every request, runs on the thread that the subscriber listens to.
#[tokio::test(flavor = "multi_thread")]
async fn the_log_has_a_line_for_each_request_and_neither_secrets_nor_signed_urls() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().json().with_max_level(tracing::Level::INFO).with_writer(log.clone());
    let _guard = tracing::subscriber::set_default(subscriber.finish());
    let bench = Bench::start().await;
    let ticket = bench.request_upload("app.apk", None).await;
    let job = ticket.text("job_id");
    tests::harness::put(&ticket.text("upload_url"), small_apk()).await;
    let done = bench.build(&job).await;
    assert_eq!(done.text("status"), "completed", "{}", done.body);
    let download = bench.get(&format!("/automate/download/{job}")).await;
    fetch(&download.text("download_url")).await;
    let refused = bench.post("/automate/upload", json!({ "file_name": "secret-project.zip" })).await;
    let unknown = tests::harness::send(
        &bench.router,
        "GET",
        "/automate/x?token=query-secret",
        &[("authorization", "Bearer auto_x:header-secret")],
        None,
    )
    .await;

    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    for answer in [&ticket, &done, &download, &refused, &unknown] {
        let id = answer.headers["x-request-id"].to_str().unwrap();
        assert_eq!(text.lines().filter(|line| line.contains(id)).count(), 1, "one line for {id}:\n{text}");
    }
    let line = text.lines().find(|line| line.contains(&refused.text("request_id"))).unwrap();
    for part in [&*bench.tenant.id.to_string(), "invalid_file_name", "/automate/upload", "POST", "400"] {
        assert!(line.contains(part), "{part} in {line}");
    }
    let pair = bench.key.expose();
    let secret = pair.split_once(':').unwrap().1;
    let hidden =
        [secret, "X-Amz-Signature", "X-Amz-Credential", "Bearer", "query-secret", "header-secret", "secret-project"];
    for secret in hidden {
        assert!(!text.contains(secret), "{secret} in the log:\n{text}");
    }
}
