//! The Automation API over HTTP: authentication, retries, the error envelope.

use std::{fmt, net::IpAddr, time::Duration};

use bytes::BytesMut;
use reqwest::{Method, RequestBuilder, Response, StatusCode, Url, header, redirect};
use secrecy::{ExposeSecret, SecretString};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::{
    error::{Error, Refusal},
    pacing::Pacing,
    wire::{DownloadGrant, ErrorBody, JobId, SignedUrl, Status, UploadGrant, UploadRequest, UploadedPart},
};

/// Largest JSON answer read, bytes. The part URLs of a 2 GB upload come to some 300 kB.
const ANSWER_LIMIT: usize = 4 << 20;
/// Largest build report read, bytes.
const REPORT_LIMIT: usize = 16 << 20;
/// Longest wait for one answer of the API.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
/// Longest silence while bytes are expected.
const SILENCE: Duration = Duration::from_secs(60);

/// An automation key `key_id:key_secret`.
pub struct ApiKey(SecretString);

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(…)")
    }
}

impl ApiKey {
    /// Takes the value of `APPTEGO_API_KEY`; white space around it, which secret stores like to add, is dropped.
    ///
    /// # Errors
    /// [`Error::Key`] when it is missing or has not the form `key_id:key_secret`.
    pub fn new(text: Option<&str>) -> Result<Self, Error> {
        let text = text.map(str::trim).filter(|text| !text.is_empty());
        let text = text.ok_or(Error::Key("set APPTEGO_API_KEY to an automation key (key_id:key_secret)"))?;
        let halves = text.split_once(':').filter(|(id, secret)| !id.is_empty() && !secret.is_empty());
        if halves.is_none() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Error::Key("APPTEGO_API_KEY has not the form key_id:key_secret (raw, not Base64)"));
        }
        Ok(Self(text.into()))
    }
}

/// A client of one service with one key.
///
/// Two HTTP clients stand behind it: only the one for the API is ever given the key, and it follows no redirects.
#[derive(Debug)]
pub struct Client {
    api: reqwest::Client,
    storage: reqwest::Client,
    base: Url,
    key: ApiKey,
    /// Pauses and bounds.
    pub pacing: Pacing,
}

impl Client {
    /// A client of the service at `base`, for example `https://api.apptego.com`.
    ///
    /// # Errors
    /// [`Error::Usage`] for an address that is no HTTP URL, or is unencrypted and not this machine's own
    /// unless `allow_http` is set.
    pub fn new(base: &str, allow_http: bool, key: ApiKey, pacing: Pacing) -> Result<Self, Error> {
        let base = parse_base(base, allow_http)?;
        let builder = || {
            let builder = reqwest::Client::builder()
                .user_agent(concat!("apptego/", env!("CARGO_PKG_VERSION")))
                .connect_timeout(Duration::from_secs(10));
            // A proxy set for the outside world does not lead to a server on this machine.
            if is_loopback(&base) { builder.no_proxy() } else { builder }
        };
        let unusable = |error| Error::transport("setting up HTTP", error);
        let api = builder().redirect(redirect::Policy::none()).timeout(ANSWER_TIMEOUT).build().map_err(unusable)?;
        let storage =
            builder().redirect(redirect::Policy::limited(3)).read_timeout(SILENCE).build().map_err(unusable)?;
        Ok(Self { api, storage, base, key, pacing })
    }

