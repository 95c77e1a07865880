//! `/v1`: what comes before and after each call.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, State as Shared};
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, Request, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::sleep;
use wire::Line;

use crate::calls::{self, Call};
use crate::error::{Refusal, answer};
use crate::faults::Fault;
use crate::idempotency::{Begun, Saved};
use crate::params::Params;
use crate::state::State;

/// Bytes of a request at most.
const MAX_BODY: usize = 1024 * 1024;

/// What all of the stand-in shares.
#[derive(Clone)]
pub(crate) struct Standing {
    state: Arc<Mutex<State>>,
    secret_key: SecretString,
}

/// A call that was understood.
struct Asked {
    call: Call,
    id: String,
    params: Params,
    /// Kept to compare with what comes with the same key.
    said: Vec<u8>,
    key: Option<String>,
}

impl Standing {
    pub(crate) fn new(state: State, secret_key: SecretString) -> Self {
        Self { state: Arc::new(Mutex::new(state)), secret_key }
    }

    /// The state as it is now: what is due has happened.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.settle();
        state
    }
}

pub(crate) fn router() -> Router<Standing> {
    Router::new().route("/v1/{*path}", any(serve))
}

async fn serve(
    Shared(standing): Shared<Standing>,
    ConnectInfo(line): ConnectInfo<Line>,
    request: Request<Body>,
) -> Response {
    let (fault, request_id) = {
        let mut state = standing.state();
        (state.faults.next(), state.id("req"))
    };
    if fault == Fault::DropBefore {
        line.cut();
    }
    let mut answer = match fault.status() {
        Some((status, wait)) => faulty(status, wait),
        None if fault == Fault::DropBefore => StatusCode::OK.into_response(),
        None => match ask(&standing, request).await {
            Ok(asked) => finish(run(standing, asked, fault.delay())).await,
            Err(refusal) => self::answer(refusal.status, &refusal.body()),
        },
    };
    if fault == Fault::DropAfter {
        line.cut();
    }
    if let Ok(id) = HeaderValue::try_from(request_id) {
        answer.headers_mut().insert("request-id", id);
    }
    answer.headers_mut().insert("stripe-version", HeaderValue::from_static(stripe::VERSION));
    answer
}

fn faulty(status: StatusCode, wait: Option<u64>) -> Response {
    let mut answer = answer(status, &Refusal::fault(status).body());
    if let Some(seconds) = wait {
        answer.headers_mut().insert(http::header::RETRY_AFTER, seconds.into());
    }
    answer
}

async fn ask(standing: &Standing, request: Request<Body>) -> Result<Asked, Refusal> {
    let (parts, body) = request.into_parts();
    authenticate(standing, &parts)?;
    if header(&parts, "stripe-version") != Some(stripe::VERSION) {
        return Err(Refusal::version(stripe::VERSION));
    }
    let path = parts.uri.path();
    let (call, id) = calls::find(&parts.method, path).ok_or_else(|| Refusal::no_call(&parts.method, path))?;
    let is_post = parts.method == Method::POST;
    let body = to_bytes(body, MAX_BODY).await.map_err(|_| Refusal::bad_param("body", "too long, or cut off"))?;
    let encoded = if is_post { &body } else { parts.uri.query().unwrap_or_default().as_bytes() };
    let params = Params::parse(encoded)?;
    let key = header(&parts, "idempotency-key").filter(|_| is_post).map(str::to_owned);
    let said = [path.as_bytes(), b"\n", encoded].concat();
    Ok(Asked { call, id: id.to_owned(), params, said, key })
}

fn authenticate(standing: &Standing, parts: &Parts) -> Result<(), Refusal> {
    let given = header(parts, "authorization").and_then(|value| value.strip_prefix("Bearer "));
    match given {
        None => Err(Refusal::key("You did not provide an API key.")),
        Some(given) if given == standing.secret_key.expose_secret() => Ok(()),
        Some(_) => Err(Refusal::key("Invalid API Key provided: ****")),
    }
}

fn header<'a>(parts: &'a Parts, name: &str) -> Option<&'a str> {
    parts.headers.get(name).and_then(|value| value.to_str().ok())
}

/// Whoever asked may be gone before it is done: it is done all the same, and the key knows.
async fn finish(running: impl Future<Output = Response> + Send + 'static) -> Response {
    let done = tokio::spawn(running).await;
    done.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

async fn run(standing: Standing, mut asked: Asked, delay: Duration) -> Response {
    if let Some(key) = &asked.key {
        let begun = {
            let mut state = standing.state();
            let now = state.now();
            state.keys.begin(key, std::mem::take(&mut asked.said), now)
        };
        match begun {
            Ok(Begun::New) => {}
            Ok(Begun::Replay(saved)) => return replayed(saved),
            Err(refusal) => return answer(refusal.status, &refusal.body()),
        }
    }
    sleep(delay).await;
    let mut state = standing.state();
    let (status, body, is_kept) = match calls::run(asked.call, &mut state, &asked.id, &mut asked.params) {
        Ok(body) => (StatusCode::OK, body, true),
        Err(refusal) => (refusal.status, refusal.body(), refusal.is_executed),
    };
    if let Some(key) = &asked.key {
        state.keys.end(key, is_kept.then(|| Saved { status, body: body.to_string() }));
    }
    answer(status, &body)
}

fn replayed(saved: Saved) -> Response {
    let json = (http::header::CONTENT_TYPE, "application/json");
    let replayed = (HeaderName::from_static("idempotent-replayed"), "true");
    (saved.status, [json, replayed], saved.body).into_response()
}
