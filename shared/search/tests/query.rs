//! The query language: what is read, what is refused and where, what rows are found, and that what is printed reads back.

use std::borrow::Cow;

use domain::audit::{AuditEvent, EventNumber};
use proptest::prelude::*;
use search::column::{Column, Kind, Log};
use search::query::{Condition, Literal, MAX_DEPTH, MAX_LENGTH, MAX_TERMS, Operator, Pattern, Query, Row, Value};
use serde_json::json;

fn device(text: &str) -> Query {
    Query::parse(Log::Device, text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn refused(log: Log, text: &str) -> String {
    Query::parse(log, text).map_or_else(|error| error.to_string(), |query| panic!("{text}: read as {query}"))
}

/// A device event: each column's value, null where none is listed.
struct Event(Vec<(&'static str, Value<'static>)>);

impl Row for Event {
    fn value(&self, column: Column) -> Option<Value<'_>> {
        self.0.iter().find(|(name, _)| *name == column.name).map(|(_, value)| value.clone())
    }
}

fn event() -> Event {
    let text = |text| Value::Text(Cow::Borrowed(text));
    Event(vec![
        ("event", Value::Integer(1_732_740_000_000_000)),
        ("device_id", text("d-1")),
        ("event_type", text("root_detection")),
        ("platform", text("android")),
        ("os_version", text("14.1")),
        ("app_version", text("9.10")),
        ("creation_time", Value::Integer(1_732_740_000)),
        ("raw_data", text(r#"{"note":"it's 100%"}"#)),
    ])
}

#[test]
fn rows_are_found_by_every_comparison() {
    for found in [
        "",
        " \t\r\n",
        "event = 1732740000000000",
        "event != -1",
        "creation_time >= 1732740000 AND creation_time <= 1732740000",
        "creation_time > 1732739999 and creation_time < 1732740001",
        "EVENT_TYPE = 'root_detection'",
        "event_type in ('jailbreak_detection', 'root_detection')",
        "event_type not in ('jailbreak_detection')",
        "event_type LIKE 'ROOT%'",
        "event_type LIKE 'root_detection'",
        "event_type NOT LIKE 'root'",
        "raw_data LIKE '%it''s 100\\%%'",
        "country IS NULL",
        "platform IS NOT NULL",
        "os_version < '14.2' AND os_version >= '14' AND os_version > '9'",
        "app_version > '9.9'",
        "NOT platform = 'ios'",
        "NOT NOT platform = 'android'",
        "NOT (platform = 'ios' OR platform = 'windows')",
        "platform = 'ios' AND event = 1 OR event_type = 'root_detection'",
        "event_type = 'root_detection' OR platform = 'ios' AND event = 1",
        "(platform='android')AND(event!=1)",
        "country = 'US' OR platform = 'android'",
        "NOT (country = 'US' AND platform = 'ios')",
    ] {
        assert!(device(found).matches(&event()), "{found}");
    }
    for passed_over in [
        "event = 1",
        "platform = 'Android'",
        "platform = 'ios' AND (event = 1 OR event_type = 'root_detection')",
        "event_type IN ('ROOT_DETECTION')",
        "event_type LIKE 'root'",
        "raw_data LIKE '%100\\_%'",
        "app_version > '9.11'",
        "platform IS NULL",
    ] {
        assert!(!device(passed_over).matches(&event()), "{passed_over}");
    }
}

/// Neither a comparison with a null nor its opposite is met.
#[test]
fn a_null_leaves_comparisons_open() {
    for open in [
        "country = 'US'",
        "country != 'US'",
        "NOT country = 'US'",
        "country IN ('US')",
        "country NOT IN ('US')",
        "country LIKE '%'",
        "country NOT LIKE '%'",
        "country = 'US' AND platform = 'android'",
        "NOT (country = 'US' OR platform = 'ios')",
    ] {
        assert!(!device(open).matches(&event()), "{open}");
    }
}

#[test]
fn audit_events_are_rows() {
    let changed = AuditEvent {
        event: EventNumber::at(domain::time::at(1_732_740_000)),
        user_id: "owner@example.com".to_owned(),
        api_call: "config_update".to_owned(),
        creation_time: 1_732_740_000,
        successful: true,
        raw_data: json!({"version": "prod", "control": "CertificatePinning"}).as_object().unwrap().clone(),
        request_id: "request".to_owned(),
    };
    let read = AuditEvent { api_call: "config".to_owned(), successful: false, ..changed.clone() };
    for (query, found) in [
        ("event = 1732740000000000", [true, true]),
        ("user_id = 'owner@example.com'", [true, true]),
        ("api_call = 'config_update'", [true, false]),
        ("event_type = 'configuration_change'", [true, false]),
        ("event_type IS NULL", [false, true]),
        ("creation_time = 1732740000", [true, true]),
        ("successful = TRUE", [true, false]),
        ("successful IN (false)", [false, true]),
        ("raw_data = '{\"control\":\"CertificatePinning\",\"version\":\"prod\"}'", [true, true]),
    ] {
        let read_back = Query::parse(Log::Audit, query).unwrap();
        assert_eq!([read_back.matches(&changed), read_back.matches(&read)], found, "{query}");
    }
}

#[test]
fn what_is_no_query_is_refused_where_it_is_wrong() {
    for (text, message) in [
        ("user = 'a'", "the audit log has no column \"user\": unknown column at character 1"),
        ("successful = true AND colour = 1", "the audit log has no column \"colour\": unknown column at character 23"),
        ("event = 'a'", "event is compared with a whole number: type mismatch at character 9"),
        ("user_id = 1", "user_id is compared with a string in single quotes: type mismatch at character 11"),
        ("user_id IN ('a', 2)", "user_id is compared with a string in single quotes: type mismatch at character 18"),
        ("successful = 'true'", "successful is compared with TRUE or FALSE: type mismatch at character 14"),
        ("successful < true", "successful has no <: type mismatch at character 12"),
        ("event LIKE '1%'", "event has no LIKE: type mismatch at character 7"),
        ("event NOT LIKE '1%'", "event has no LIKE: type mismatch at character 11"),
        ("user_id = NULL", "write IS NULL or IS NOT NULL: nothing equals NULL at character 11"),
        ("user_id = 'ä' AND user_id = 'a", "unterminated string at character 29"),
        ("user_id = 'it''s", "unterminated string at character 11"),
        ("user_id = \"a\"", "unexpected '\"' at character 11"),
        ("user_id = 'a'; DROP TABLE events", "unexpected ';' at character 14"),
        ("user_id == 'a'", "expected a string in single quotes, a whole number, TRUE or FALSE at character 10"),
        ("user_id <> 'a'", "expected a string in single quotes, a whole number, TRUE or FALSE at character 10"),
        ("event = 9223372036854775808", "not a whole number of 64 bits at character 9"),
        ("event = 1.5", "not a whole number of 64 bits at character 9"),
        ("event = 1e9", "not a whole number of 64 bits at character 9"),
        ("event = 0x10", "not a whole number of 64 bits at character 9"),
        ("event = - 1", "unexpected '-' at character 9"),
        ("event", "expected =, !=, <, <=, >, >=, LIKE, IN, NOT or IS at character 6"),
        ("event =", "expected a string in single quotes, a whole number, TRUE or FALSE at character 8"),
        ("event NOT = 1", "expected LIKE or IN at character 11"),
        ("event IS", "expected NULL at character 9"),
        ("event IS NOT 1", "expected NULL at character 14"),
        ("event IN 1", "expected ( at character 10"),
        ("event IN ()", "expected a string in single quotes, a whole number, TRUE or FALSE at character 11"),
        ("event IN (1,)", "expected a string in single quotes, a whole number, TRUE or FALSE at character 13"),
        ("event IN (1 2)", "expected a comma or ) at character 13"),
        ("event IN (1", "expected a comma or ) at character 12"),
        ("user_id LIKE a", "expected a pattern in single quotes at character 14"),
        ("(event = 1", "expected AND, OR or ) at character 11"),
        ("event = 1)", "expected AND, OR or the end at character 10"),
        ("event = 1 event = 2", "expected AND, OR or the end at character 11"),
        ("event = 1 OR", "expected a column, NOT or ( at character 13"),
        ("event = 1 AND OR event = 2", "expected a column, NOT or ( at character 15"),
        ("NOT", "expected a column, NOT or ( at character 4"),
        ("()", "expected a column, NOT or ( at character 2"),
        ("1 = event", "expected a column, NOT or ( at character 1"),
        ("event\u{a0}= 1", "unexpected '\\u{a0}' at character 6"),
        ("\u{202e}event = 1", "unexpected '\\u{202e}' at character 1"),
        ("event = 1\0", "unexpected '\\0' at character 10"),
        ("event = \u{661}", "unexpected '\u{661}' at character 9"),
    ] {
        assert_eq!(refused(Log::Audit, text), message, "{text}");
    }
    assert_eq!(
        refused(Log::Audit, "country = 'DE'"),
        "the audit log has no column \"country\": unknown column at character 1"
    );
    assert!(refused(Log::Device, "successful = true").contains("the device log has no column"));
}

#[test]
fn limits_hold_on_both_sides() {
    let deep = |levels: usize| format!("{}event = 1{}", "(".repeat(levels), ")".repeat(levels));
    device(&deep(MAX_DEPTH));
    assert_eq!(
        refused(Log::Device, &deep(MAX_DEPTH + 1)),
        "a query has at most 32 levels of parentheses and NOT: too deep at character 33"
    );
    device(&format!("{}event = 1", "NOT ".repeat(MAX_DEPTH)));
    assert!(refused(Log::Device, &format!("{}event = 1", "NOT ".repeat(MAX_DEPTH + 1))).ends_with("at character 129"));
    assert!(refused(Log::Device, &"(".repeat(MAX_LENGTH)).contains("too deep"));

    let many = |values: usize| format!("event = 1 OR event IN ({})", vec!["2"; values].join(","));
    device(&many(MAX_TERMS - 1));
    assert!(refused(Log::Device, &many(MAX_TERMS)).starts_with("a query has at most 200 comparisons and values"));
    let wide = |terms: usize| vec!["event = 1"; terms].join(" OR ");
    device(&wide(MAX_TERMS));
    assert!(refused(Log::Device, &wide(MAX_TERMS + 1)).contains("one too many"));

    let long = |length: usize| format!("country = '{}'", "ä".repeat(length - 12));
    device(&long(MAX_LENGTH));
    assert_eq!(
        refused(Log::Device, &long(MAX_LENGTH + 1)),
        "a query has at most 4000 characters: too long at character 4001"
    );
}

#[test]
fn the_canonical_text_is_short() {
    for (text, canonical) in [
        ("  ", ""),
        ("((event=1))", "event = 1"),
        ("not(event in(1,2))", "event NOT IN (1, 2)"),
        ("(event = 1 or event = 2) or event = 3", "event = 1 OR event = 2 OR event = 3"),
        (
            "(event = 1 or event = 2) and not (event = 3 and event = 4)",
            "(event = 1 OR event = 2) AND NOT (event = 3 AND event = 4)",
        ),
        ("Country is not null AND action like 'it''s'", "country IS NOT NULL AND action LIKE 'it''s'"),
        ("not not event < -5", "NOT NOT event < -5"),
    ] {
        assert_eq!(device(text).to_string(), canonical);
    }
    assert_eq!(Query::parse(Log::Audit, "successful=True").unwrap().to_string(), "successful = TRUE");
}

fn literal(kind: Kind) -> BoxedStrategy<Literal> {
    match kind {
        Kind::Integer => any::<i64>().prop_map(Literal::Integer).boxed(),
        Kind::Boolean => any::<bool>().prop_map(Literal::Boolean).boxed(),
        Kind::Text | Kind::Version => any::<String>().prop_map(Literal::Text).boxed(),
    }
}

fn term(column: Column) -> BoxedStrategy<Condition> {
    let operators: Vec<Operator> =
        Operator::ALL.into_iter().filter(|operator| column.kind != Kind::Boolean || !operator.is_ordering()).collect();
    let compared = (prop::sample::select(operators), literal(column.kind))
        .prop_map(move |(operator, value)| Condition::Compare(column, operator, value));
    let listed =
        prop::collection::vec(literal(column.kind), 1..4).prop_map(move |values| Condition::In(column, values));
    let plain = prop_oneof![compared, listed, Just(Condition::IsNull(column))];
    if matches!(column.kind, Kind::Text | Kind::Version) {
        let like = any::<String>().prop_map(move |text| Condition::Like(column, Pattern::new(&text)));
        prop_oneof![3 => plain, 1 => like].boxed()
    } else {
        plain.boxed()
    }
}

fn condition(log: Log) -> impl Strategy<Value = Condition> {
    let leaf = prop::sample::select(log.columns().to_vec()).prop_flat_map(term);
    leaf.prop_recursive(5, 24, 4, |inner| {
        let parts = prop::collection::vec(inner.clone(), 1..4);
        prop_oneof![
            inner.prop_map(Condition::negated),
            parts.clone().prop_filter_map("empty", Condition::all),
            parts.prop_filter_map("empty", Condition::any),
        ]
    })
}

fn log() -> impl Strategy<Value = Log> {
    prop::sample::select(vec![Log::Audit, Log::Device])
}

proptest! {
    #[test]
    fn what_is_printed_reads_back((log, condition) in log().prop_flat_map(|log| (Just(log), condition(log)))) {
        let query = Query::from(Some(condition));
        let text = query.to_string();
        if text.chars().count() <= MAX_LENGTH {
            prop_assert_eq!(Query::parse(log, &text), Ok(query), "{}", text);
        }
    }

    #[test]
    fn no_text_panics_and_each_error_is_in_the_text(log in log(), text in any::<String>()) {
        if let Err(error) = Query::parse(log, &text) {
            prop_assert!((1..=text.chars().count() + 1).contains(&error.position));
        }
    }

    #[test]
    fn no_shuffled_query_panics(log in log(), words in prop::collection::vec(prop::sample::select(vec![
        "event", "country", "=", "!=", "<", "LIKE", "IN", "IS", "NOT", "NULL", "AND", "OR", "(", ")", ",", "1", "'a'", "'", "TRUE", "-1",
    ]), 0..40)) {
        let text = words.join(" ");
        match Query::parse(log, &text) {
            Ok(query) => prop_assert_eq!(Query::parse(log, &query.to_string()), Ok(query)),
            Err(error) => prop_assert!((1..=text.len() + 1).contains(&error.position)),
        }
    }

    /// Cutting a query off leaves an error, or a query that is shorter: never a panic.
    #[test]
    fn truncated_queries_are_judged((log, condition) in log().prop_flat_map(|log| (Just(log), condition(log))), share in 0.0..1.0) {
        let text: Vec<char> = Query::from(Some(condition)).to_string().chars().collect();
        let kept: String = text[..(text.len() as f64 * share) as usize].iter().collect();
        if let Err(error) = Query::parse(log, &kept) {
            prop_assert!((1..=kept.chars().count() + 1).contains(&error.position));
        }
    }
}
