//! What a request leaves in the log.

use api::App;
use http::StatusCode;
use logging::{Settings, subscriber};
use serde_json::{Value, json};
use service::{Clock, Service};
use store::{Clients, Names, Store};
use tempfile::NamedTempFile;
use tests::harness::{Answer, Bench, fetch, send};
use tests::packages::small_apk;
use tracing::subscriber::{DefaultGuard, set_default};

/// The log of a function, of what is done on this thread until the guard is dropped.
pub(crate) fn listen() -> (NamedTempFile, DefaultGuard) {
    let file = NamedTempFile::new().unwrap();
    let json = |name: &str| (name == "AWS_LAMBDA_LOG_FORMAT").then(|| "JSON".to_owned());
    let guard = set_default(subscriber(Settings::read(json), file.reopen().unwrap()));
    (file, guard)
}

/// The line of a request, which has one.
fn line_of(log: &NamedTempFile, answer: &Answer) -> Value {
    let text = std::fs::read_to_string(log.path()).unwrap();
    let id = answer.headers["x-request-id"].to_str().unwrap();
    let lines: Vec<&str> = text.lines().filter(|line| line.contains(id)).collect();
    assert_eq!(lines.len(), 1, "one line for {id}:\n{text}");
    serde_json::from_str(lines[0]).unwrap()
}

/// The body of the test, and with it every request, runs on the thread that the subscriber listens to.
#[tokio::test(flavor = "multi_thread")]
async fn the_log_has_a_line_for_each_request_and_neither_secrets_nor_signed_urls() {
    let (log, _guard) = listen();
    let bench = Bench::start().await;
    let ticket = bench.request_upload("app.apk", None).await;
    let job = ticket.text("job_id");
    tests::harness::put(&ticket.text("upload_url"), small_apk()).await;
    let done = bench.build(&job).await;
    assert_eq!(done.text("status"), "completed", "{}", done.body);
    let download = bench.get(&format!("/automate/download/{job}")).await;
    fetch(&download.text("download_url")).await;
    let refused = bench.post("/automate/upload", json!({ "file_name": "secret-project.zip" })).await;
    let unknown = send(
        &bench.router,
        "GET",
        "/automate/x?token=query-secret",
        &[("authorization", "Bearer auto_x:header-secret")],
        None,
    )
    .await;

    for answer in [&ticket, &done, &download, &refused, &unknown] {
        assert_eq!(line_of(&log, answer)["level"], "INFO");
    }
    let expected = json!({
        "message": "request",
        "request.id": refused.text("request_id"),
        "http.method": "POST",
        "http.route": "/automate/upload",
        "http.status": 400,
        "tenant.id": bench.tenant.id,
        "error.code": "invalid_file_name",
    });
    assert_eq!(line_of(&log, &refused)["fields"], expected);
    let text = std::fs::read_to_string(log.path()).unwrap();
    let pair = bench.key.expose();
    let secret = pair.split_once(':').unwrap().1;
    let hidden =
        [secret, "X-Amz-Signature", "X-Amz-Credential", "Bearer", "query-secret", "header-secret", "secret-project"];
    for secret in hidden {
        assert!(!text.contains(secret), "{secret} in the log:\n{text}");
    }
}

#[tokio::test]
async fn an_answer_that_is_the_services_fault_is_logged_as_an_error_with_its_cause() {
    let bench = Bench::start().await;
    let names = Names { table: "no-such-table".to_owned(), ..bench.stack.names.clone() };
    let app = App { service: Service::new(Store::new(Clients::connect(&bench.config, &[]), names), Clock::system()) };
    let (log, _guard) = listen();
    let bearer = bench.bearer();
    let router = api::serve(local::routes(), app);
    let answer = send(&router, "GET", "/automate/status/1700000000", &[("authorization", &bearer)], None).await;
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    let line = line_of(&log, &answer);
    assert_eq!((&line["level"], &line["fields"]["error.code"]), (&json!("ERROR"), &json!("internal")));
    let cause = line["fields"]["error.cause"].as_str().unwrap();
    assert!(cause.contains("ResourceNotFoundException"), "{cause}");
    assert!(!answer.body.to_string().contains("ResourceNotFound"), "{}", answer.body);
}
