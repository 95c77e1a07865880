//! Questions about the calls of the audit log, held against all that the table of calls lets it say.

#[path = "table/calls.rs"]
mod table;

use domain::audit::{AuditEvent, EventNumber};
use domain::control::catalogue;
use domain::time::at;
use jiff::Timestamp;
use search::audit::{Call, EventType};
use search::column::Log;
use search::question::{Interpreter, Question};
use serde_json::{Map, Value};
use table::calls;

/// Where use cases note a control beside the body's fields.
const CONFIGURATIONS: &str = include_str!("../../service/src/configurations.rs");

fn now() -> Timestamp {
    at(1_732_740_000)
}

/// Every event that `call` can write, as far as platforms, versions and controls go.
fn events(call: &Call) -> Vec<AuditEvent> {
    let controls: Vec<&str> = catalogue().iter().map(|control| control.id.as_str()).collect();
    let fields: [(&str, &[&str]); 5] = [
        ("platform", &["android", "ios"]),
        ("version", &["dev", "development", "stg", "staging", "prod", "production"]),
        ("from", &["dev", "development", "stg", "staging"]),
        ("to", &["dev", "stg", "staging", "production"]),
        ("control", &controls),
    ];
    let mut bodies = vec![Map::new()];
    for (field, values) in fields.iter().filter(|(field, _)| call.shows(field)) {
        let with = |body: &Map<String, Value>, value: &str| {
            let mut body = body.clone();
            body.insert((*field).to_owned(), value.into());
            body
        };
        bodies = bodies.iter().flat_map(|body| values.iter().map(move |value| with(body, value))).collect();
    }
    let event = |raw_data| AuditEvent {
        event: EventNumber::at(now()),
        user_id: "owner@example.com".to_owned(),
        api_call: call.name.to_owned(),
        creation_time: now().as_second(),
        successful: true,
        raw_data,
        request_id: "request".to_owned(),
    };
    bodies.into_iter().map(event).collect()
}

fn subjects() -> Vec<String> {
    let names = calls().into_iter().map(|call| call.name.to_owned()).filter(|name| name.contains('_'));
    let kinds = EventType::ALL.map(|kind| kind.to_string());
    names.chain(kinds).chain(["changes", "calls", "uploads", "downloads"].map(str::to_owned)).collect()
}

const PROPERTIES: &[&str] = &[
    "",
    "on android",
    "in production",
    "from staging",
    "to development",
    "of root detection",
    "of certificate pinning",
    "of root detection in staging",
    "of root detection on ios",
    "of certificate pinning in production",
    "on ios in staging",
];

#[test]
fn every_question_that_is_answered_can_find_something() {
    let (calls, interpreter) = (calls(), Interpreter::new(&calls()));
    let events: Vec<AuditEvent> = calls.iter().flat_map(events).collect();
    let (mut answered, mut refused) = (0_usize, 0_usize);
    for subject in subjects() {
        for property in PROPERTIES {
            let question = Question::parse(&format!("{subject} {property}")).unwrap();
            let Ok(answer) = interpreter.interpret(&question, Log::Audit, now()) else {
                refused += 1;
                continue;
            };
            answered += 1;
            assert!(events.iter().any(|event| answer.query().matches(event)), "{question:?}: {}", answer.query());
        }
    }
    assert!(answered > 150 && refused > 400, "{answered} answered, {refused} refused");
}

/// What is excepted and what is left are everything: reads have no kind, and are not lost.
#[test]
fn what_is_excepted_and_what_is_not_are_everything() {
    let (calls, interpreter) = (calls(), Interpreter::new(&calls()));
    let events: Vec<AuditEvent> = calls.iter().flat_map(events).collect();
    let find = |text: &str| {
        let answer = interpreter.interpret(&Question::parse(text).unwrap(), Log::Audit, now());
        let query = answer.unwrap_or_else(|refusal| panic!("{text}: {refusal}")).query().clone();
        events.iter().map(|event| query.matches(event)).collect::<Vec<_>>()
    };
    for subject in subjects().iter().filter(|subject| *subject != "calls") {
        let (found, left) = (find(subject), find(&format!("everything except {subject}")));
        assert!(found.iter().zip(&left).all(|(found, left)| found != left), "{subject}");
        assert!(found.contains(&true) && left.contains(&true), "{subject}");
    }
}

#[test]
fn the_table_of_calls_is_read() {
    let calls = calls();
    assert!(calls.len() > 80, "{}", calls.len());
    let shown = |name: &str| calls.iter().find(|call| call.name == name).map(|call| call.shown);
    assert_eq!(shown("promote_config"), Some(["from", "to", "revision", "dry_run"].as_slice()));
    assert_eq!(shown("automate_download"), Some([].as_slice()));
    assert_eq!(shown("restore_tenant"), Some([].as_slice()));
}

/// What the grammar takes for noted is noted by the call that changes a control, and by no other one.
#[test]
fn the_control_that_is_changed_is_noted() {
    let (before, after) = CONFIGURATIONS.split_once("note([(\"control\"").unwrap();
    assert!(before.rsplit("pub async fn ").next().is_some_and(|function| function.starts_with("set_control(")));
    assert!(!after.contains("\"control\""));
    let shows: Vec<&str> = calls().iter().filter(|call| call.shows("control")).map(|call| call.name).collect();
    assert_eq!(shows, ["config_update"]);
}
