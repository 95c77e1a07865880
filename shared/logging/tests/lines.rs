//! What is written for an event, and for which.
#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

use jiff::Timestamp;
use logging::{Settings, subscriber};
use serde_json::{Value, json};
use tracing::field::Empty;
use tracing::subscriber::with_default;

/// What `work` leaves in the log of a function that Lambda started with these variables.
fn log(variables: &[(&str, &str)], work: impl FnOnce()) -> String {
    let file = tempfile::NamedTempFile::new().unwrap();
    let variable =
        |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    with_default(subscriber(Settings::read(variable), file.reopen().unwrap()), work);
    std::fs::read_to_string(file.path()).unwrap()
}

const JSON: (&str, &str) = ("AWS_LAMBDA_LOG_FORMAT", "JSON");

/// The one line that `work` leaves as JSON, without its time, which is checked.
fn line(work: impl FnOnce()) -> Value {
    let text = log(&[JSON], work);
    assert_eq!(text.lines().count(), 1, "{text}");
    let mut line: Value = serde_json::from_str(&text).unwrap();
    let timestamp = line.as_object_mut().unwrap().remove("timestamp").unwrap();
    let at: Timestamp = timestamp.as_str().unwrap().parse().unwrap();
    assert!(at > "2025-01-01T00:00:00Z".parse().unwrap(), "{timestamp}");
    assert!(timestamp.as_str().unwrap().rsplit_once('.').unwrap().1.len() > 3, "{timestamp} has no milliseconds");
    line
}

fn one_of_each() {
    tracing::trace!("line");
    tracing::debug!("line");
    tracing::info!("line");
    tracing::warn!("line");
    tracing::error!("line");
}

#[test]
fn a_line_has_its_time_its_level_and_its_fields() {
    let line = line(|| tracing::warn!(tenant.id = "t", milliseconds = 7_u64, ok = true, left = -1, "build ends"));
    let fields = json!({ "message": "build ends", "tenant.id": "t", "milliseconds": 7, "ok": true, "left": -1 });
    assert_eq!(line, json!({ "level": "WARN", "fields": fields }));
}

#[test]
fn a_line_has_the_fields_of_every_span_around_it_and_its_own_above_them() {
    let line = line(|| {
        let invocation = tracing::info_span!("Lambda runtime invoke", requestId = "r", xrayTraceId = "x").entered();
        let build = tracing::info_span!("build", tenant.id = Empty, build.id = "outer", attempt = 1).entered();
        build.record("tenant.id", "t");
        tracing::error!(build.id = "own", "it \"broke\"\n");
        drop((build, invocation));
    });
    let fields = json!({
        "message": "it \"broke\"\n", "requestId": "r", "xrayTraceId": "x", "tenant.id": "t", "build.id": "own", "attempt": 1,
    });
    assert_eq!(line, json!({ "level": "ERROR", "fields": fields }));
}

#[test]
fn lines_below_the_level_are_not_written() {
    for (level, expected) in [
        ("TRACE", &["TRACE", "DEBUG", "INFO", "WARN", "ERROR"][..]),
        ("debug", &["DEBUG", "INFO", "WARN", "ERROR"]),
        ("INFO", &["INFO", "WARN", "ERROR"]),
        ("WARN", &["WARN", "ERROR"]),
        ("ERROR", &["ERROR"]),
        // Lambda has it; nothing here is as severe, and Lambda drops what comes.
        ("FATAL", &["INFO", "WARN", "ERROR"]),
        ("", &["INFO", "WARN", "ERROR"]),
    ] {
        let text = log(&[JSON, ("AWS_LAMBDA_LOG_LEVEL", level)], one_of_each);
        let levels: Vec<String> = text
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap()["level"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(levels, expected, "{level}");
    }
}

/// Whoever wants only errors still has to know whose they are.
#[test]
fn at_any_level_lines_say_whose_they_are() {
    let text = log(&[JSON, ("AWS_LAMBDA_LOG_LEVEL", "ERROR")], || {
        tracing::info_span!("build", build.id = 7).in_scope(|| tracing::error!("line"));
        tracing::debug_span!("detail", secret = 7).in_scope(|| tracing::error!("line"));
    });
    let fields: Vec<Value> =
        text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["fields"].clone()).collect();
    assert_eq!(fields, [json!({ "message": "line", "build.id": 7 }), json!({ "message": "line" })]);
}

#[test]
fn without_json_lines_are_for_people_and_without_colours() {
    let text = log(&[("AWS_LAMBDA_LOG_FORMAT", "Text")], || {
        tracing::info_span!("build", build.id = 7).in_scope(|| tracing::warn!(attempt = 1, "build starts"));
    });
    assert_eq!(text, " WARN build{build.id=7}: build starts attempt=1\n");
    assert_eq!(log(&[], || tracing::info!("line")), " INFO line\n");
    assert_eq!(log(&[("AWS_LAMBDA_LOG_FORMAT", "json")], || tracing::info!("line")).get(..1), Some("{"));
}
