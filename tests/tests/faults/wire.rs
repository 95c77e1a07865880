//! Between the SDK and the stand-in: counts operations and lets one of them go wrong, as a network and AWS do.
//!
//! It stands below the SDK, in place of its HTTP client, so that real answers are read by the real code, and so that an
//! operation can be held for as long as a test wants.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_sdk_dynamodb::config::retry::{RetryPartition, TokenBucket};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::interceptors::context::BeforeSerializationInterceptorContextRef;
use aws_smithy_runtime_api::client::interceptors::{Intercept, SharedInterceptor};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::ConfigBag;
use tokio::sync::Semaphore;

/// The operation that carries every rule.
pub(crate) const TRANSACTION: &str = "TransactWriteItems";

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The service answers that there are too many requests.
    Throttled,
    /// The service answers that it is not available.
    Unavailable,
    /// The transaction loses against another one.
    Conflict,
    /// It is carried out, and the answer is an error of the service.
    Masked,
    /// It is carried out, and the connection breaks.
    Lost,
}

/// Which attempts of the operation it hits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attempts {
    All,
    First,
}

/// What happens to the operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Plan {
    Fail(Fault, Attempts),
    /// It waits before it is sent, until it is released.
    HoldBefore,
    /// It is carried out, and its answer waits until it is released.
    HoldAfter,
}

/// Which operation, and what happens to it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target {
    pub(crate) plan: Plan,
    /// Counts the operations that `among` names, from 0 on.
    pub(crate) index: usize,
    /// Only operations of this name are counted, or all.
    pub(crate) among: Option<&'static str>,
    /// Every later operation that is counted is hit too.
    pub(crate) and_after: bool,
}

impl Target {
    /// The operation `index` of all.
    pub(crate) fn at(index: usize, plan: Plan) -> Self {
        Self { plan, index, among: None, and_after: false }
    }

    /// The operation `index` of those named `name`.
    pub(crate) fn among(name: &'static str, index: usize, plan: Plan) -> Self {
        Self { among: Some(name), ..Self::at(index, plan) }
    }
}

/// A wire that a test has its hands on.
#[derive(Clone, Debug)]
pub(crate) struct Wire(Arc<Shared>);

struct Shared {
    inner: SharedHttpClient,
    state: Mutex<State>,
    reached: Semaphore,
    released: Semaphore,
}

#[derive(Default)]
struct State {
    target: Option<Target>,
    operations: Vec<String>,
    counted: HashMap<String, Seen>,
    countable: usize,
    hit: Option<String>,
}

/// An operation that was seen, by its invocation.
#[derive(Clone, Copy)]
struct Seen {
    place: Option<usize>,
    attempts: u32,
}

impl Wire {
    pub(crate) fn new() -> Self {
        let inner = aws_smithy_http_client::Builder::new().build_http();
        let (reached, released) = (Semaphore::new(0), Semaphore::new(0));
        Self(Arc::new(Shared { inner, state: Mutex::default(), reached, released }))
    }

    /// The configuration that goes over this wire; failed attempts are repeated after a millisecond.
    pub(crate) fn config(&self, config: &SdkConfig) -> SdkConfig {
        let wait = Duration::from_millis(1);
        let retries = RetryConfig::standard().with_initial_backoff(wait).with_max_backoff(wait);
        let client = SharedHttpClient::new(self.clone());
        config.to_builder().http_client(client).retry_config(retries).build()
    }

    /// Forgets what was counted, and lets `target` go wrong from now on.
    pub(crate) fn arm(&self, target: Option<Target>) {
        *self.state() = State { target, ..State::default() };
        for semaphore in [&self.0.reached, &self.0.released] {
            semaphore.forget_permits(usize::MAX >> 4);
        }
    }

    /// The operations since it was armed, in order.
    pub(crate) fn operations(&self) -> Vec<String> {
        self.state().operations.clone()
    }

    /// The operation that was hit.
    pub(crate) fn hit(&self) -> Option<String> {
        self.state().hit.clone()
    }

    /// Waits until an operation is held.
    pub(crate) async fn reached(&self) {
        self.0.reached.acquire().await.unwrap().forget();
    }

    /// Lets the operation that is held go on.
    pub(crate) fn release(&self) {
        self.0.released.add_permits(1);
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.state.lock().unwrap()
    }

    /// Counts a request; what has to happen to it.
    fn notice(&self, request: &HttpRequest) -> Option<Plan> {
        let (name, invocation) = (operation(request), request.headers().get("amz-sdk-invocation-id"));
        let mut state = self.state();
        let state = &mut *state;
        let target = state.target;
        let seen = state.counted.entry(invocation.unwrap_or_default().to_owned()).or_insert_with(|| {
            state.operations.push(name.clone());
            let counts = target.is_some_and(|target| target.among.is_none_or(|wanted| wanted == name));
            let place = counts.then_some(state.countable);
            state.countable += usize::from(counts);
            Seen { place, attempts: 0 }
        });
        seen.attempts += 1;
        let (target, place) = (target?, seen.place?);
        if place != target.index && !(target.and_after && place > target.index) {
            return None;
        }
        if seen.attempts > 1 && !matches!(target.plan, Plan::Fail(_, Attempts::All)) {
            return None;
        }
        state.hit.get_or_insert(name);
        Some(target.plan)
    }

