//! The Automation API and the signed URLs, as a customer calls them. What is no answer of a healthy service is a finding.

use std::time::Duration;

use aws_lc_rs::digest::{Context, SHA256};
use bytes::Bytes;
use domain::id::Sha256Hex;
use reqwest::{Client, Method, StatusCode};
use serde_json::Value;

use crate::findings::Findings;
use crate::stack::{Builder, Stack};

const LIMIT: Duration = Duration::from_secs(120);
/// As `curl --retry` does.
const TRIES: u32 = 3;

pub(crate) struct Api {
    client: Client,
    address: String,
    key: String,
    findings: Findings,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Value,
    pub(crate) replayed: bool,
    pub(crate) retry_after: u64,
}

impl Answer {
    pub(crate) fn text(&self, field: &str) -> &str {
        self.body[field].as_str().unwrap_or_default()
    }

    pub(crate) fn code(&self) -> &str {
        self.text("code")
    }
}

impl Api {
    pub(crate) fn new(stack: &Stack, tenant: &Builder, findings: Findings) -> Self {
        let client = Client::builder().timeout(LIMIT).build().unwrap_or_default();
        Self { client, address: stack.address.clone(), key: tenant.key.clone(), findings }
    }

    pub(crate) async fn get(&self, path: &str) -> Option<Answer> {
        self.call(Method::GET, path, None, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Option<&Value>) -> Option<Answer> {
        self.call(Method::POST, path, body, None).await
    }

    /// Nothing where there was no answer, or one that says that the service failed.
    pub(crate) async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        idempotency_key: Option<&str>,
    ) -> Option<Answer> {
        let mut request = self.client.request(method, format!("{}{path}", self.address)).bearer_auth(&self.key);
        if let Some(body) = body {
            request = request.json(body);
        }
        if let Some(key) = idempotency_key {
            request = request.header("idempotency-key", key);
        }
        let answer = match request.send().await {
            Ok(answer) => answer,
            Err(error) => return self.fault(path, format!("no answer: {error:?}")),
        };
        let (status, headers) = (answer.status(), answer.headers());
        let retry_after = headers.get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok()).unwrap_or(1);
        let replayed = headers.contains_key("idempotent-replayed");
        let text = answer.text().await.unwrap_or_default();
        match serde_json::from_str(&text) {
            Ok(body) if !status.is_server_error() => Some(Answer { status, body, replayed, retry_after }),
            _ => self.fault(path, format!("{status} {text}")),
        }
    }

    /// Puts bytes to a signed URL; returns their ETag.
    pub(crate) async fn put(&self, url: &str, bytes: &Bytes) -> Option<String> {
        let mut last = String::new();
        for _ in 0..TRIES {
            match self.client.put(url).body(bytes.clone()).send().await {
                Ok(answer) if answer.status().is_success() => {
                    return Some(answer.headers().get("etag")?.to_str().ok()?.to_owned());
                }
                Ok(answer) => last = answer.status().to_string(),
                Err(error) => last = format!("{error:?}"),
            }
        }
        self.fault(path_of(url), format!("PUT: {last}"))
    }

    /// SHA-256 and length of what is behind a signed URL.
    pub(crate) async fn fetch_digest(&self, url: &str) -> Option<(String, u64)> {
        let digest = async || {
            let mut answer = self.client.get(url).send().await?.error_for_status()?;
            let (mut context, mut length) = (Context::new(&SHA256), 0);
            while let Some(piece) = answer.chunk().await? {
                context.update(&piece);
                length += piece.len() as u64;
            }
            Ok::<_, reqwest::Error>((context.finish(), length))
        };
        match digest().await {
            Ok((digest, length)) => {
                Some((Sha256Hex::from_digest(digest.as_ref().try_into().ok()?).to_string(), length))
            }
            Err(error) => self.fault(path_of(url), format!("GET: {error:?}")),
        }
    }

    pub(crate) async fn fetch_json(&self, url: &str) -> Option<Value> {
        let fetched = async { self.client.get(url).send().await?.error_for_status()?.json().await };
        match fetched.await {
            Ok(value) => Some(value),
            Err(error) => self.fault(path_of(url), format!("GET: {error:?}")),
        }
    }

    fn fault<T>(&self, path: &str, what: String) -> Option<T> {
        self.findings.add(format!("{path}: {what}"));
        None
    }
}

/// A signed URL is a secret; its path is not.
fn path_of(url: &str) -> &str {
    url.split('?').next().unwrap_or_default()
}
