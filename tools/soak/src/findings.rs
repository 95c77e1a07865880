//! What should not have been.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Violations, as they are found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Findings(Arc<Mutex<Vec<String>>>);

impl Findings {
    pub(crate) fn add(&self, finding: impl Into<String>) {
        self.lock().push(finding.into());
    }

    /// Prints what was found; whether it is nothing.
    pub(crate) fn tell(&self) -> bool {
        let found = self.take();
        for finding in &found {
            println!("violation: {finding}");
        }
        let passed = found.is_empty();
        println!("soak: {}", if passed { "passed".to_owned() } else { format!("FAILED, {} violations", found.len()) });
        passed
    }

    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Vec<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