    async fn hold(&self) {
        self.0.reached.add_permits(1);
        self.0.released.acquire().await.unwrap().forget();
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wire")
    }
}

impl HttpClient for Wire {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(Line { wire: self.clone(), inner: self.0.inner.http_connector(settings, components) })
    }
}

/// What one client sends over.
#[derive(Debug)]
struct Line {
    wire: Wire,
    inner: SharedHttpConnector,
}

impl HttpConnector for Line {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (wire, inner) = (self.wire.clone(), self.inner.clone());
        let Some(plan) = wire.notice(&request) else { return inner.call(request) };
        HttpConnectorFuture::new(async move {
            match plan {
                Plan::Fail(Fault::Masked, _) => {
                    let refusal = refusal(Fault::Masked, &request);
                    inner.call(request).await?;
                    Ok(refusal)
                }
                Plan::Fail(Fault::Lost, _) => {
                    inner.call(request).await?;
                    Err(ConnectorError::io("the connection broke".into()))
                }
                Plan::Fail(fault, _) => Ok(refusal(fault, &request)),
                Plan::HoldBefore => {
                    wire.hold().await;
                    inner.call(request).await
                }
                Plan::HoldAfter => {
                    let answer = inner.call(request).await;
                    wire.hold().await;
                    answer
                }
            }
        })
    }
}

/// The SDK stops to repeat when many calls of a process failed; over a table of failures it must not.
#[derive(Debug)]
struct Tireless;

impl Intercept for Tireless {
    fn name(&self) -> &'static str {
        "Tireless"
    }

    fn read_before_execution(
        &self,
        _: &BeforeSerializationInterceptorContextRef<'_>,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let bucket = TokenBucket::unlimited();
        config.interceptor_state().store_put(RetryPartition::custom("tests").token_bucket(bucket).build());
        Ok(())
    }
}

/// For every client over a wire.
pub(crate) fn tireless() -> SharedInterceptor {
    SharedInterceptor::new(Tireless)
}

/// The name of an operation, from its request.
fn operation(request: &HttpRequest) -> String {
    if let Some(target) = request.headers().get("x-amz-target") {
        return target.rsplit('.').next().unwrap_or_default().to_owned();
    }
    let query = request.uri().split_once('?').map_or("", |(_, query)| query);
    let has = |name: &str| query.split('&').any(|field| field.split('=').next() == Some(name));
    let name = match request.method() {
        "HEAD" => "HeadObject",
        "GET" if has("list-type") => "ListObjectsV2",
        "GET" if has("uploadId") => "ListParts",
        "GET" if has("uploads") => "ListMultipartUploads",
        "GET" => "GetObject",
        "PUT" => "PutObject",
        "DELETE" if has("uploadId") => "AbortMultipartUpload",
        "DELETE" => "DeleteObject",
        "POST" if has("delete") => "DeleteObjects",
        "POST" if has("uploads") => "CreateMultipartUpload",
        "POST" if has("uploadId") => "CompleteMultipartUpload",
        other => other,
    };
    name.to_owned()
}

/// What the service answers, in the words of its protocol.
fn refusal(fault: Fault, request: &HttpRequest) -> HttpResponse {
    let Some(target) = request.headers().get("x-amz-target") else {
        let (status, code) = match fault {
            Fault::Throttled => (503, "SlowDown"),
            Fault::Unavailable | Fault::Conflict => (503, "ServiceUnavailable"),
            Fault::Masked | Fault::Lost => (500, "InternalError"),
        };
        let body = format!("<Error><Code>{code}</Code><Message>injected</Message></Error>");
        return response(status, "application/xml", body);
    };
    let (status, kind, reasons) = match fault {
        Fault::Throttled if target.starts_with("DynamoDB") => (400, "ProvisionedThroughputExceededException", None),
        Fault::Throttled => (400, "ThrottlingException", None),
        Fault::Unavailable => (503, "ServiceUnavailable", None),
        Fault::Conflict => (400, "TransactionCanceledException", Some(conflicts(request))),
        Fault::Masked | Fault::Lost => (500, "InternalServerError", None),
    };
    let mut body = serde_json::json!({ "__type": kind, "message": "injected" });
    if let Some(reasons) = reasons {
        body["CancellationReasons"] = reasons;
    }
    response(status, "application/x-amz-json-1.0", body.to_string())
}

/// One reason for each action of a transaction: the first one met another transaction.
fn conflicts(request: &HttpRequest) -> serde_json::Value {
    let body = request.body().bytes().unwrap_or_default();
    let body: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    let actions = body["TransactItems"].as_array().map_or(1, Vec::len);
    let reason = |index| match index {
        0 => serde_json::json!({ "Code": "TransactionConflict", "Message": "injected" }),
        _ => serde_json::json!({ "Code": "None" }),
    };
    (0..actions).map(reason).collect()
}

fn response(status: u16, kind: &'static str, body: String) -> HttpResponse {
    let mut response = HttpResponse::new(StatusCode::try_from(status).unwrap(), SdkBody::from(body));
    response.headers_mut().insert("content-type", kind);
    response
}
