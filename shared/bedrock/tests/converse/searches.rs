//! What is taken from the model's searches: what the grammar's own gate lets through, and nothing else.

use converse_standin::Step;
use domain::error::Error;
use search::column::Log;
use search::question::Refusal;
use serde_json::{Value, json};

use crate::setup::{SEARCH, Setup};

const FROM: &str = "2024-11-18T00:00:00Z";
const TO: &str = "2024-11-25T00:00:00Z";

fn search(query: &str, from: &str, to: &str) -> Value {
    json!({ "query": query, "from_iso": from, "to_iso": to })
}

fn good() -> Value {
    search("event_type = 'configuration_change'", FROM, TO)
}

/// The good search with this field as it is here.
fn with(field: &str, value: Value) -> Value {
    let mut input = good();
    input[field] = value;
    input
}

fn without(field: &str) -> Value {
    let mut input = good();
    input.as_object_mut().unwrap().remove(field);
    input
}

fn used(input: Value) -> Step {
    Step::tool("search_log", input)
}

fn message(content: Vec<Value>, stop_reason: &'static str) -> Step {
    Step::Message { content, stop_reason }
}

fn block(name: &str, input: Value) -> Value {
    json!({ "toolUse": { "toolUseId": "t", "name": name, "input": input } })
}

/// The refusal of an audit search, told.
async fn refusal(setup: &Setup, step: Step) -> String {
    setup.standin.script([step.clone()]);
    setup.search(Log::Audit, SEARCH).await.unwrap().expect_err(&format!("{step:?}")).to_string()
}

#[tokio::test]
async fn a_search_that_passes_the_gate_is_the_answer() {
    let texts = [
        (good(), good()),
        // Read and written again, whatever its spelling.
        (
            search(" EVENT_TYPE='a'  and successful = true ", FROM, "2024-11-25T00:00:00.000Z"),
            search("event_type = 'a' AND successful = TRUE", FROM, TO),
        ),
        (
            search("", "2024-01-01T00:00Z", "2025-01-01T00:00:00Z"),
            search("", "2024-01-01T00:00:00Z", "2025-01-01T00:00:00Z"),
        ),
    ];
    for (input, expected) in texts {
        let answer = Setup::new([used(input)]).await.search(Log::Audit, SEARCH).await.unwrap().unwrap();
        assert_eq!(serde_json::to_value(&answer).unwrap(), expected);
    }
    // A model may say why, and some end differently.
    for reason in ["tool_use", "end_turn"] {
        let content = vec![json!({ "text": "I search for changes." }), block("search_log", good())];
        let answer = Setup::new([message(content, reason)]).await.search(Log::Audit, SEARCH).await.unwrap();
        assert_eq!(serde_json::to_value(answer.unwrap()).unwrap(), good());
    }
}

/// Shapes that are no search.
fn shapes() -> Vec<(Step, &'static str)> {
    vec![
        (Step::text("event_type = 'configuration_change'"), "proposed no search"),
        (Step::text(good().to_string()), "proposed no search"),
        (message(vec![], "end_turn"), "proposed no search"),
        (message(vec![], "tool_use"), "proposed no search"),
        (Step::tool("delete_tenant", good()), "wanted something else"),
        (Step::tool("SEARCH_LOG", good()), "wanted something else"),
        (message(vec![block("search_log", good()), block("search_log", good())], "tool_use"), "more than one search"),
        (message(vec![block("search_log", good()), block("other", json!({}))], "tool_use"), "more than one search"),
        (message(vec![block("search_log", good())], "max_tokens"), "did not come to its end"),
        (message(vec![block("search_log", good())], "malformed_tool_use"), "did not come to its end"),
        (message(vec![block("search_log", good())], "guardrail_intervened"), "did not come to its end"),
        (message(vec![block("search_log", good())], "content_filtered"), "did not come to its end"),
        (message(vec![block("search_log", good())], "something_new"), "did not come to its end"),
        (used(json!([good()])), "has no fields"),
        (used(good().to_string().into()), "has no fields"),
        (used(Value::Null), "has no fields"),
        (used(json!({})), "is missing"),
        (used(without("query")), "is missing"),
        (used(without("from_iso")), "is missing"),
        (used(without("to_iso")), "is missing"),
        (used(with("query", Value::Null)), "is no text"),
        (used(with("query", json!(["successful = TRUE"]))), "is no text"),
        (used(with("query", json!({ "query": "" }))), "is no text"),
        (used(with("from_iso", json!(1_731_888_000))), "is no text"),
        (used(with("to_iso", json!(true))), "is no text"),
        (used(with("tenant", json!("9f1c0a4e7b8d4a4db52e6a6d5c5c1f11"))), "a field too many"),
        (used(with("usage", json!({ "limit": 1_000_000 }))), "a field too many"),
        (used(with("refused", json!("ambiguous"))), "both refused and searched"),
        (used(json!({ "refused": ["ambiguous"] })), "both refused and searched"),
        (used(json!({ "refused": "because I say so, at length" })), "no reason that is known"),
    ]
}

