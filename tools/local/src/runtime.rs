//! Lambda's Runtime API on loopback: feeds events to a function's own binary, as Lambda does.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, bail};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use store::Names;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinHandle;

/// The trace of every invocation; it is not sampled.
const TRACE: &str = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0";

/// The one function instance that speaks to this API, seen from Lambda's side. It ends when this is dropped.
#[derive(Debug)]
pub struct RuntimeApi {
    address: SocketAddr,
    polls: mpsc::UnboundedReceiver<Instant>,
    events: mpsc::UnboundedSender<Event>,
    answers: mpsc::UnboundedReceiver<Answer>,
    task: JoinHandle<()>,
}

/// What a function made of an event.
#[derive(Debug)]
pub struct Answer {
    /// The response's body; the error's, where the function says that it failed.
    pub body: Result<Bytes, Bytes>,
    /// When it arrived.
    pub at: Instant,
}

struct Event {
    id: String,
    body: String,
    deadline: SystemTime,
}

struct Shared {
    polls: mpsc::UnboundedSender<Instant>,
    events: Mutex<mpsc::UnboundedReceiver<Event>>,
    answers: mpsc::UnboundedSender<Answer>,
}

impl RuntimeApi {
    /// Listens on a free port of this machine.
    pub async fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (polls, polled) = mpsc::unbounded_channel();
        let (events, queued) = mpsc::unbounded_channel();
        let (answers, answered) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared { polls, events: Mutex::new(queued), answers });
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/{outcome}", post(answer))
            .route("/2018-06-01/runtime/init/error", post(failed_to_start))
            .layer(DefaultBodyLimit::disable())
            .with_state(shared);
        let task = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!(%error, "the Runtime API ended");
            }
        });
        Ok(Self { address, polls: polled, events, answers: answered, task })
    }

    /// The variables of a function of the stack `names` whose clients speak to `endpoint`: those of template.yaml and of Lambda.
    pub fn environment(&self, function: &str, names: &Names, endpoint: &str) -> HashMap<&'static str, String> {
        HashMap::from([
            ("AWS_LAMBDA_RUNTIME_API", self.address.to_string()),
            ("AWS_LAMBDA_FUNCTION_NAME", function.to_owned()),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256".to_owned()),
            ("AWS_REGION", "us-east-1".to_owned()),
            ("AWS_ACCESS_KEY_ID", "test".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
            ("AWS_ENDPOINT_URL", endpoint.to_owned()),
            ("MALLOC_MMAP_THRESHOLD_", "131072".to_owned()),
            ("TABLE_NAME", names.table.clone()),
            ("UPLOADS_BUCKET", names.uploads_bucket.clone()),
            ("ARTIFACTS_BUCKET", names.artifacts_bucket.clone()),
            ("ARTIFACT_RETENTION_DAYS", names.retention_days.to_string()),
            ("BUILD_QUEUE_URL", names.build_queue_url.clone()),
            ("LIBRARY_QUEUE_URL", names.library_queue_url.clone()),
            ("KMS_KEY_ID", names.kms_key.clone()),
            ("PEPPER_SECRET_ID", names.pepper_secret.clone()),
        ])
    }

    /// Waits until the function asks for its next event; returns when it did.
    pub async fn polled(&mut self) -> anyhow::Result<Instant> {
        self.polls.recv().await.context("the Runtime API ended")
    }

    /// Hands an event to the function, which has `time` for it, and waits for its answer.
    pub async fn invoke(&mut self, id: &str, body: String, time: Duration) -> anyhow::Result<Answer> {
        #[expect(clippy::disallowed_methods, reason = "what a Runtime API does: functions are told their deadline")]
        let deadline = SystemTime::now() + time;
        self.events.send(Event { id: id.to_owned(), body, deadline })?;
        match tokio::time::timeout(time, self.answers.recv()).await {
            Ok(answer) => answer.context("the Runtime API ended"),
            Err(_) => bail!("no answer within {} s", time.as_secs()),
        }
    }
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn next(State(shared): State<Arc<Shared>>) -> Response {
    let _ = shared.polls.send(Instant::now());
    let Some(event) = shared.events.lock().await.recv().await else { return StatusCode::GONE.into_response() };
    let deadline = event.deadline.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    let arn = "arn:aws:lambda:us-east-1:123456789012:function:local";
    let mut headers = HeaderMap::new();
    let values = [
        ("lambda-runtime-aws-request-id", event.id),
        ("lambda-runtime-deadline-ms", deadline.to_string()),
        ("lambda-runtime-invoked-function-arn", arn.to_owned()),
        ("lambda-runtime-trace-id", TRACE.to_owned()),
    ];
    for (name, value) in values {
        if let Ok(value) = value.parse() {
            headers.insert(name, value);
        }
    }
    (headers, event.body).into_response()
}

async fn answer(
    State(shared): State<Arc<Shared>>,
    Path((_, outcome)): Path<(String, String)>,
    body: Bytes,
) -> StatusCode {
    let body = if outcome == "response" { Ok(body) } else { Err(body) };
    let _ = shared.answers.send(Answer { body, at: Instant::now() });
    StatusCode::ACCEPTED
}

async fn failed_to_start(State(shared): State<Arc<Shared>>, body: Bytes) -> StatusCode {
    let _ = shared.answers.send(Answer { body: Err(body), at: Instant::now() });
    StatusCode::ACCEPTED
}
