//! One question to the model, with its tries.

use aws_sdk_bedrockruntime::config::http::HttpResponse;
use aws_sdk_bedrockruntime::error::{BuildError, DisplayErrorContext, ProvideErrorMetadata as _, SdkError};
use aws_sdk_bedrockruntime::operation::RequestId as _;
use aws_sdk_bedrockruntime::operation::converse::{ConverseError, ConverseOutput};
use aws_sdk_bedrockruntime::types::{
    ContentBlock, ConversationRole, InferenceConfiguration, Message, SystemContentBlock, ToolConfiguration,
};
use domain::error::Error;

use crate::client::Bedrock;
use crate::text::cut;

/// Characters of what Bedrock says of an error, and of a code.
const MOST_TOLD: usize = 300;
const MOST_CODE: usize = 64;

/// What a user said, and the answer to it; none for what is asked now.
pub(crate) type Turn = (Vec<String>, Option<String>);

/// What is asked.
pub(crate) struct Asked {
    pub(crate) system: String,
    pub(crate) turns: Vec<Turn>,
    pub(crate) max_tokens: i32,
    pub(crate) tools: Option<ToolConfiguration>,
}

/// Why there is no answer. Says nothing of what was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("the request could not be made")]
    Request(#[from] BuildError),
    #[error("the request could not be sent: {0}")]
    Unreachable(String),
    #[error("Bedrock did not answer in time")]
    Late,
    #[error("Bedrock answered {code} (status {status}, request {request_id}): {told}")]
    Refused { code: String, status: u16, request_id: String, told: String },
    #[error("the answer could not be read (status {0})")]
    Unreadable(u16),
    #[error("the answer has no text: the model ended with {0}")]
    Empty(String),
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        Self::Unavailable {
            code: "assistant_unavailable",
            message: "The assistant cannot answer at the moment. This does not count; try again.",
            retry_after: 10,
            source: failure.into(),
        }
    }
}

impl Bedrock {
    /// Asks, at most as often and as long as the limits say.
    pub(crate) async fn ask(&self, asked: Asked) -> Result<ConverseOutput, Failure> {
        let inference =
            InferenceConfiguration::builder().max_tokens(asked.max_tokens).set_temperature(self.limits.temperature);
        let request = self
            .client
            .converse()
            .model_id(self.model.as_str())
            .system(SystemContentBlock::Text(asked.system))
            .set_messages(Some(messages(asked.turns)?))
            .inference_config(inference.build())
            .set_tool_config(asked.tools);
        let output = request.send().await.map_err(|error| failure(&error))?;
        let usage = output.usage();
        tracing::info!(
            assistant.model = %self.model,
            assistant.input_tokens = usage.map(|usage| usage.input_tokens()),
            assistant.output_tokens = usage.map(|usage| usage.output_tokens()),
            assistant.stop_reason = cut(output.stop_reason().as_str(), MOST_CODE, ""),
            "the model answered"
        );
        // The SDK puts an unknown output in the place of a missing one.
        let is_message = output.output().is_some_and(|output| output.is_message());
        if is_message { Ok(output) } else { Err(Failure::Unreadable(200)) }
    }
}

fn messages(turns: Vec<Turn>) -> Result<Vec<Message>, BuildError> {
    let message = |role, texts: Vec<String>| {
        let blocks = texts.into_iter().map(ContentBlock::Text).collect();
        Message::builder().role(role).set_content(Some(blocks)).build()
    };
    let mut messages = Vec::new();
    for (said, answered) in turns {
        messages.push(message(ConversationRole::User, said)?);
        if let Some(answered) = answered {
            messages.push(message(ConversationRole::Assistant, vec![answered])?);
        }
    }
    Ok(messages)
}

fn failure(error: &SdkError<ConverseError, HttpResponse>) -> Failure {
    match error {
        SdkError::TimeoutError(_) => Failure::Late,
        SdkError::ResponseError(broken) => Failure::Unreadable(broken.raw().status().as_u16()),
        SdkError::ServiceError(refused) if refused.raw().status().is_success() => {
            Failure::Unreadable(refused.raw().status().as_u16())
        }
        SdkError::ServiceError(refused) => refusal(refused.err(), refused.raw().status().as_u16()),
        other => Failure::Unreachable(cut(&DisplayErrorContext(other).to_string(), MOST_TOLD, "…")),
    }
}

/// What Bedrock says of a request that it finds wrong may repeat what was asked: only what concerns rights and names is told.
fn refusal(error: &ConverseError, status: u16) -> Failure {
    let is_told = error.is_access_denied_exception() || error.is_resource_not_found_exception();
    let told = error.message().filter(|_| is_told).unwrap_or("not told");
    Failure::Refused {
        code: cut(error.code().unwrap_or("without a type"), MOST_CODE, "…"),
        status,
        request_id: cut(error.request_id().unwrap_or("unknown"), MOST_CODE, "…"),
        told: cut(told, MOST_TOLD, "…"),
    }
}
