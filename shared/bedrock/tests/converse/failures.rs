//! What becomes of a question where Bedrock does not answer: how often and how long it is asked, and what is told.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bedrock::Limits;
use converse_standin::{Failure, Step};
use domain::error::Error;
use search::column::Log;
use serde_json::json;
use tracing_subscriber::fmt::MakeWriter;

use crate::setup::{MODEL, QUESTION, SEARCH, Setup, exchange, guides, quick};

/// A machine that is busy takes so long to notice that a time is over.
const SLACK: Duration = Duration::from_secs(5);

/// How many requests a script gets of one question, and what comes of it.
async fn asked(script: Vec<Step>) -> (usize, Result<String, Error>) {
    let setup = Setup::new(script).await;
    let outcome = setup.answer(QUESTION, &[]).await;
    (setup.standin.take_requests().len(), outcome)
}

fn causes(error: &Error) -> String {
    let Error::Unavailable { code, message, retry_after, .. } = error else { panic!("{error:?}") };
    let told = "The assistant cannot answer at the moment. This does not count; try again.";
    assert_eq!((*code, *message, *retry_after), ("assistant_unavailable", told, 10));
    error.with_causes()
}

/// What passes by itself.
fn passing() -> Vec<Step> {
    let failures = [Failure::Throttling, Failure::ServiceUnavailable, Failure::InternalServer, Failure::ModelNotReady];
    failures.map(Step::fail).into_iter().chain([Step::CutBefore, Step::CutWithin]).collect()
}

#[tokio::test]
async fn what_passes_is_tried_again() {
    for step in passing() {
        let (requests, outcome) = asked(vec![step.clone(), step.clone(), Step::text("At last.")]).await;
        assert_eq!((requests, outcome.unwrap().as_str()), (3, "At last."), "{step:?}");
    }
}

#[tokio::test]
async fn after_three_tries_there_is_no_answer() {
    for step in passing() {
        let (requests, outcome) = asked(vec![step.clone(); 5]).await;
        assert_eq!(requests, 3, "{step:?}");
        let causes = causes(&outcome.unwrap_err());
        if let Step::Fail(failure, _) = step {
            let told = format!("Bedrock answered {} (status {}, ", failure.kind(), failure.status());
            assert!(causes.contains(&told), "{causes}");
        }
    }
}

#[tokio::test]
async fn what_does_not_pass_is_not_tried_again() {
    let failures = [
        Failure::AccessDenied,
        Failure::ResourceNotFound,
        Failure::Validation,
        Failure::ModelError,
        Failure::ModelTimeout,
    ];
    let html = Step::Body { content_type: "text/html", body: b"<html>A proxy's page</html>".to_vec() };
    let json = |body: &[u8]| Step::Body { content_type: "application/json", body: body.to_vec() };
    let garbage = [
        html,
        json(b""),
        json(b"{"),
        json(b"\xff\xfe\x00"),
        json(b"[]"),
        json(b"{}"),
        Step::json(&json!({ "output": { "message": "text" }, "stopReason": "end_turn" })),
        Step::json(&json!({ "output": { "message": { "role": "assistant", "content": [{ "text": 7 }] } } })),
        Step::json(&json!({ "output": { "other": {} }, "stopReason": "end_turn" })),
        json(format!("{{\"output\":{}", "[".repeat(100_000)).as_bytes()),
    ];
    for step in failures.map(Step::fail).into_iter().chain(garbage) {
        let (requests, outcome) = asked(vec![step.clone(), Step::text("Too late.")]).await;
        let error = outcome.expect_err(&format!("{step:?}"));
        assert_eq!(requests, 1, "{step:?}: {}", causes(&error));
    }
}

#[tokio::test]
async fn operators_learn_which_right_or_model_is_missing() {
    let told = "User: arn:aws:sts::123456789012:assumed-role/x is not authorized to perform: bedrock:InvokeModel";
    let (_, outcome) = asked(vec![Step::Fail(Failure::AccessDenied, told.to_owned())]).await;
    assert!(causes(&outcome.unwrap_err()).contains(told));
}

