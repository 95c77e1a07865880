//! What was asked.

use serde_json::Value;

/// A request, as it came.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// The model that the path names, decoded.
    pub model: String,
    /// The body.
    pub raw: String,
    /// The body as JSON; null where it is none.
    pub body: Value,
}

impl Request {
    pub(crate) fn read(model: String, raw: &[u8]) -> Self {
        let body = serde_json::from_slice(raw).unwrap_or_default();
        Self { model, raw: String::from_utf8_lossy(raw).into_owned(), body }
    }

    /// The texts of the system prompt.
    pub fn system(&self) -> Vec<&str> {
        texts(&self.body["system"]).collect()
    }

    /// Each turn: its role and its texts.
    pub fn turns(&self) -> Vec<(&str, Vec<&str>)> {
        let turns = self.body["messages"].as_array().into_iter().flatten();
        turns.map(|turn| (turn["role"].as_str().unwrap_or_default(), texts(&turn["content"]).collect())).collect()
    }
}

fn texts(blocks: &Value) -> impl Iterator<Item = &str> {
    blocks.as_array().into_iter().flatten().filter_map(|block| block["text"].as_str())
}
