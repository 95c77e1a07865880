//! A service and its storage on two loopback ports, scripted by each test, and the program run against them.

use std::{
    collections::{BTreeMap, VecDeque},
    io::{self, Write},
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::{DefaultBodyLimit, Path, Request, State},
    http::{HeaderMap, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post, put},
};
use clap::Parser;
use cli::{Cli, Console, Exit, Pacing, Setting, Style};
use futures_util::stream;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

pub(crate) const JOB: &str = "1700000000";
pub(crate) const KEY: &str = "auto_1:sek_secret";

/// What the service does; the default is a small upload that is built at once.
pub(crate) struct Script {
    /// Multipart with parts of so many bytes.
    pub(crate) chunk_size: Option<usize>,
    /// Answers to upload requests before the first good one: status, Retry-After, code.
    pub(crate) upload_refusals: VecDeque<(u16, Option<u64>, &'static str)>,
    /// How many times each part (or the whole file, part 0) is refused with 503 before it is taken.
    pub(crate) part_failures: BTreeMap<usize, u32>,
    /// Answers of status in order; the last one stays.
    pub(crate) statuses: VecDeque<(u16, Value)>,
    /// The protected file.
    pub(crate) output: Vec<u8>,
    /// SHA-256 announced instead of the output's own.
    pub(crate) announced: Option<String>,
    /// Downloads break off after so many bytes, so many times.
    pub(crate) broken_downloads: (usize, u32),
    /// The build report; `input.sha256` is filled in unless it is there.
    pub(crate) report: Value,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            chunk_size: None,
            upload_refusals: VecDeque::new(),
            part_failures: BTreeMap::new(),
            statuses: VecDeque::from([(200, status("completed"))]),
            output: b"protected bytes".to_vec(),
            announced: None,
            broken_downloads: (0, 0),
            report: json!({"controls": [{"control": "BackupPrevention", "status": "applied", "changes": []}]}),
        }
    }
}

/// A status answer.
pub(crate) fn status(word: &str) -> Value {
    json!({"job_id": JOB, "status": word, "platform": "android", "version": "development", "file_name": "app.apk"})
}

/// Status answer of a stage.
pub(crate) fn stage(progress: &str, percent: u8) -> Value {
    let mut status = status("processing");
    status["progress"] = json!(progress);
    status["percent"] = json!(percent);
    status
}

struct Shared {
    script: Mutex<Script>,
    storage: Mutex<String>,
    log: Mutex<Vec<String>>,
    parts: Mutex<BTreeMap<usize, Vec<u8>>>,
    completed: Mutex<Value>,
    announced: Mutex<Value>,
    keys: Mutex<Vec<String>>,
}

/// A running service and a folder with `app.apk` in it.
pub(crate) struct Service {
    shared: Arc<Shared>,
    url: String,
    pub(crate) folder: TempDir,
}

