//! A running stand-in.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, DefaultBodyLimit, Path, State as Shared};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use futures_util::stream::{self, StreamExt as _};
use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::sleep;
use wire::{Line, Lines};

use crate::request::Request;
use crate::script::{Failure, Step};

/// Requests that are remembered at most: the newest ones.
const MOST_REQUESTS: usize = 1000;
/// Bytes of a request at most.
const MAX_BODY: usize = 4 * 1024 * 1024;
/// Until the first half of a body that is cut has been sent.
const HALF: Duration = Duration::from_millis(50);

/// A running stand-in. It ends when this is dropped.
pub struct Standin {
    base_url: String,
    shared: Arc<Mutex<State>>,
    _tasks: JoinSet<()>,
}

#[derive(Default)]
struct State {
    script: VecDeque<Step>,
    requests: VecDeque<Request>,
}

impl Standin {
    /// Starts one at a free port of this machine.
    ///
    /// # Errors
    /// Where there is none.
    pub async fn start() -> anyhow::Result<Self> {
        Self::at((Ipv4Addr::LOCALHOST, 0).into()).await
    }

    /// Starts one at this address.
    ///
    /// # Errors
    /// Where it is taken.
    pub async fn at(address: SocketAddr) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let base_url = format!("http://{}", listener.local_addr()?);
        let shared = Arc::<Mutex<State>>::default();
        let router = Router::new()
            .route("/model/{model}/converse", post(converse))
            .layer(DefaultBodyLimit::max(MAX_BODY))
            .with_state(Arc::clone(&shared));
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let service = router.into_make_service_with_connect_info::<Line>();
            if let Err(error) = axum::serve(Lines(listener), service).await {
                tracing::error!(%error, "the stand-in for Converse ended");
            }
        });
        Ok(Self { base_url, shared, _tasks: tasks })
    }

    /// What the SDK takes as its endpoint (`AWS_ENDPOINT_URL_BEDROCK_RUNTIME`).
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// What is answered to the next requests, one step each, after what was said before.
    pub fn script(&self, steps: impl IntoIterator<Item = Step>) {
        lock(&self.shared).script.extend(steps);
    }

    /// Steps that nothing has asked for yet.
    pub fn steps_left(&self) -> usize {
        lock(&self.shared).script.len()
    }

    /// What was asked since this was last called, the oldest first; of very many the newest.
    pub fn take_requests(&self) -> Vec<Request> {
        lock(&self.shared).requests.drain(..).collect()
    }
}

impl fmt::Debug for Standin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Standin").field("base_url", &self.base_url).finish_non_exhaustive()
    }
}

fn lock(shared: &Mutex<State>) -> MutexGuard<'_, State> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn converse(
    Shared(shared): Shared<Arc<Mutex<State>>>,
    ConnectInfo(line): ConnectInfo<Line>,
    Path(model): Path<String>,
    body: Bytes,
) -> Response {
    let request = Request::read(model, &body);
    let mut step = next_step(&shared, &request);
    while let Step::Slow(wait, then) = step {
        sleep(wait).await;
        step = *then;
    }
    // Whatever the script says: it is our fault, and to be seen.
    if let Err(message) = request.check() {
        return failed(Failure::Validation, &message);
    }
    answered(step, &request, line)
}

fn next_step(shared: &Mutex<State>, request: &Request) -> Step {
    let mut state = lock(shared);
    if state.requests.len() == MOST_REQUESTS {
        state.requests.pop_front();
    }
    state.requests.push_back(request.clone());
    state.script.pop_front().unwrap_or(Step::Faithful)
}

fn answered(step: Step, request: &Request, line: Line) -> Response {
    match step {
        Step::Faithful | Step::Slow(..) => answered_by_message(&request.faithful(), request),
        Step::Message { .. } => answered_by_message(&step, request),
        Step::Body { content_type, body } => ([(header::CONTENT_TYPE, content_type)], body).into_response(),
        Step::Fail(failure, message) => failed(failure, &message),
        Step::CutBefore => {
            line.cut();
            StatusCode::OK.into_response()
        }
        Step::CutWithin => cut_within(&message(&request.faithful(), request), line),
    }
}

fn answered_by_message(step: &Step, request: &Request) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], message(step, request).to_string()).into_response()
}

/// The body of an answer. Tokens are counted as four bytes each.
fn message(step: &Step, request: &Request) -> Value {
    let (content, stop_reason) = match step {
        Step::Message { content, stop_reason } => (content.as_slice(), *stop_reason),
        _ => (&[][..], "end_turn"),
    };
    let (input, output) = (request.raw.len() / 4, json!(content).to_string().len() / 4);
    json!({
        "output": { "message": { "role": "assistant", "content": content } },
        "stopReason": stop_reason,
        "usage": { "inputTokens": input, "outputTokens": output, "totalTokens": input + output },
        "metrics": { "latencyMs": 1 },
    })
}

fn failed(failure: Failure, message: &str) -> Response {
    let status = StatusCode::from_u16(failure.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut answer = (status, json!({ "message": message }).to_string()).into_response();
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert("x-amzn-errortype", HeaderValue::from_static(failure.kind()));
    answer
}

/// The head promises all of the body, and half of it comes.
fn cut_within(body: &Value, line: Line) -> Response {
    let text = body.to_string();
    let half = Bytes::copy_from_slice(text.as_bytes().get(..text.len() / 2).unwrap_or_default());
    let rest = stream::once(async move {
        sleep(HALF).await;
        line.cut();
        Err(io::Error::from(io::ErrorKind::ConnectionReset))
    });
    let body = Body::from_stream(stream::iter([Ok::<_, io::Error>(half)]).chain(rest));
    ([(header::CONTENT_TYPE, "application/json"), (header::CONTENT_LENGTH, &text.len().to_string())], body)
        .into_response()
}
