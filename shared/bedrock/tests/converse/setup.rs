//! A stand-in, and an answerer that asks it.

use std::time::Duration;

use assistant::{Answerer as _, Guides, Interpretation};
use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials;
use bedrock::{Bedrock, Limits};
use converse_standin::{Request, Standin, Step};
use domain::conversation::{Conversation, Exchange, Message};
use domain::error::Error;
use domain::time::at;
use jiff::Timestamp;
use search::audit::Call;
use search::column::Log;
use search::question::Question;

pub(crate) const MODEL: &str = "eu.anthropic.claude-sonnet-4-20250514-v1:0";
pub(crate) const CALLS: &[Call] = &[
    Call { name: "automate_upload", shown: &["platform", "version"] },
    Call { name: "config_update", shown: &["version"] },
    Call { name: "promote_config", shown: &["from", "to"] },
    Call { name: "upload_application_build", shown: &["platform", "version"] },
];
/// The passages of the guides find an answer to it.
pub(crate) const QUESTION: &str = "How do I configure Certificate Pinning?";
pub(crate) const SEARCH: &str = "configuration changes from last week";

/// The moment of page 003: Wednesday 27 November 2024, 20:40.
pub(crate) fn now() -> Timestamp {
    at(1_732_740_000)
}

pub(crate) fn guides() -> Guides {
    Guides::at("https://app.example.com/documents/guides")
}

/// Limits as they are, but for waits.
pub(crate) fn quick() -> Limits {
    Limits { first_wait: Duration::from_millis(1), ..Limits::default() }
}

pub(crate) struct Setup {
    pub(crate) standin: Standin,
    pub(crate) bedrock: Bedrock,
}

impl Setup {
    pub(crate) async fn new(script: impl IntoIterator<Item = Step>) -> Self {
        Self::with(script, MODEL, quick(), guides()).await
    }

    pub(crate) async fn with(
        script: impl IntoIterator<Item = Step>,
        model: &str,
        limits: Limits,
        guides: Guides,
    ) -> Self {
        let standin = Standin::start().await.unwrap();
        standin.script(script);
        let config = aws_config::defaults(BehaviorVersion::latest())
            .region(Region::from_static("eu-central-1"))
            .credentials_provider(Credentials::new("AKIAEXAMPLE", "secret-of-the-caller", None, None, "tests"))
            .endpoint_url(standin.base_url())
            .load()
            .await;
        let bedrock = Bedrock::new(&config, model.parse().unwrap(), limits, guides, CALLS);
        Self { standin, bedrock }
    }

    pub(crate) async fn answer(&self, message: &str, history: &[Exchange]) -> Result<String, Error> {
        self.bedrock.answer(&Message::parse(message).unwrap(), history).await
    }

    pub(crate) async fn search(&self, log: Log, question: &str) -> Result<Interpretation, Error> {
        self.bedrock.interpret(&Question::parse(question).unwrap(), log, now()).await
    }

    /// The one request since the last look.
    pub(crate) fn request(&self) -> Request {
        let mut requests = self.standin.take_requests();
        assert_eq!(requests.len(), 1, "{requests:?}");
        requests.remove(0)
    }
}

/// What a script answers to one question.
pub(crate) async fn answer_of(step: Step) -> Result<String, Error> {
    Setup::new([step]).await.answer(QUESTION, &[]).await
}

pub(crate) fn exchange(question: &str, answer: &str) -> Exchange {
    Exchange {
        id: "01970000-0000-7000-8000-000000000001".parse().unwrap(),
        conversation: Conversation::default(),
        question: question.to_owned(),
        answer: answer.to_owned(),
        asked_at: now().as_second(),
    }
}
