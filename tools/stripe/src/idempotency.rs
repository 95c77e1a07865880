//! Idempotency keys: the same call again has the same answer, for 24 hours.

use std::collections::BTreeMap;

use http::StatusCode;
use jiff::{SignedDuration, Timestamp};

use crate::error::Refusal;

/// Keys that are kept at most; the oldest goes.
const MAX: usize = 10_000;
const KEPT: SignedDuration = SignedDuration::from_hours(24);

/// What was answered.
#[derive(Clone, Debug)]
pub(crate) struct Saved {
    pub(crate) status: StatusCode,
    pub(crate) body: String,
}

#[derive(Debug)]
struct Entry {
    /// Path and parameters.
    asked: Vec<u8>,
    at: Timestamp,
    answer: Option<Saved>,
}

/// What is known of a key.
pub(crate) enum Begun {
    New,
    Replay(Saved),
}

/// The keys.
#[derive(Debug, Default)]
pub(crate) struct Keys(BTreeMap<String, Entry>);

impl Keys {
    pub(crate) fn begin(&mut self, key: &str, asked: Vec<u8>, now: Timestamp) -> Result<Begun, Refusal> {
        self.0.retain(|_, entry| now.duration_since(entry.at) < KEPT);
        match self.0.get(key) {
            Some(entry) if entry.asked != asked => return Err(Refusal::other_params(key)),
            Some(Entry { answer: None, .. }) => return Err(Refusal::running(key)),
            Some(Entry { answer: Some(saved), .. }) => return Ok(Begun::Replay(saved.clone())),
            None => {}
        }
        if self.0.len() >= MAX {
            let oldest = self.0.iter().min_by_key(|(_, entry)| entry.at).map(|(key, _)| key.clone());
            oldest.and_then(|oldest| self.0.remove(&oldest));
        }
        self.0.insert(key.to_owned(), Entry { asked, at: now, answer: None });
        Ok(Begun::New)
    }

    /// Without an answer to keep, the key is free again.
    pub(crate) fn end(&mut self, key: &str, answer: Option<Saved>) {
        match (self.0.get_mut(key), answer) {
            (Some(entry), Some(answer)) => entry.answer = Some(answer),
            (_, None) => drop(self.0.remove(key)),
            (None, Some(_)) => {}
        }
    }
}
