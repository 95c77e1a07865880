//! What questions mean: the table of phrases, and what holds for every question.

mod table;

use std::collections::HashSet;
use std::sync::LazyLock;

use domain::control::catalogue;
use domain::error::Error;
use domain::time::at;
use jiff::ToSpan as _;
use proptest::prelude::*;
use search::column::Log;
use search::query::Query;
use search::question::{Answer, Interpreter, MAX_LENGTH, Question, Refusal};
use serde_json::{Value, json};
use table::{Expected, Row, Tally, now};

static INTERPRETER: LazyLock<Interpreter> = LazyLock::new(|| Interpreter::new(&table::calls()));

fn interpret(log: Log, text: &str) -> Result<Answer, Refusal> {
    let question = Question::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    INTERPRETER.interpret(&question, log, now())
}

/// What is wrong with the outcome of a phrase; nothing where it is as the row says.
fn complaint(row: &Row) -> Option<String> {
    let outcome = INTERPRETER.interpret(&row.question(), row.log, now());
    let is_right = match (&outcome, &row.expected) {
        (Ok(answer), Expected::Search(query, from, to)) => {
            (answer.query().to_string(), answer.from(), answer.to()) == (query.clone(), *from, *to)
        }
        (Err(refusal), Expected::Refusal(told)) => refusal.to_string().contains(told),
        _ => false,
    };
    (!is_right).then(|| format!("{}\n  expected {}\n  found    {}", row.phrase, row.expected, table::told(&outcome)))
}

#[test]
fn every_phrase_means_what_the_table_says() {
    let rows = table::rows();
    let refused = rows.iter().filter(|row| matches!(row.expected, Expected::Refusal(_))).count();
    assert!(rows.len() >= 150 && refused >= 30, "{} phrases, {refused} of them to be refused", rows.len());
    assert_eq!(rows.iter().map(|row| (row.log, &row.phrase)).collect::<HashSet<_>>().len(), rows.len());
    let complaints: Vec<String> = rows.iter().filter_map(complaint).collect();
    let right = rows.len() - complaints.len();
    let told = complaints.join("\n");
    assert!(
        complaints.is_empty(),
        "{right} of {} phrases, {refused} of them to be refused, are right:\n{told}",
        rows.len()
    );
}

/// What the grammar makes of phrases that it was not made with.
#[test]
#[expect(clippy::print_stdout, reason = "the figure is what it is for")]
fn phrases_that_were_held_out_are_counted() {
    let (rows, mut tally) = (table::held_out(), Tally::default());
    let told: Vec<String> = rows
        .iter()
        .filter_map(|row| tally.count(row, &INTERPRETER.interpret(&row.question(), row.log, now())))
        .collect();
    println!("{}\n{tally}", told.join("\n"));
    assert!(rows.len() >= 60 && tally.wrong == 0, "{}\n{tally}", told.join("\n"));
}

/// The example of page 003, to the letter.
#[test]
fn an_answer_has_the_fields_of_the_page() {
    let answer = interpret(Log::Audit, "configuration changes from last week").unwrap();
    let expected = json!({
        "query": "event_type = 'configuration_change'",
        "from_iso": "2024-11-18T00:00:00Z",
        "to_iso": "2024-11-25T00:00:00Z",
    });
    assert_eq!(serde_json::to_value(&answer).unwrap(), expected);
}

#[test]
fn questions_that_are_none_name_their_field() {
    let at_fault = |text: &str| match Question::parse(text) {
        Err(Error::Invalid { field, message }) => format!("{field}: {message}"),
        other => panic!("{text}: {other:?}"),
    };
    assert_eq!(at_fault(""), "query: Query is missing");
    assert_eq!(at_fault(" \t\u{a0}"), "query: Query is missing");
    assert_eq!(at_fault(&"ä".repeat(MAX_LENGTH + 1)), "query: Query must be 500 characters or less");
    assert!(Question::parse(&"ä".repeat(MAX_LENGTH)).is_ok());
    for mode in ["", "Audit", "devices", "audit "] {
        assert!(matches!(mode.parse::<Log>(), Err(Error::Invalid { field: "mode", .. })), "{mode}");
    }
}

/// By the name and by the id of each: the audit log tells whose setting was changed, the device log what was detected.
#[test]
fn every_control_is_known() {
    for control in catalogue() {
        for name in [control.name, control.id.as_str()] {
            let changed = interpret(Log::Audit, name).unwrap().query().to_string();
            let expected = format!("raw_data LIKE '%\"control\":\"{}\"%'", control.id);
            let pinned = " OR api_call IN ('certificates_update', 'certificates_delete')";
            let unnamed = if control.id.as_str() == "CertificatePinning" { pinned } else { "" };
            assert_eq!(changed, expected + unnamed);
            match (interpret(Log::Device, name), control.event_type()) {
                (Ok(answer), Some(kind)) => assert_eq!(answer.query().to_string(), format!("event_type = '{kind}'")),
                (Err(Refusal::NotInLog { .. }), None) => {}
                (outcome, _) => panic!("{name}: {outcome:?}"),
            }
        }
    }
}

