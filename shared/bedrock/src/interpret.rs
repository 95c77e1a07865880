//! Searches: the tool that the model has to use, and what is taken from its use.

use std::collections::HashMap;

use assistant::Interpretation;
use aws_sdk_bedrockruntime::error::BuildError;
use aws_sdk_bedrockruntime::operation::converse::ConverseOutput;
use aws_sdk_bedrockruntime::types::{
    ContentBlock, SpecificToolChoice, StopReason, Tool, ToolChoice, ToolConfiguration, ToolInputSchema,
    ToolSpecification, ToolUseBlock,
};
use aws_smithy_types::Document;
use jiff::{Timestamp, ToSpan as _};
use search::column::Log;
use search::question::{Answer, Refusal};

use crate::call::Failure;

/// The tool's name.
const TOOL: &str = "search_log";
/// Days after now at which a window ends at most: this year's end, seen from its first day.
const MOST_AHEAD: i64 = 367;

/// Why the model may refuse: the word of the tool, and what it is for.
pub(crate) const REASONS: &[(&str, &str)] = &[
    ("not_understood", "a word or a time is not understood, or could change what is meant"),
    ("ambiguous", "it could mean more than one search"),
    ("not_in_log", "the log has no column for it"),
    ("future", "the time has not begun yet"),
    ("nothing", "it asks for no events"),
];

/// The tools of a request: one, and it has to be used.
pub(crate) fn tools() -> Result<ToolConfiguration, Failure> {
    Ok(configuration()?)
}

fn configuration() -> Result<ToolConfiguration, BuildError> {
    let specification = ToolSpecification::builder()
        .name(TOOL)
        .description("Searches the log. Either query, from_iso and to_iso, all three, or refused alone.")
        .input_schema(ToolInputSchema::Json(schema()))
        .build()?;
    let choice = SpecificToolChoice::builder().name(TOOL).build()?;
    ToolConfiguration::builder().tools(Tool::ToolSpec(specification)).tool_choice(ToolChoice::Tool(choice)).build()
}

/// Models take no alternatives at the top of a schema: that it is either a search or a refusal is read here.
fn schema() -> Document {
    let text = |description: &str| object([("type", "string".into()), ("description", description.into())]);
    let reasons = REASONS.iter().map(|(word, _)| Document::from(*word)).collect();
    let refused = object([
        ("type", "string".into()),
        ("description", "Why there is no search".into()),
        ("enum", Document::Array(reasons)),
    ]);
    let properties = object([
        ("query", text("A query in the query language; empty for every event")),
        ("from_iso", text("The first moment, as 2024-11-18T00:00:00Z")),
        ("to_iso", text("The moment after the last, as 2024-11-25T00:00:00Z")),
        ("refused", refused),
    ]);
    object([("type", "object".into()), ("properties", properties), ("additionalProperties", false.into())])
}

fn object<'a>(fields: impl IntoIterator<Item = (&'a str, Document)>) -> Document {
    Document::Object(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// The search, if it is one of this log and of a time that has begun.
pub(crate) fn read(output: &ConverseOutput, log: Log, now: Timestamp) -> Interpretation {
    let input = used(output)?;
    if let Some(refused) = input.get("refused") {
        let word = refused.as_string().filter(|_| input.len() == 1);
        return Err(word.map_or(Refusal::Unreliable("the model both refused and searched"), |word| refusal(word, log)));
    }
    let text = |name: &str| match input.get(name) {
        Some(Document::String(text)) => Ok(text.as_str()),
        Some(_) => Err(Refusal::Unreliable("a field of the search is no text")),
        None => Err(Refusal::Unreliable("a field of the search is missing")),
    };
    let (query, from, to) = (text("query")?, moment(text("from_iso")?)?, moment(text("to_iso")?)?);
    if input.len() != 3 {
        return Err(Refusal::Unreliable("the search has a field too many"));
    }
    let answer = Answer::check(log, query, from, to)?;
    let latest = now.checked_add((MOST_AHEAD * 24).hours()).unwrap_or(Timestamp::MAX);
    if from > now || to > latest { Err(Refusal::Future) } else { Ok(answer) }
}

/// What the tool was given: it was used once, and no other.
fn used(output: &ConverseOutput) -> Result<&HashMap<String, Document>, Refusal> {
    if !matches!(output.stop_reason(), StopReason::ToolUse | StopReason::EndTurn | StopReason::StopSequence) {
        return Err(Refusal::Unreliable("the model did not come to its end"));
    }
    let message = output.output().and_then(|output| output.as_message().ok());
    let blocks = message.map(|message| message.content()).unwrap_or_default();
    let uses: Vec<&ToolUseBlock> = blocks
        .iter()
        .filter_map(|block| match block {
            ContentBlock::ToolUse(used) => Some(used),
            _ => None,
        })
        .collect();
    match uses.as_slice() {
        [] => Err(Refusal::Unreliable("the model proposed no search")),
        [used] if used.name() != TOOL => Err(Refusal::Unreliable("the model wanted something else")),
        [used] => used.input().as_object().ok_or(Refusal::Unreliable("the search has no fields")),
        _ => Err(Refusal::Unreliable("the model proposed more than one search")),
    }
}

/// Whole seconds of UTC, as the grammar gives them.
fn moment(text: &str) -> Result<Timestamp, Refusal> {
    let moment = text.ends_with('Z').then(|| text.parse().ok()).flatten();
    let whole = moment.filter(|moment: &Timestamp| moment.subsec_nanosecond() == 0);
    whole.ok_or(Refusal::Unreliable("a time of the search cannot be read"))
}

/// The refusal that a word stands for. What else the model says of it is not told.
fn refusal(word: &str, log: Log) -> Refusal {
    match word {
        "not_understood" => Refusal::Unreliable("not all of it is understood"),
        "ambiguous" => Refusal::Ambiguous("name events and times exactly"),
        "not_in_log" => Refusal::NotInLog { log, subject: "that" },
        "future" => Refusal::Future,
        "nothing" => Refusal::Nothing,
        _ => Refusal::Unreliable("the model refused for no reason that is known"),
    }
}
