//! A model that makes nothing up.

use serde_json::{Value, json};

use crate::request::Request;
use crate::script::{Step, tool_use};

/// Characters of a quotation at most.
const MOST_QUOTED: usize = 1000;

impl Request {
    /// What such a model answers.
    pub(crate) fn faithful(&self) -> Step {
        match self.body["toolConfig"]["toolChoice"]["tool"]["name"].as_str() {
            Some(name) => {
                Step::Message { content: vec![tool_use(name, self.no_search(name))], stop_reason: "tool_use" }
            }
            None => Step::text(self.quotation()),
        }
    }

    /// All of the last turn but its last text, which is the question.
    fn quotation(&self) -> String {
        let last = self.turns().pop().map(|(_, texts)| texts).unwrap_or_default();
        let context = last.split_last().map_or(&[][..], |(_, context)| context).join("\n\n");
        if context.is_empty() {
            return "I was given nothing to quote.".to_owned();
        }
        format!("This is what I was given:\n\n{}", context.chars().take(MOST_QUOTED).collect::<String>())
    }

    /// The first reason that the tool knows for refusing.
    fn no_search(&self, name: &str) -> Value {
        let tools = self.body["toolConfig"]["tools"].as_array().into_iter().flatten();
        let mut specs = tools.map(|tool| &tool["toolSpec"]).filter(|spec| spec["name"] == name);
        let schema = specs.next().map(|spec| &spec["inputSchema"]["json"]);
        let reason = schema.and_then(|schema| schema["properties"]["refused"]["enum"].get(0));
        reason.map_or_else(|| json!({}), |reason| json!({ "refused": reason }))
    }
}
