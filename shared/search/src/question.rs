//! AI Search without a model (page 003): a question in English becomes a query and a time window, or is refused.
//!
//! The grammar understands every word of a question or none of it. A word that it does not know could change what is meant, so that a
//! question with one is refused; so is one that could mean two things. What it answers depends on the log, the question and the moment
//! only, and is read back by the parser of the query language before it leaves.

mod calendar;
mod draft;
mod scanner;
mod selection;
mod term;
mod time;
mod vocabulary;
mod words;

use std::sync::{Arc, OnceLock};

use domain::error::Error;
use jiff::Timestamp;
use serde::{Serialize, Serializer};

use crate::audit::Call;
use crate::column::Log;
use crate::query::Query;
use draft::Draft;
use vocabulary::Vocabulary;

/// Characters of a question at most (page 003).
pub const MAX_LENGTH: usize = 500;

/// A question that is neither empty nor too long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question(String);

impl Question {
    /// Reads the field `query` of the request.
    ///
    /// # Errors
    /// Naming the field, where it is empty or has more than 500 characters.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if text.trim().is_empty() {
            return Err(Error::invalid("query", "Query is missing"));
        }
        if text.chars().count() > MAX_LENGTH {
            return Err(Error::invalid("query", "Query must be 500 characters or less"));
        }
        Ok(Self(text.to_owned()))
    }

    /// The text, as it came.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Understands questions. Clones share the phrases that are known, which are made when the first question comes.
#[derive(Clone, Debug)]
pub struct Interpreter {
    calls: Arc<[Call]>,
    vocabulary: Arc<OnceLock<Vocabulary>>,
}

impl Interpreter {
    /// One that knows these calls of the audit log.
    pub fn new(calls: &[Call]) -> Self {
        Self { calls: calls.into(), vocabulary: Arc::default() }
    }

    /// The calls that it knows.
    pub fn calls(&self) -> &[Call] {
        &self.calls
    }

    fn vocabulary(&self) -> &Vocabulary {
        let names = || self.calls.iter().map(|call| call.name).collect::<Vec<_>>();
        self.vocabulary.get_or_init(|| Vocabulary::of(&names()))
    }

    /// What a question asks of `log` at the moment `now`.
    ///
    /// # Errors
    /// Where it is not understood, or could mean more than one thing.
    pub fn interpret(&self, question: &Question, log: Log, now: Timestamp) -> Result<Answer, Refusal> {
        let draft = Draft::read(question.as_str(), self.vocabulary(), log)?;
        let query = Query::from(draft.condition(log, &self.calls)?);
        let (from, to) = calendar::moments(draft.window(), log, now)?;
        Answer::check(log, &query.to_string(), from, to)
    }
}

/// A query and the window of time that it is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// What is searched for; empty for everything.
    #[serde(serialize_with = "as_text")]
    query: Query,
    /// The first moment.
    #[serde(rename = "from_iso")]
    from: Timestamp,
    /// The moment after the last.
    #[serde(rename = "to_iso")]
    to: Timestamp,
}

fn as_text<S: Serializer>(query: &Query, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(query)
}

impl Answer {
    /// Whatever proposed it: an answer is a query of the log that can be read, and a window that does not end before it begins.
    ///
    /// # Errors
    /// Where it is none.
    pub fn check(log: Log, query: &str, from: Timestamp, to: Timestamp) -> Result<Self, Refusal> {
        let query = Query::parse(log, query).map_err(Refusal::NoQuery)?;
        if from >= to {
            return Err(Refusal::Backwards);
        }
        Ok(Self { query, from, to })
    }

    /// What is searched for.
    pub const fn query(&self) -> &Query {
        &self.query
    }

    /// The first moment of the window.
    pub const fn from(&self) -> Timestamp {
        self.from
    }

    /// The moment after its last.
    pub const fn to(&self) -> Timestamp {
        self.to
    }
}

/// Why a question was not answered (page 003: 422).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A word that could change what is meant.
    #[error("{word:?} at character {position} is not understood")]
    NotUnderstood {
        /// The word, cut to 64 characters and without secrets.
        word: String,
        /// The character at which it begins, counted from 1.
        position: usize,
    },
    /// The log does not say this.
    #[error("the {log} log says nothing of {subject}")]
    NotInLog {
        /// The log.
        log: Log,
        /// What it does not say.
        subject: &'static str,
    },
    /// It could mean more than one thing.
    #[error("this could mean more than one thing: {0}")]
    Ambiguous(&'static str),
    /// Two windows of time.
    #[error("there is more than one time in it")]
    SeveralWindows,
    /// A time that has not begun.
    #[error("that time has not begun yet")]
    Future,
    /// A window that ends before it begins.
    #[error("that time ends before it begins")]
    Backwards,
    /// A date that the calendar does not have.
    #[error("there is no such date")]
    NoSuchDate,
    /// Nothing that could be searched for.
    #[error("there is nothing in it to search for")]
    Nothing,
    /// What a model proposed is no search, and says why.
    #[error("it could not be interpreted reliably: {0}")]
    Unreliable(&'static str),
    /// An answer that was proposed and is no query of the log.
    #[error("the query that was made of it is not valid: {0}")]
    NoQuery(#[source] crate::query::Error),
}
