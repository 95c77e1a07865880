//! The answerer.

use std::fmt;

use assistant::{Answerer, Answering, Guides, Interpretation, NO_ANSWER};
use aws_config::SdkConfig;
use aws_sdk_bedrockruntime::Client;
use aws_sdk_bedrockruntime::config::Builder;
use aws_sdk_bedrockruntime::config::retry::RetryConfig;
use aws_sdk_bedrockruntime::config::timeout::TimeoutConfig;
use aws_smithy_runtime_api::client::interceptors::SharedInterceptor;
use domain::conversation::{Exchange, Message};
use domain::error::Error;
use jiff::Timestamp;
use search::audit::Call;
use search::column::Log;
use search::question::{Interpreter, Question, Refusal};

use crate::call::Asked;
use crate::limits::Limits;
use crate::model_id::ModelId;
use crate::{answer, interpret, language, text};

/// Answers by a model at Amazon Bedrock. Clones share connections, guides and what was made once.
#[derive(Clone)]
pub struct Bedrock {
    pub(crate) client: Client,
    pub(crate) model: ModelId,
    pub(crate) limits: Limits,
    guides: Guides,
    interpreter: Interpreter,
}

impl Bedrock {
    /// One that asks `model`, answers from these guides, and knows these calls of the audit log. `config` says where
    /// Bedrock is and with whose credentials it is asked; its own limits do not count.
    pub fn new(config: &SdkConfig, model: ModelId, limits: Limits, guides: Guides, calls: &[Call]) -> Self {
        let retries =
            RetryConfig::standard().with_max_attempts(limits.tries.max(1)).with_initial_backoff(limits.first_wait);
        let timeouts = TimeoutConfig::builder().operation_timeout(limits.total).connect_timeout(limits.connect).build();
        let config = Builder::from(config).retry_config(retries).timeout_config(timeouts).build();
        let client = Client::from_conf(config);
        Self { client, model, limits, guides, interpreter: Interpreter::new(calls) }
    }

    /// As [`Self::new`], where and with whose credentials the environment says, within the usual limits.
    pub async fn connect(model: ModelId, guides: Guides, calls: &[Call]) -> Self {
        Self::new(&aws_config::load_from_env().await, model, Limits::default(), guides, calls)
    }

    /// The same, of whose calls `interceptor` learns.
    pub fn with_interceptor(self, interceptor: SharedInterceptor) -> Self {
        let config = self.client.config().to_builder().interceptor(interceptor).build();
        Self { client: Client::from_conf(config), ..self }
    }

    async fn answered(&self, message: &Message, history: &[Exchange]) -> Result<String, Error> {
        let conversation = answer::Conversation::new(message, history);
        let passages = conversation.passages(&self.guides);
        // A model that was given nothing has only what it makes up.
        if passages.is_empty() {
            return Ok(NO_ANSWER.to_owned());
        }
        let asked = Asked {
            system: answer::instructions(),
            turns: conversation.turns(&passages),
            max_tokens: self.limits.answer_tokens,
            tools: None,
        };
        Ok(answer::read(&self.ask(asked).await?)?)
    }

    async fn interpreted(&self, question: &Question, log: Log, now: Timestamp) -> Result<Interpretation, Error> {
        let question = text::plain(question.as_str());
        if question.trim().is_empty() {
            return Ok(Err(Refusal::Nothing));
        }
        let asked = Asked {
            system: language::instructions(log, now, &self.interpreter),
            turns: vec![(vec![text::marked("question", &question)], None)],
            max_tokens: self.limits.search_tokens,
            tools: Some(interpret::tools()?),
        };
        Ok(interpret::read(&self.ask(asked).await?, log, now))
    }
}

impl Answerer for Bedrock {
    fn answer<'a>(&'a self, message: &'a Message, history: &'a [Exchange]) -> Answering<'a, String> {
        Box::pin(self.answered(message, history))
    }

    fn interpret<'a>(&'a self, question: &'a Question, log: Log, now: Timestamp) -> Answering<'a, Interpretation> {
        Box::pin(self.interpreted(question, log, now))
    }
}

impl fmt::Debug for Bedrock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bedrock").field("model", &self.model).field("limits", &self.limits).finish_non_exhaustive()
    }
}
