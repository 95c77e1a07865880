//! The issuer's keys, kept: fetched when a token needs them, by one request at a time.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::error::Error;
use jiff::Timestamp;
use jsonwebtoken::DecodingKey;

use crate::fetch::{FetchError, KeySet, Source};

/// Seconds after which keys are fetched again, so that one which the issuer took back is forgotten.
const AGE: u64 = 24 * 60 * 60;
/// Seconds between two tries, once there are keys: whoever makes up ids of keys gets no more of them.
const PAUSE: u64 = 60;

/// The keys of one issuer.
#[derive(Debug)]
pub(crate) struct Keys {
    source: Source,
    held: Mutex<Held>,
    /// Whoever has it may fetch.
    turn: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct Held {
    /// The last good ones; as long as there are none, why.
    set: Result<KeySet, Arc<FetchError>>,
    fetched: Option<Timestamp>,
    tried: Option<Timestamp>,
    /// Tries that ended.
    ended: u64,
}

/// What has to be done for a key.
enum Need {
    Nothing,
    /// The key is there, but old: nobody has to wait for a newer one.
    Refresh,
    Fetch,
}

impl Keys {
    pub(crate) fn new(url: String) -> Self {
        let set = Err(Arc::new(FetchError::NotAsked));
        let held = Held { set, fetched: None, tried: None, ended: 0 };
        Self { source: Source::new(url), held: Mutex::new(held), turn: tokio::sync::Mutex::default() }
    }

    /// The key with this id, if the issuer has it. An error says that it never gave any keys.
    pub(crate) async fn find(&self, id: &str, now: Timestamp) -> Result<Option<DecodingKey>, Arc<FetchError>> {
        let (need, seen) = self.held().need(id, now);
        let turn = match need {
            Need::Nothing => None,
            Need::Refresh => self.turn.try_lock().ok(),
            Need::Fetch => Some(self.turn.lock().await),
        };
        // A fetch that ended while this one waited was for both.
        if turn.is_some() && self.held().ended == seen {
            self.fetch(now).await;
        }
        drop(turn);
        self.held().set.as_ref().map(|set| set.get(id).cloned()).map_err(Arc::clone)
    }

    async fn fetch(&self, now: Timestamp) {
        self.held().tried = Some(now);
        let fetched = self.source.fetch().await.map_err(Arc::new);
        if let Err(failure) = &fetched {
            let error = Error::internal(Arc::clone(failure)).with_causes();
            tracing::warn!(error, "could not fetch the keys of the user pool");
        }
        let mut held = self.held();
        held.ended += 1;
        if fetched.is_ok() {
            held.fetched = Some(now);
        }
        if fetched.is_ok() || held.set.is_err() {
            held.set = fetched;
        }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    /// What has to be done for a key, and how many tries ended before.
    fn need(&self, id: &str, now: Timestamp) -> (Need, u64) {
        let passed = |since: Option<Timestamp>, seconds| {
            // Also when the clock was set back.
            since.is_none_or(|since| now.as_second().abs_diff(since.as_second()) >= seconds)
        };
        let need = match &self.set {
            Err(_) => Need::Fetch,
            Ok(_) if !passed(self.tried, PAUSE) => Need::Nothing,
            Ok(set) if !set.contains_key(id) => Need::Fetch,
            Ok(_) if passed(self.fetched, AGE) => Need::Refresh,
            Ok(_) => Need::Nothing,
        };
        (need, self.ended)
    }
}