/// What a run of the program left behind.
pub(crate) struct Run {
    pub(crate) exit: Exit,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Service {
    pub(crate) async fn start(script: Script, app: &[u8]) -> Self {
        let shared = Arc::new(Shared {
            script: Mutex::new(script),
            storage: Mutex::default(),
            log: Mutex::default(),
            parts: Mutex::default(),
            completed: Mutex::default(),
            announced: Mutex::default(),
            keys: Mutex::default(),
        });
        let api = Router::new()
            .route("/automate/upload", post(upload))
            .route("/automate/upload/complete", post(complete))
            .route("/automate/upload/abort", post(async || Json(json!({"success": true}))))
            .route("/automate/cancel/{job}", post(async || Json(json!({"success": true}))))
            .route("/automate/status/{job}", get(read_status))
            .route("/automate/download/{job}", get(download))
            .layer(middleware::from_fn_with_state(Arc::clone(&shared), authenticate))
            .with_state(Arc::clone(&shared));
        let storage = Router::new()
            .route("/part/{number}", put(take_part))
            .route("/output", get(send_output))
            .route("/report", get(send_report))
            .layer(DefaultBodyLimit::disable())
            .layer(middleware::from_fn_with_state(Arc::clone(&shared), refuse_keys))
            .with_state(Arc::clone(&shared));
        *shared.storage.lock().unwrap() = serve(storage).await;
        let folder = TempDir::new().unwrap();
        std::fs::write(folder.path().join("app.apk"), app).unwrap();
        Self { shared, url: serve(api).await, folder }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// `apptego WORDS…`; `{}` stands for the folder.
    pub(crate) async fn run(&self, words: &str) -> Run {
        self.run_until(words, std::future::pending).await
    }

    /// The same, with the user's interrupt.
    pub(crate) async fn run_until<I: Future<Output = ()>>(&self, words: &str, interrupt: impl Fn() -> I) -> Run {
        self.run_as(Some(KEY), words, interrupt).await
    }

    pub(crate) async fn run_as<I: Future<Output = ()>>(
        &self,
        key: Option<&str>,
        words: &str,
        interrupt: impl Fn() -> I,
    ) -> Run {
        let folder = self.folder.path().to_str().unwrap();
        let words = words.replace("{}", folder);
        let arguments = ["apptego", "--api-url", &self.url].into_iter().chain(words.split_whitespace());
        let cli = Cli::try_parse_from(arguments).unwrap();
        let (log, mut out) = (Sink::default(), Vec::new());
        let console = Console::new(Style::Plain, log.clone());
        let setting = Setting { key: key.map(str::to_owned), console, out: &mut out, pacing: quick() };
        let exit = cli::run(cli, setting, interrupt).await;
        let hide = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace(folder, "{}");
        let run = Run { exit, stdout: hide(&out), stderr: hide(&log.0.lock().unwrap()) };
        for secret in ["sek_secret", "signature=", "127.0.0.1"] {
            assert!(
                !run.stdout.contains(secret) && !run.stderr.contains(secret),
                "{secret} in {}{}",
                run.stdout,
                run.stderr
            );
        }
        run
    }

    /// The requests in the order of their arrival; equal neighbours once.
    pub(crate) fn requests(&self) -> String {
        let mut log = self.shared.log.lock().unwrap().clone();
        log.dedup();
        log.join("\n")
    }

    /// The bytes that the storage holds.
    pub(crate) fn stored(&self) -> Vec<u8> {
        self.shared.parts.lock().unwrap().values().flatten().copied().collect()
    }

    /// Bodies of the upload request and of the completion.
    pub(crate) fn bodies(&self) -> (Value, Value) {
        (self.shared.announced.lock().unwrap().clone(), self.shared.completed.lock().unwrap().clone())
    }

    /// Idempotency keys of the upload requests.
    pub(crate) fn idempotency_keys(&self) -> Vec<String> {
        self.shared.keys.lock().unwrap().clone()
    }

    /// Names in the folder.
    pub(crate) fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

/// Pauses of milliseconds; everything else as in earnest.
fn quick() -> Pacing {
    let moment = Duration::from_millis(2);
    Pacing {
        first_retry: moment,
        longest_retry: moment * 4,
        first_poll: moment,
        longest_poll: moment * 2,
        arrival_grace: Duration::from_millis(300),
        outage: Duration::from_millis(300),
        ..Pacing::default()
    }
}

#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

async fn serve(router: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

fn error(status: u16, code: &str, retry_after: Option<u64>) -> Response {
    let body = Json(json!({"error": format!("refused: {code}"), "code": code, "request_id": "req-1"}));
    let mut response = (StatusCode::from_u16(status).unwrap(), body).into_response();
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

async fn authenticate(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    shared.log.lock().unwrap().push(format!("{} {}", request.method(), request.uri().path()));
    let key = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if key == Some(&format!("Bearer {KEY}")) { next.run(request).await } else { error(401, "unauthenticated", None) }
}

async fn refuse_keys(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    assert!(request.uri().query().is_some_and(|query| query.starts_with("signature=")));
    let range = request.headers().get(header::RANGE).map(|range| format!(" {}", range.to_str().unwrap()));
    let line = format!("{} {}{}", request.method(), request.uri().path(), range.unwrap_or_default());
    shared.log.lock().unwrap().push(line);
    if request.headers().contains_key(header::AUTHORIZATION) {
        return (StatusCode::BAD_REQUEST, "<Error><Code>OnlyOneAuthMechanismAllowed</Code></Error>").into_response();
    }
    next.run(request).await
}

async fn upload(State(shared): State<Arc<Shared>>, headers: HeaderMap, Json(body): Json<Value>) -> Response {
    shared.keys.lock().unwrap().push(headers["idempotency-key"].to_str().unwrap().to_owned());
    if let Some((status, retry_after, code)) = shared.script.lock().unwrap().upload_refusals.pop_front() {
        return error(status, code, retry_after);
    }
    let storage = shared.storage.lock().unwrap().clone();
    let url = |part: usize| format!("{storage}/part/{part}?signature=s{part}");
    let mut answer =
        json!({"job_id": JOB, "file_path": "t/uploads/app.apk", "start_time": 1_700_000_000, "expires_in": 3600});
    match shared.script.lock().unwrap().chunk_size {
        None => answer["upload_url"] = json!(url(0)),
        Some(size) => {
            let parts = usize::try_from(body["file_size"].as_u64().unwrap()).unwrap().div_ceil(size);
            answer["multipart"] = json!(true);
            answer["upload_id"] = json!("upload-1");
            answer["chunk_size"] = json!(size);
            answer["total_parts"] = json!(parts);
            answer["part_urls"] = (1..=parts).map(url).collect();
        }
    }
    *shared.announced.lock().unwrap() = body;
    Json(answer).into_response()
}

async fn complete(State(shared): State<Arc<Shared>>, Json(body): Json<Value>) -> Json<Value> {
    *shared.completed.lock().unwrap() = body;
    Json(json!({"success": true, "job_id": JOB}))
}

async fn read_status(State(shared): State<Arc<Shared>>) -> Response {
    let mut script = shared.script.lock().unwrap();
    let (code, body) =
        if script.statuses.len() > 1 { script.statuses.pop_front() } else { script.statuses.front().cloned() }.unwrap();
    drop(script);
    if code != 200 { error(code, "refused", None) } else { Json(body).into_response() }
}

async fn download(State(shared): State<Arc<Shared>>, Path(job): Path<String>) -> Json<Value> {
    let storage = shared.storage.lock().unwrap().clone();
    let script = shared.script.lock().unwrap();
    let sha256 = script.announced.clone().unwrap_or_else(|| digest(&script.output));
    Json(json!({
        "job_id": job, "file_name": "app.apk", "expires_in": 3600, "sha256": sha256, "size": script.output.len(),
        "download_url": format!("{storage}/output?signature=o"), "report_url": format!("{storage}/report?signature=r"),
    }))
}

async fn take_part(
    State(shared): State<Arc<Shared>>,
    Path(number): Path<usize>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let length = headers[header::CONTENT_LENGTH].to_str().unwrap().parse::<usize>().unwrap();
    assert_eq!(length, body.len(), "signed URLs take no chunked bodies");
    if let Some(left) = shared.script.lock().unwrap().part_failures.get_mut(&number).filter(|left| **left > 0) {
        *left -= 1;
        return (StatusCode::SERVICE_UNAVAILABLE, "<Error><Code>SlowDown</Code></Error>").into_response();
    }
    shared.parts.lock().unwrap().insert(number, body.to_vec());
    [(header::ETAG, format!("\"etag-{number}\""))].into_response()
}

async fn send_output(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    let mut script = shared.script.lock().unwrap();
    let range = headers.get(header::RANGE).map(|range| range.to_str().unwrap().replace("bytes=", "").replace('-', ""));
    let start: usize = range.as_ref().map_or(0, |start| start.parse().unwrap());
    let content = script.output[start..].to_vec();
    let mut response = Response::builder().header(header::CONTENT_LENGTH, content.len());
    if range.is_some() {
        let end = script.output.len();
        response = response.status(206).header(header::CONTENT_RANGE, format!("bytes {start}-{}/{end}", end - 1));
    }
    let (length, left) = script.broken_downloads;
    if left == 0 {
        return response.body(Body::from(content)).unwrap();
    }
    script.broken_downloads.1 -= 1;
    let sent = Bytes::from(content[..length.min(content.len())].to_vec());
    // The pause lets the bytes reach the client before the connection is cut.
    let cut = stream::unfold(Some(sent), async |sent| match sent {
        Some(sent) if !sent.is_empty() => Some((Ok(sent), Some(Bytes::new()))),
        Some(_) => {
            tokio::time::sleep(Duration::from_millis(30)).await;
            Some((Err(io::Error::other("cut")), None))
        }
        None => None,
    });
    response.body(Body::from_stream(cut)).unwrap()
}

async fn send_report(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let mut report = shared.script.lock().unwrap().report.clone();
    if report.pointer("/input/sha256").is_none() {
        let sent: Vec<u8> = shared.parts.lock().unwrap().values().flatten().copied().collect();
        report["input"] = json!({"name": "app.apk", "size": sent.len(), "sha256": digest(&sent)});
    }
    Json(report)
}

pub(crate) fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
