//! Answerers that do as a test tells them.

use std::sync::Arc;

use api::App;
use assistant::{Answerer, Answering, Interpretation};
use domain::conversation::{Exchange, Message};
use domain::error::Error;
use jiff::Timestamp;
use search::column::Log;
use search::question::Question;
use tests::functions;
use tests::harness::Bench;
use tests::members::Member;
use tokio::sync::Semaphore;

/// Answers as soon as it may; whoever asks for a failure gets one.
#[derive(Debug)]
pub(super) struct Held {
    /// Questions that came.
    pub(super) asked: Semaphore,
    /// Questions that may be answered.
    pub(super) may: Semaphore,
}

impl Held {
    /// One that lets `answers` pass.
    pub(super) fn new(answers: usize) -> Arc<Self> {
        Arc::new(Self { asked: Semaphore::new(0), may: Semaphore::new(answers) })
    }

    async fn pass(&self, text: &str) -> Result<(), Error> {
        self.asked.add_permits(1);
        self.may.acquire().await.unwrap().forget();
        if !text.contains("fail") {
            return Ok(());
        }
        Err(Error::Unavailable {
            code: "assistant_unavailable",
            message: "The assistant cannot answer at the moment",
            retry_after: 10,
            source: "as asked".into(),
        })
    }
}

impl Answerer for Held {
    fn answer<'a>(&'a self, message: &'a Message, history: &'a [Exchange]) -> Answering<'a, String> {
        Box::pin(async move {
            self.pass(message.as_str()).await?;
            Ok(format!("{} after {}", message.as_str(), history.len()))
        })
    }

    fn interpret<'a>(&'a self, question: &'a Question, log: Log, now: Timestamp) -> Answering<'a, Interpretation> {
        Box::pin(async move {
            self.pass(question.as_str()).await?;
            Ok(search::question::Answer::check(log, "successful = FALSE", now, Timestamp::MAX))
        })
    }
}

/// The owner of the tenant, where `answerer` answers.
pub(super) fn owner_with(bench: &Bench, answerer: Arc<dyn Answerer>) -> Member {
    let app = App { service: bench.service().clone().with_answerer(answerer) };
    bench.owner().through(functions::serve(local::routes(), app))
}
