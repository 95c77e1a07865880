//! The client: what all calls share.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use secrecy::SecretString;
use tokio::sync::OnceCell;
use tokio::time::Instant;

use crate::config::{BadConfig, Config};

/// A client of Stripe. Cloning shares its connections.
#[derive(Clone)]
pub struct Client {
    pub(crate) shared: Arc<Shared>,
    /// When the call that this client is for ends, whatever has come of it.
    until: Option<Instant>,
}

pub(crate) struct Shared {
    pub(crate) base: String,
    pub(crate) authorization: HeaderValue,
    pub(crate) secret_key: SecretString,
    pub(crate) try_limit: Duration,
    pub(crate) deadline: Duration,
    pub(crate) tries: u32,
    /// Made when it is first needed: reading the certificates costs milliseconds.
    pub(crate) http: OnceCell<reqwest::Client>,
}

impl Client {
    /// Connects with the first call.
    pub fn new(config: &Config) -> Result<Self, BadConfig> {
        let shared = Shared {
            base: config.base()?,
            authorization: config.authorization()?,
            secret_key: config.secret_key.clone(),
            try_limit: config.try_limit,
            deadline: config.deadline,
            tries: config.tries.max(1),
            http: OnceCell::new(),
        };
        Ok(Self { shared: Arc::new(shared), until: None })
    }

    /// The same client with one deadline for everything that is asked with it, in place of one for each call: what a
    /// request to us has to be done by.
    pub fn until(&self, deadline: Instant) -> Self {
        Self { shared: Arc::clone(&self.shared), until: Some(deadline) }
    }

    /// For a call that begins now; its parts share the deadline.
    pub(crate) fn started(&self) -> Self {
        self.until(self.deadline())
    }

    pub(crate) fn deadline(&self) -> Instant {
        self.until.unwrap_or_else(|| Instant::now() + self.shared.deadline)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("base", &self.shared.base).finish_non_exhaustive()
    }
}
