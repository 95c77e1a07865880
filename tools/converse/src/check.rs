//! What the real Converse refuses of requests like ours: shapes by the service's model, and the rules of its models on turns.

use serde_json::Value;

use crate::request::Request;

const FIELDS: &[&str] = &["messages", "system", "inferenceConfig", "toolConfig"];
const INFERENCE: &[&str] = &["maxTokens", "temperature", "topP", "stopSequences"];

impl Request {
    /// Names what is wrong.
    pub(crate) fn check(&self) -> Result<(), String> {
        check_fields(&self.body, FIELDS, "the body")?;
        self.check_turns()?;
        if self.system().iter().any(|text| text.trim().is_empty()) {
            return Err("The text field in the system prompt is blank".into());
        }
        check_inference(&self.body["inferenceConfig"])?;
        check_tools(&self.body["toolConfig"])
    }

    fn check_turns(&self) -> Result<(), String> {
        let turns = self.turns();
        for (place, (role, texts)) in turns.iter().enumerate() {
            let expected = if place % 2 == 0 { "user" } else { "assistant" };
            if *role != expected {
                return Err(format!("messages.{place}: a turn of the {expected} is expected"));
            }
            let blocks = self.body["messages"][place]["content"].as_array().map_or(0, Vec::len);
            if blocks == 0 || blocks != texts.len() || texts.iter().any(|text| text.trim().is_empty()) {
                return Err(format!("messages.{place}: the content is empty, blank or no text"));
            }
        }
        if turns.len() % 2 == 1 { Ok(()) } else { Err("A conversation must end with a user message".into()) }
    }
}

fn check_inference(inference: &Value) -> Result<(), String> {
    check_fields(inference, INFERENCE, "inferenceConfig")?;
    let temperature = &inference["temperature"];
    if !temperature.is_null() && !temperature.as_f64().is_some_and(|value| (0.0..=1.0).contains(&value)) {
        return Err("temperature is from 0 to 1".into());
    }
    let tokens = &inference["maxTokens"];
    if tokens.is_null() || tokens.as_u64().is_some_and(|tokens| tokens > 0) {
        Ok(())
    } else {
        Err("maxTokens is at least 1".into())
    }
}

fn check_tools(config: &Value) -> Result<(), String> {
    if config.is_null() {
        return Ok(());
    }
    check_fields(config, &["tools", "toolChoice"], "toolConfig")?;
    let tools = config["tools"].as_array().filter(|tools| !tools.is_empty()).ok_or("toolConfig has no tools")?;
    for tool in tools {
        check_fields(&tool["toolSpec"], &["name", "description", "inputSchema"], "toolSpec")?;
        let is_object = tool["toolSpec"]["inputSchema"]["json"]["type"] == "object";
        if tool["toolSpec"]["name"].as_str().is_none() || !is_object {
            return Err("A tool has a name, and takes an object".into());
        }
    }
    let forced = &config["toolChoice"]["tool"]["name"];
    let is_known = tools.iter().any(|tool| tool["toolSpec"]["name"] == *forced);
    if forced.is_null() || is_known { Ok(()) } else { Err("toolChoice names no tool".into()) }
}

/// An object, or nothing, of these fields.
fn check_fields(value: &Value, fields: &[&str], place: &str) -> Result<(), String> {
    let Some(object) = value.as_object() else {
        return if value.is_null() && place != "the body" { Ok(()) } else { Err(format!("{place} is no object")) };
    };
    match object.keys().find(|key| !fields.contains(&key.as_str())) {
        Some(key) => Err(format!("{place} has a field that is not known here: {key}")),
        None => Ok(()),
    }
}
