//! What answers questions about the product and turns words into searches: the trait, and the one that does without a model. No AWS, no
//! HTTP, no clock.

mod embedded;
mod guides;

use std::fmt;
use std::pin::Pin;

use domain::conversation::{Exchange, Message};
use domain::error::Error;
use jiff::Timestamp;
use search::column::Log;
use search::question::{Answer, Question, Refusal};

pub use embedded::Embedded;
pub use guides::{Guides, Quotation};

/// What is said where the guides have no answer, whoever answers.
pub const NO_ANSWER: &str = "I have no answer to this: the documentation says nothing of it. Try other words, or open a support ticket \
    (POST /frontend/support/tickets).";

/// What an answerer is asked ends in an answer, or in an error where it fails: then nothing was answered, and nothing counts.
pub type Answering<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

/// What was made of a question: a search that was checked, or why there is none.
pub type Interpretation = Result<Answer, Refusal>;

/// Answers questions. It is given texts alone, and gives texts alone back: it knows no tenant, and changes nothing.
pub trait Answerer: fmt::Debug + Send + Sync {
    /// Answers a message in the light of what was said before it, the oldest first. Says so plainly where it has no answer.
    fn answer<'a>(&'a self, message: &'a Message, history: &'a [Exchange]) -> Answering<'a, String>;

    /// Turns a question into a search of `log` at the moment `now`.
    fn interpret<'a>(&'a self, question: &'a Question, log: Log, now: Timestamp) -> Answering<'a, Interpretation>;
}