    /// `POST /automate/upload`. The same `idempotency_key` makes a repeated call answer the first job again.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn request_upload(&self, request: &UploadRequest, idempotency_key: &str) -> Result<UploadGrant, Error> {
        let doing = "requesting the upload";
        let send = || self.post(&["upload"], request).header("Idempotency-Key", idempotency_key);
        self.pacing.retry(async || self.answer(doing, send()).await).await
    }

    /// `POST /automate/upload/complete`.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn complete(&self, file_path: &str, upload_id: &str, parts: &[UploadedPart]) -> Result<(), Error> {
        let body = json!({"file_path": file_path, "upload_id": upload_id, "parts": parts});
        self.post_and_forget("completing the upload", &["upload", "complete"], &body).await
    }

    /// `POST /automate/upload/abort`.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn abort(&self, file_path: &str, upload_id: &str) -> Result<(), Error> {
        let body = json!({"file_path": file_path, "upload_id": upload_id});
        self.post_and_forget("aborting the upload", &["upload", "abort"], &body).await
    }

    /// `POST /automate/cancel/{jobId}`.
    ///
    /// # Errors
    /// See [`Error`]; a job that is over answers 409.
    pub async fn cancel(&self, job: &JobId) -> Result<(), Error> {
        self.post_and_forget("cancelling the job", &["cancel", job.as_str()], &json!({})).await
    }

    /// `GET /automate/status/{jobId}`, with retries.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn status(&self, job: &JobId) -> Result<Status, Error> {
        self.pacing.retry(async || self.peek_status(job).await).await
    }

    /// `GET /automate/status/{jobId}`, once.
    pub(crate) async fn peek_status(&self, job: &JobId) -> Result<Status, Error> {
        self.answer("reading the status", self.call(Method::GET, &["status", job.as_str()])).await
    }

    /// `GET /automate/download/{jobId}`.
    ///
    /// # Errors
    /// See [`Error`]; a job that is not completed answers 400.
    pub async fn request_download(&self, job: &JobId) -> Result<DownloadGrant, Error> {
        let send = || self.call(Method::GET, &["download", job.as_str()]);
        self.pacing.retry(async || self.answer("requesting the download", send()).await).await
    }

    /// The build report behind `url`, as the service wrote it.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn fetch_json(&self, doing: &'static str, url: &SignedUrl) -> Result<Value, Error> {
        self.pacing
            .retry(async || {
                let response = self.send_stored(doing, self.storage.get(url.expose()).timeout(ANSWER_TIMEOUT)).await?;
                parse(doing, &read_bounded(doing, response, REPORT_LIMIT).await?)
            })
            .await
    }

    /// A request to the storage; the key is not sent with it.
    pub(crate) fn stored(&self, method: Method, url: &SignedUrl) -> RequestBuilder {
        self.storage.request(method, url.expose())
    }

    /// Sends a request to the storage and makes its refusal an error.
    pub(crate) async fn send_stored(&self, doing: &'static str, request: RequestBuilder) -> Result<Response, Error> {
        let response = request.send().await.map_err(|error| Error::transport(doing, error))?;
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status().as_u16();
        let body = read_bounded(doing, response, 16 << 10).await.unwrap_or_default();
        Err(Error::Storage { doing, status, code: storage_code(&String::from_utf8_lossy(&body)) })
    }

    fn call(&self, method: Method, path: &[&str]) -> RequestBuilder {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().push("automate").extend(path);
        }
        self.api.request(method, url).bearer_auth(self.key.0.expose_secret())
    }

    fn post(&self, path: &[&str], body: &impl Serialize) -> RequestBuilder {
        self.call(Method::POST, path).json(body)
    }

    async fn post_and_forget(&self, doing: &'static str, path: &[&str], body: &Value) -> Result<(), Error> {
        self.pacing.retry(async || self.answer::<Value>(doing, self.post(path, body)).await.map(drop)).await
    }

    async fn answer<T: DeserializeOwned>(&self, doing: &'static str, request: RequestBuilder) -> Result<T, Error> {
        let response = request.send().await.map_err(|error| Error::transport(doing, error))?;
        if response.status().is_success() {
            return parse(doing, &read_bounded(doing, response, ANSWER_LIMIT).await?);
        }
        Err(Error::Refused(read_refusal(doing, response).await))
    }
}

fn parse_base(text: &str, allow_http: bool) -> Result<Url, Error> {
    let wrong = |why: &str| Error::Usage(format!("--api-url: {why}"));
    let url = Url::parse(text).map_err(|error| wrong(&error.to_string()))?;
    if !matches!(url.scheme(), "https" | "http") || url.host_str().is_none() {
        return Err(wrong("not an http(s) URL"));
    }
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("only scheme, host, port and path are used"));
    }
    if url.scheme() == "http" && !allow_http && !is_loopback(&url) {
        return Err(wrong("http:// would send the key unencrypted; use https://, or --allow-http where that is meant"));
    }
    Ok(url)
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.ends_with(".localhost") || address.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

async fn read_bounded(doing: &'static str, mut response: Response, limit: usize) -> Result<BytesMut, Error> {
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| Error::transport(doing, error))? {
        if body.len() + chunk.len() > limit {
            return Err(Error::Unexpected { doing, what: format!("more than {limit} bytes") });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn parse<T: DeserializeOwned>(doing: &'static str, body: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(body).map_err(|error| {
        // The parser quotes values in its messages, and a value may be a signed URL: say only where.
        let what =
            format!("{:?} error in the JSON at line {} column {}", error.classify(), error.line(), error.column());
        Error::Unexpected { doing, what }
    })
}

async fn read_refusal(doing: &'static str, response: Response) -> Refusal {
    let status = response.status();
    let text = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
    let retry_after = text(header::RETRY_AFTER).and_then(|value| value.trim().parse().ok()).map(Duration::from_secs);
    let header_id = text(header::HeaderName::from_static("x-request-id")).map(str::to_owned);
    let body = read_bounded(doing, response, ANSWER_LIMIT).await.unwrap_or_default();
    let body: ErrorBody = serde_json::from_slice(&body).unwrap_or_default();
    Refusal {
        doing,
        status: status.as_u16(),
        error: body.error.unwrap_or_else(|| describe(status)),
        code: body.code,
        request_id: body.request_id.or(header_id),
        retry_after,
    }
}

fn describe(status: StatusCode) -> String {
    if status.is_redirection() {
        return "the address answers with a redirect; is --api-url right?".to_owned();
    }
    status.canonical_reason().unwrap_or("no reason given").to_owned()
}

/// `<Code>` of an S3 error document.
fn storage_code(xml: &str) -> Option<String> {
    let (_, rest) = xml.split_once("<Code>")?;
    let (code, _) = rest.split_once("</Code>")?;
    (code.len() <= 64 && code.bytes().all(|byte| byte.is_ascii_alphanumeric())).then(|| code.to_owned())
}