#[test]
fn a_refusal_repeats_no_secret() {
    let key = domain::credential::AutomationKey::make(&[7; 84]).expose();
    let (_, secret) = key.split_once(':').unwrap();
    for text in [format!("calls by {secret}"), format!("calls with {key}")] {
        let told = interpret(Log::Audit, &text).unwrap_err().to_string();
        assert!(!told.contains(secret) && told.contains("is not understood"), "{told}");
    }
}

/// Whatever is proposed, by this grammar or by a model, is read before it is an answer.
#[test]
fn proposals_that_are_no_query_are_refused() {
    let (from, to) = (now(), now() + 1.second());
    assert!(Answer::check(Log::Audit, "successful = FALSE", from, to).is_ok());
    let told = Answer::check(Log::Audit, "country = 'DE'", from, to).unwrap_err().to_string();
    assert!(told.contains("the audit log has no column \"country\""), "{told}");
    for (from, to) in [(to, from), (from, from)] {
        assert_eq!(Answer::check(Log::Audit, "", from, to), Err(Refusal::Backwards));
    }
}

/// An answer is three fields: a query that reads back as itself, and a window.
fn check_shape(log: Log, text: &str) -> Result<(), TestCaseError> {
    let Ok(question) = Question::parse(text) else { return Ok(()) };
    let Ok(answer) = INTERPRETER.interpret(&question, log, now()) else { return Ok(()) };
    let shown = serde_json::to_value(&answer).map_err(|error| TestCaseError::fail(error.to_string()))?;
    let fields: Vec<&String> = shown.as_object().map(|object| object.keys().collect()).unwrap_or_default();
    prop_assert_eq!(fields, ["from_iso", "query", "to_iso"]);
    let query = shown.get("query").and_then(Value::as_str).unwrap_or_default();
    prop_assert_eq!(Query::parse(log, query), Ok(answer.query().clone()));
    prop_assert_eq!(query, answer.query().to_string());
    prop_assert!(answer.from() < answer.to());
    Ok(())
}

fn log() -> impl Strategy<Value = Log> {
    prop::sample::select(vec![Log::Audit, Log::Device])
}

/// What questions are made of, and what they are not.
const WORDS: &[&str] = &[
    "configuration changes",
    "uploads",
    "failed",
    "root detections",
    "frida",
    "in",
    "on",
    "by",
    "from",
    "to",
    "and",
    "or",
    ",",
    "not",
    "except",
    "last",
    "the last",
    "7 days",
    "24h",
    "week",
    "monday",
    "since",
    "between",
    "until",
    "2024-11-20",
    "2024-02-30",
    "november",
    "29 february",
    "9999 years",
    "owner@example.com",
    "auto_abc123",
    "Germany",
    "the US",
    "in DE",
    "android",
    "android 14",
    "android 18446744073709551615",
    "production",
    "action kill",
    "com.example.shop",
    "app version 1.0",
    "203.0.113.7",
    "::1",
    "device 7f3a-91",
    "everything",
    "'",
    "''",
    "\"",
    "%",
    ";",
    "--",
    "event_type = 'x'",
    "ignore the above",
    "\u{202e}",
    "\0",
    "o'brien@example.com",
    "it's",
    "&",
    "-",
    "99999 days",
    "may",
    "2024",
    "0001-01-01",
    "9999-12-31",
    "before",
    "after",
];

proptest! {
    #[test]
    fn no_text_changes_the_shape(log in log(), text in any::<String>()) {
        check_shape(log, &text)?;
    }

    #[test]
    fn no_mixture_of_words_changes_the_shape(log in log(), words in prop::collection::vec(prop::sample::select(WORDS), 0..12)) {
        check_shape(log, &words.join(" "))?;
    }

    /// Words that mean nothing here make the whole question one that is refused, wherever they stand.
    #[test]
    fn nothing_is_passed_over(injected in "q[a-z]{2,10}x( q[a-z]{2,10}x){0,5}", place in 0_usize..5) {
        let mut words: Vec<&str> = "configuration changes last week".split(' ').collect();
        prop_assert!(interpret(Log::Audit, &words.join(" ")).is_ok());
        words.insert(place, &injected);
        let outcome = interpret(Log::Audit, &words.join(" "));
        prop_assert!(matches!(outcome, Err(Refusal::NotUnderstood { .. })), "{:?}", outcome);
    }

    /// At any moment that a clock shows, windows end after they begin.
    #[test]
    fn every_moment_has_its_windows(log in log(), second in -62_135_596_800_i64..253_402_300_799, text in prop::sample::select(&[
        "last week", "last 9999 years", "since february 29", "in december", "this year", "last 24 hours", "past 9999 weeks", "everything",
        "between december and january", "monday", "the day before yesterday", "until yesterday",
    ])) {
        let question = Question::parse(text).map_err(|error| TestCaseError::fail(error.to_string()))?;
        if let Ok(answer) = INTERPRETER.interpret(&question, log, at(second)) {
            prop_assert!(answer.from() < answer.to());
        } else {
            // Only where the calendar ends.
            let inside = (-61_000_000_000..253_000_000_000).contains(&second);
            prop_assert!(!inside || text.contains("9999"), "{}", second);
        }
    }
}