#[tokio::test]
async fn the_time_holds_whatever_it_is_spent_on() {
    let total = Duration::from_millis(500);
    let limits = Limits { total, ..quick() };
    let late = Step::text("Late.").after(Duration::from_secs(30));
    let slow_failure = Step::fail(Failure::Throttling).after(Duration::from_millis(300));
    for script in [vec![late], vec![slow_failure; 3]] {
        let setup = Setup::with(script.clone(), MODEL, limits.clone(), guides()).await;
        let begin = Instant::now();
        let error = setup.answer(QUESTION, &[]).await.unwrap_err();
        let took = begin.elapsed();
        assert!(causes(&error).ends_with("Bedrock did not answer in time"), "{error:?}");
        assert!((total..total + SLACK).contains(&took), "{took:?}");
        let begin = Instant::now();
        setup.standin.script(script);
        assert!(matches!(setup.search(Log::Audit, SEARCH).await, Err(Error::Unavailable { .. })));
        assert!(begin.elapsed() < total + SLACK);
    }
}

/// Waits count, too: one that may take far longer is not waited out. Each is a random share, so that a short one may be over in time.
#[tokio::test]
async fn waits_between_tries_are_part_of_the_time() {
    let total = Duration::from_secs(2);
    let limits = Limits { total, first_wait: Duration::from_secs(86_400), ..Limits::default() };
    let setup = Setup::with(vec![Step::fail(Failure::Throttling); 3], MODEL, limits, guides()).await;
    let begin = Instant::now();
    let error = setup.answer(QUESTION, &[]).await.unwrap_err();
    assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
    assert!(begin.elapsed() < total + SLACK, "{:?}", begin.elapsed());
    assert!((1..=3).contains(&setup.standin.take_requests().len()));
}

#[test]
fn a_question_takes_twenty_seconds_at_most() {
    let limits = Limits::default();
    assert_eq!((limits.total, limits.tries), (Duration::from_secs(20), 3));
}

#[tokio::test]
async fn a_stand_in_that_is_gone_is_told_as_such() {
    let setup = Setup::new([]).await;
    let bedrock = setup.bedrock.clone();
    drop(setup);
    let message = domain::conversation::Message::parse(QUESTION).unwrap();
    let error = assistant::Answerer::answer(&bedrock, &message, &[]).await.unwrap_err();
    assert!(causes(&error).contains("could not be sent"), "{}", causes(&error));
}

/// Lines of the log, as functions write them.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Lines {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn neither_errors_nor_the_log_repeat_what_was_asked() {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::INFO).with_writer(lines.clone()).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let asked = format!("{QUESTION} SECRETWORD");
    let history = [exchange("SECRETWORD before", "SECRETWORD after")];
    let mut told = String::new();
    let echoes = [Failure::Validation, Failure::ModelError, Failure::Throttling, Failure::InternalServer];
    let echoes = echoes.map(|failure| Step::Fail(failure, format!("cannot read: {asked}")));
    let garbled = Step::Body { content_type: "text/plain", body: asked.clone().into_bytes() };
    for step in echoes.into_iter().chain([garbled, Step::CutBefore, Step::CutWithin]) {
        let error = Setup::new(vec![step; 3]).await.answer(&asked, &history).await.unwrap_err();
        told += &format!("{} {error:?}\n", causes(&error));
    }
    let setup = Setup::new([Step::text("SECRETWORD")]).await;
    setup.answer(&asked, &history).await.unwrap();
    setup.search(Log::Audit, &asked).await.unwrap().unwrap_err();
    let log = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    assert!(!told.contains("SECRETWORD") && !told.contains("secret-of-the-caller"), "{told}");
    assert!(!log.contains("SECRETWORD") && !log.contains("secret-of-the-caller"), "{log}");
    let counted = log.lines().filter(|line| line.contains("assistant.input_tokens=") && line.contains(MODEL)).count();
    assert_eq!(counted, 2, "{log}");
}
