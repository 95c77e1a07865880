//! The tables of phrases: what each question means, or why it is refused. The grammar is held against `phrases.json` to the letter, and
//! measured by `held_out.json`, as models are by `bedrock`'s example.
//!
//! Each row is the mode, the phrase, and either the query and the window or a part of the refusal. The moment is the one that page 003
//! uses: Wednesday 27 November 2024, 20:40.
//!
//! `held_out.json` was written before the grammar was changed to narrow what it asks of the audit log, as people type, by somebody who
//! knew which mistakes that was to mend; the grammar is never tuned on it. Of its 60 phrases 39 came out as expected when it was
//! written: 17 right, 6 wrong, 22 refused rightly, 15 refused wrongly. After the change 53 did: 26 right, 0 wrong, 27 refused rightly,
//! 7 refused wrongly.

mod calls;
mod tally;

use std::fmt;

use domain::time::at;
use jiff::Timestamp;
use search::column::Log;
use search::question::{Answer, Question, Refusal};

pub(crate) use calls::calls;
pub(crate) use tally::Tally;

/// The moment at which the phrases are asked.
pub(crate) fn now() -> Timestamp {
    at(1_732_740_000)
}

/// A phrase, and what is to come of it.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) log: Log,
    pub(crate) phrase: String,
    pub(crate) expected: Expected,
}

/// What is to come of a phrase.
#[derive(Debug)]
pub(crate) enum Expected {
    /// A query in its canonical text, and the window.
    Search(String, Timestamp, Timestamp),
    /// A refusal that says this, among other things.
    Refusal(String),
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Search(query, from, to) => write!(f, "{query:?} from {from} to {to}"),
            Self::Refusal(told) => write!(f, "a refusal: {told}"),
        }
    }
}

impl Row {
    fn read(fields: &[String]) -> Self {
        let [mode, phrase, expected, window @ ..] = fields else { panic!("{fields:?}") };
        let expected = match window {
            [from, to] => Expected::Search(expected.clone(), moment(from), moment(to)),
            [] => Expected::Refusal(expected.clone()),
            _ => panic!("{fields:?}"),
        };
        let log = mode.parse().unwrap_or_else(|error| panic!("{fields:?}: {error}"));
        Self { log, phrase: phrase.clone(), expected }
    }

    /// The phrase as it is asked.
    pub(crate) fn question(&self) -> Question {
        Question::parse(&self.phrase).unwrap_or_else(|error| panic!("{}: {error}", self.phrase))
    }
}

/// The phrases that the grammar is held against, in their order.
pub(crate) fn rows() -> Vec<Row> {
    read(include_str!("../phrases.json"))
}

/// The phrases that it is measured by.
pub(crate) fn held_out() -> Vec<Row> {
    read(include_str!("../held_out.json"))
}

fn read(table: &str) -> Vec<Row> {
    let rows: Result<Vec<Vec<String>>, _> = serde_json::from_str(table);
    rows.unwrap_or_else(|error| panic!("{error}")).iter().map(|fields| Row::read(fields)).collect()
}

/// What came of a phrase, as it is shown.
pub(crate) fn told(outcome: &Result<Answer, Refusal>) -> String {
    match outcome {
        Ok(answer) => Expected::Search(answer.query().to_string(), answer.from(), answer.to()).to_string(),
        Err(refusal) => format!("a refusal: {refusal}"),
    }
}

/// A day stands for its midnight.
fn moment(text: &str) -> Timestamp {
    let text = if text.contains('T') { text.to_owned() } else { format!("{text}T00:00:00Z") };
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}