/// Searches that are none of the log, or of no time.
fn contents() -> Vec<(Step, &'static str)> {
    let query = |text: &str| used(search(text, FROM, TO));
    let times = |from: &str, to: &str| used(search("", from, to));
    vec![
        (query("country = 'DE'"), "the audit log has no column \"country\""),
        (query("tenant_id = 'x'"), "no column \"tenant_id\""),
        (query("successful = 'TRUE'"), "at character"),
        (query("user_id = 'a' UNION SELECT 1"), "at character"),
        (query("user_id = 'a'; DROP TABLE events"), "at character"),
        (query("user_id = 'a' -- and more"), "at character"),
        (query("SELECT * FROM audit"), "at character"),
        (query("user_id = 'a"), "unterminated string"),
        (query("'1' = '1'"), "at character"),
        (query(&format!("user_id = '{}'", "x".repeat(4000))), "too long"),
        (query(&format!("{}successful = TRUE{}", "(".repeat(40), ")".repeat(40))), "too deep"),
        (query(&vec!["event = 1"; 300].join(" OR ")), "one too many"),
        (query("Sorry, I cannot do that."), "at character"),
        (times("2024-11-18", TO), "cannot be read"),
        (times("2024-11-18T00:00:00", TO), "cannot be read"),
        (times("2024-11-18T00:00:00+01:00", TO), "cannot be read"),
        (times(FROM, "2024-11-25T00:00:00.5Z"), "cannot be read"),
        (times(FROM, "2024-02-30T00:00:00Z"), "cannot be read"),
        (times("last week", "now"), "cannot be read"),
        (times("", ""), "cannot be read"),
        (times(FROM, "99999-01-01T00:00:00Z"), "cannot be read"),
        (times(TO, FROM), "ends before it begins"),
        (times(FROM, FROM), "ends before it begins"),
        (times("2024-11-27T20:40:01Z", "2024-11-28T00:00:00Z"), "has not begun"),
        (times("2030-01-01T00:00:00Z", "2030-01-02T00:00:00Z"), "has not begun"),
        (times(FROM, "2025-11-30T00:00:00Z"), "has not begun"),
        (times(FROM, "9999-12-30T00:00:00Z"), "has not begun"),
    ]
}

#[tokio::test]
async fn whatever_is_no_search_is_refused() {
    let table: Vec<_> = shapes().into_iter().chain(contents()).collect();
    assert!(table.len() >= 25, "{}", table.len());
    let setup = Setup::new([]).await;
    for (step, expected) in table {
        let told = refusal(&setup, step.clone()).await;
        assert!(told.contains(expected), "{step:?}: {told}");
        assert!(told.len() < 200, "{told}");
    }
}

#[tokio::test]
async fn a_query_of_the_other_log_is_refused() {
    let steps = [used(search("country = 'DE'", FROM, TO)), used(search("api_call = 'config_update'", FROM, TO))];
    let setup = Setup::new(steps).await;
    assert!(setup.search(Log::Device, SEARCH).await.unwrap().is_ok());
    assert!(matches!(setup.search(Log::Device, SEARCH).await, Ok(Err(Refusal::NoQuery(_)))));
}

#[tokio::test]
async fn the_model_may_refuse_for_a_reason_of_its_list() {
    let setup = Setup::new([]).await;
    for (word, told) in [
        ("not_understood", "it could not be interpreted reliably: not all of it is understood"),
        ("ambiguous", "this could mean more than one thing: name events and times exactly"),
        ("not_in_log", "the audit log says nothing of that"),
        ("future", "that time has not begun yet"),
        ("nothing", "there is nothing in it to search for"),
    ] {
        assert_eq!(refusal(&setup, used(json!({ "refused": word }))).await, told);
    }
}

/// Nor is the model asked.
#[tokio::test]
async fn a_question_of_nothing_that_is_seen_asks_for_nothing() {
    let setup = Setup::new([]).await;
    assert_eq!(setup.search(Log::Audit, "\u{e0041}\u{200b}").await.unwrap(), Err(Refusal::Nothing));
    assert_eq!(setup.standin.take_requests(), []);
}

/// What is no message at all was not refused by anybody.
#[tokio::test]
async fn an_answer_without_a_message_is_a_failure_and_no_refusal() {
    let bodies = [json!({}), json!({ "stopReason": "tool_use" }), json!({ "output": null, "stopReason": "tool_use" })];
    for body in bodies {
        let outcome = Setup::new([Step::json(&body)]).await.search(Log::Audit, SEARCH).await;
        assert!(matches!(outcome, Err(Error::Unavailable { .. })), "{body}: {outcome:?}");
    }
}

/// The SDK reads 256 levels; with more, nothing can be read.
#[tokio::test]
async fn deep_outputs_end_no_process() {
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let body = good().to_string().replace("\"event_type = 'configuration_change'\"", &deep);
    let body = format!(
        "{{\"output\":{{\"message\":{{\"role\":\"assistant\",\"content\":[{{\"toolUse\":{{\"toolUseId\":\"t\",\"name\":\"search_log\",\
         \"input\":{body}}}}}]}}}},\"stopReason\":\"tool_use\"}}"
    );
    let step = Step::Body { content_type: "application/json", body: body.into_bytes() };
    let outcome = Setup::new([step]).await.search(Log::Audit, SEARCH).await;
    assert!(matches!(outcome, Err(Error::Unavailable { .. })), "{outcome:?}");
}
