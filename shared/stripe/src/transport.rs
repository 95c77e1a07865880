//! A call over HTTP, with its tries.

use std::time::Duration;

use http::{HeaderMap, Method, StatusCode};
use reqwest::redirect::Policy;
use reqwest::{RequestBuilder, Response};
use secrecy::ExposeSecret as _;
use serde::de::DeserializeOwned;
use tokio::time::{Instant, sleep};

use crate::VERSION;
use crate::client::Client;
use crate::error::{Error, Refusal, Trouble, Unreadable};
use crate::form::Form;
use crate::id::IdempotencyKey;
use crate::retry::{self, Verdict};

/// Bytes of an answer at most. The longest expected are lists: a page of 50 subscriptions at 5 kB each, or of 25 invoices
/// with up to ten lines at 2 kB each.
pub(crate) const MAX_BODY: usize = 2 * 1024 * 1024;
const CONNECT_LIMIT: Duration = Duration::from_secs(3);
/// Who asks, for Stripe's log of requests.
const USER_AGENT: &str = concat!("apptego/", env!("CARGO_PKG_VERSION"));

/// What is asked.
#[derive(Clone, Debug)]
pub(crate) struct Request<'a> {
    method: Method,
    path: String,
    form: Form,
    key: Option<&'a IdempotencyKey>,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

enum Failure {
    Trouble(Trouble),
    TooLong,
}

impl<'a> Request<'a> {
    pub(crate) fn get(path: impl Into<String>, form: Form) -> Self {
        Self { method: Method::GET, path: path.into(), form, key: None }
    }

    pub(crate) fn post(path: impl Into<String>, form: Form, key: &'a IdempotencyKey) -> Self {
        Self { method: Method::POST, path: path.into(), form, key: Some(key) }
    }
}

impl Client {
    /// Tries until there is an answer, or no sense in trying further.
    pub(crate) async fn call<T: DeserializeOwned>(&self, request: &Request<'_>) -> Result<T, Error> {
        let deadline = self.deadline();
        let mut tries = 0;
        loop {
            tries += 1;
            let (trouble, asked, is_last) = match self.try_once(request, deadline).await {
                Ok(answer) => match retry::judge(answer.status, &answer.headers) {
                    Verdict::Done => return read(&answer.body),
                    Verdict::Refused => return Err(Error::Refused(Box::new(self.refusal(&answer)))),
                    verdict => (self.status(&answer), retry::asked_wait(&answer.headers), verdict == Verdict::Failed),
                },
                Err(Failure::TooLong) => return Err(Error::Unreadable(Unreadable::TooLong(MAX_BODY))),
                Err(Failure::Trouble(trouble)) => (trouble, None, false),
            };
            let wait = retry::wait(tries, fastrand::f64()).max(asked.unwrap_or_default());
            if is_last || tries >= self.shared.tries || Instant::now() + wait >= deadline {
                return Err(Error::Unavailable { tries, retry_after: asked, last: trouble });
            }
            tracing::warn!(stripe.path = request.path, stripe.tries = tries, %trouble, "Stripe is asked again");
            sleep(wait).await;
        }
    }

    async fn try_once(&self, request: &Request<'_>, deadline: Instant) -> Result<Answer, Failure> {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(Failure::Trouble(Trouble::Late));
        }
        let prepared = self.prepare(request).await.map_err(connection)?;
        let answer = prepared.timeout(left.min(self.shared.try_limit)).send().await.map_err(connection)?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        Ok(Answer { status, headers, body: body(answer).await? })
    }

    async fn prepare(&self, request: &Request<'_>) -> Result<RequestBuilder, reqwest::Error> {
        let http = self.shared.http.get_or_try_init(async || http_client()).await?;
        let mut url = format!("{}/v1/{}", self.shared.base, request.path);
        let is_query = request.method == Method::GET;
        if is_query && !request.form.is_empty() {
            url = format!("{url}?{}", request.form.encode());
        }
        let mut prepared = http.request(request.method.clone(), url);
        prepared = prepared.header(http::header::AUTHORIZATION, self.shared.authorization.clone());
        prepared = prepared.header("stripe-version", VERSION);
        if let Some(key) = request.key {
            prepared = prepared.header("idempotency-key", key.as_str());
        }
        if is_query {
            return Ok(prepared);
        }
        let kind = (http::header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        Ok(prepared.header(kind.0, kind.1).body(request.form.encode()))
    }

    fn refusal(&self, answer: &Answer) -> Refusal {
        let request_id = answer.headers.get("request-id").and_then(|id| id.to_str().ok()).map(str::to_owned);
        Refusal::read(answer.status, request_id, &answer.body, self.shared.secret_key.expose_secret())
    }

    fn status(&self, answer: &Answer) -> Trouble {
        let Refusal { status, code, request_id, .. } = self.refusal(answer);
        Trouble::Status { status, code, request_id }
    }
}

/// Trusts the certificates that `SSL_CERT_FILE` names, as the SDK's own client does: docs/decisions/0007-roots.md.
fn http_client() -> Result<reqwest::Client, reqwest::Error> {
    let limits = reqwest::Client::builder().connect_timeout(CONNECT_LIMIT).redirect(Policy::none());
    limits.user_agent(USER_AGENT).build()
}

async fn body(mut answer: Response) -> Result<Vec<u8>, Failure> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(connection)? {
        if body.len() + chunk.len() > MAX_BODY {
            return Err(Failure::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// The address names customers.
fn connection(error: reqwest::Error) -> Failure {
    Failure::Trouble(Trouble::Connection(error.without_url()))
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(body).map_err(|error| Error::Unreadable(Unreadable::Json(error)))
}
