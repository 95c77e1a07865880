//! An issuer on loopback, which counts how often it was asked.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse as _, Response};
use domain::error::Error;
use domain::session::Session;
use futures_util::stream;
use identity::{Pool, Verifier};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::tokens::{CLIENT, ISSUER, SigningKey};

/// What the issuer does when it is asked.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    Keys(Vec<Value>),
    Text(String),
    Status(StatusCode),
    /// Its keys, from somewhere else.
    Redirect(Vec<Value>),
    /// Bytes without end.
    Endless,
    /// Headers, and then nothing.
    Stalled,
}

pub(crate) struct Issuer {
    pub(crate) verifier: Verifier,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

struct Shared {
    asked: AtomicUsize,
    answer: Mutex<Answer>,
}

impl Issuer {
    /// With these keys.
    pub(crate) async fn start(keys: &[&SigningKey]) -> Self {
        let shared = Arc::new(Shared { asked: AtomicUsize::new(0), answer: Mutex::new(Answer::of(keys)) });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let keys_url = format!("http://{}/pool/.well-known/jwks.json", listener.local_addr().unwrap());
        let router = axum::Router::new().fallback(answer).with_state(Arc::clone(&shared));
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { verifier: Verifier::new(pool(keys_url)), shared, task }
    }

    pub(crate) fn answers(&self, answer: Answer) {
        *self.shared.answer.lock().unwrap() = answer;
    }

    /// How often it was asked until now.
    pub(crate) fn asked(&self) -> usize {
        self.shared.asked.load(Ordering::SeqCst)
    }

    /// From now on nobody listens.
    pub(crate) async fn stop(&mut self) {
        self.task.abort();
        assert!((&mut self.task).await.unwrap_err().is_cancelled());
    }

    pub(crate) async fn verify(&self, token: &str, now: Timestamp) -> Result<Session, Error> {
        self.verifier.verify(token, now).await
    }
}

impl Answer {
    pub(crate) fn of(keys: &[&SigningKey]) -> Self {
        Self::Keys(keys.iter().map(|key| key.published()).collect())
    }
}

/// The pool of every test, whose keys are somewhere.
pub(crate) fn pool(keys_url: String) -> Pool {
    Pool { issuer: ISSUER.to_owned(), client_id: CLIENT.to_owned(), keys_url }
}

async fn answer(State(shared): State<Arc<Shared>>, uri: axum::http::Uri) -> Response {
    shared.asked.fetch_add(1, Ordering::SeqCst);
    // Long enough for others to come meanwhile.
    tokio::time::sleep(Duration::from_millis(50)).await;
    let keys = |keys| json!({ "keys": keys }).to_string().into_response();
    let chunk = || async { Some((Ok::<_, std::io::Error>("{\"keys\":[".repeat(100)), ())) };
    let answer = shared.answer.lock().unwrap().clone();
    match answer {
        Answer::Keys(list) => keys(list),
        Answer::Text(text) => text.into_response(),
        Answer::Status(status) => status.into_response(),
        Answer::Redirect(list) if uri.path() == "/moved" => keys(list),
        Answer::Redirect(_) => (StatusCode::FOUND, [(LOCATION, "/moved")]).into_response(),
        Answer::Endless => Body::from_stream(stream::unfold((), move |()| chunk())).into_response(),
        Answer::Stalled => Body::from_stream(stream::pending::<Result<String, std::io::Error>>()).into_response(),
    }
}

/// Whether the token was refused, and the issuer is not to blame.
pub(crate) fn is_refused(outcome: &Result<Session, Error>) -> bool {
    matches!(outcome, Err(Error::Unauthenticated))
}

/// Whether there are no keys to tell by.
pub(crate) fn is_internal(outcome: &Result<Session, Error>) -> bool {
    matches!(outcome, Err(Error::Internal(_)))
}
