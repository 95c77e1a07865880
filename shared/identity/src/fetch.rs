//! Asks the issuer for its keys, and takes of the answer what can check ID tokens.

use std::collections::HashMap;
use std::time::Duration;

use jsonwebtoken::DecodingKey;
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode};
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::OnceCell;

/// Bytes of an answer at most. Cognito's have two keys in less than a thousand.
const MAX_BODY: usize = 64 * 1024;
/// Bytes of a key's id at most.
pub(crate) const MAX_KEY_ID: usize = 128;
/// A person waits meanwhile.
const CONNECT_LIMIT: Duration = Duration::from_secs(2);
const LIMIT: Duration = Duration::from_secs(4);

/// Keys by their ids.
pub(crate) type KeySet = HashMap<String, DecodingKey>;

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FetchError {
    #[error("the issuer was not asked for its keys yet")]
    NotAsked,
    #[error("the issuer could not be asked for its keys")]
    Http(#[from] reqwest::Error),
    #[error("asked for its keys, the issuer answered {0}")]
    Status(StatusCode),
    #[error("asked for its keys, the issuer answered more than {MAX_BODY} bytes")]
    TooLong,
    #[error("asked for its keys, the issuer answered something else")]
    Unreadable(#[from] serde_json::Error),
    #[error("the issuer has no key that can check ID tokens")]
    NoKey,
}

/// The issuer's address for its keys.
#[derive(Debug)]
pub(crate) struct Source {
    url: String,
    /// Made when it is first needed: reading the certificates costs milliseconds.
    client: OnceCell<Client>,
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<Value>,
}

/// A key as RFC 7517 writes it. Keys of other kinds may stand beside it.
#[derive(Deserialize)]
struct Key {
    kty: String,
    r#use: String,
    kid: String,
    alg: Option<String>,
    n: String,
    e: String,
}

impl Source {
    pub(crate) fn new(url: String) -> Self {
        Self { url, client: OnceCell::new() }
    }

    pub(crate) async fn fetch(&self) -> Result<KeySet, FetchError> {
        let client = self.client.get_or_try_init(async || client()).await?;
        let answer = client.get(&self.url).send().await?;
        if answer.status() != StatusCode::OK {
            return Err(FetchError::Status(answer.status()));
        }
        let document: Document = serde_json::from_slice(&body(answer).await?)?;
        let set: KeySet = document.keys.into_iter().filter_map(usable).collect();
        if set.is_empty() { Err(FetchError::NoKey) } else { Ok(set) }
    }
}

/// Trusts the certificates that `SSL_CERT_FILE` names, as the SDK's own client does: docs/decisions/0007-roots.md.
fn client() -> Result<Client, reqwest::Error> {
    let limits = Client::builder().connect_timeout(CONNECT_LIMIT).timeout(LIMIT);
    // A connection that is kept would be dead when the next keys are fetched, a day later.
    limits.redirect(Policy::none()).pool_max_idle_per_host(0).build()
}

async fn body(mut answer: Response) -> Result<Vec<u8>, FetchError> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await? {
        if body.len() + chunk.len() > MAX_BODY {
            return Err(FetchError::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn usable(value: Value) -> Option<(String, DecodingKey)> {
    let Key { kty, r#use, kid, alg, n, e } = serde_json::from_value(value).ok()?;
    let fits = kty == "RSA" && r#use == "sig" && alg.is_none_or(|alg| alg == "RS256");
    let named = (1..=MAX_KEY_ID).contains(&kid.len());
    let key = DecodingKey::from_rsa_components(&n, &e).ok()?;
    (fits && named).then_some((kid, key))
}
