//! Which recorded events a test saw succeed: one that is recorded to do so has to, wherever it is replayed.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Looks, when it is gone, whether each event that was noted has succeeded once.
#[derive(Debug, Default)]
pub struct Replays(Mutex<BTreeMap<String, bool>>);

impl Replays {
    /// Notes an answer to an event that is recorded to succeed. It may be refused as well, to others or at another time.
    pub fn note(&self, name: &str, succeeded: bool) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *seen.entry(name.to_owned()).or_default() |= succeeded;
    }
}

impl Drop for Replays {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let seen = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
            let refused: Vec<&String> = seen.iter().filter_map(|(name, seen)| (!seen).then_some(name)).collect();
            assert!(refused.is_empty(), "only refused, though recorded to succeed: {refused:?}");
        }
    }
}
