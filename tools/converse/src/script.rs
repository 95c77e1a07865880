//! What is answered, one step for each request.

use std::time::Duration;

use serde_json::{Value, json};

/// What is answered to one request.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// As a small model would that makes nothing up: the last turn's context is quoted, and a tool that has to be used is told that the
    /// question is not understood. So is whatever comes after the script.
    Faithful,
    /// A message of these content blocks.
    Message {
        /// Content blocks as Converse has them: `{"text": …}`, `{"toolUse": …}`, or anything else.
        content: Vec<Value>,
        /// Why the model ended: `end_turn`, `tool_use`, `max_tokens`, `guardrail_intervened`, …
        stop_reason: &'static str,
    },
    /// A body as it is, under status 200.
    Body {
        /// Its `Content-Type`.
        content_type: &'static str,
        /// The bytes.
        body: Vec<u8>,
    },
    /// An error as Bedrock tells it, with what it says.
    Fail(Failure, String),
    /// The step inside, so much later.
    Slow(Duration, Box<Self>),
    /// The connection is cut in place of an answer.
    CutBefore,
    /// The connection is cut in the middle of the body.
    CutWithin,
}

/// The errors of Converse, by the names of their types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Credentials that may not use the model.
    AccessDenied,
    /// Bedrock's own fault.
    InternalServer,
    /// The model failed on this request.
    ModelError,
    /// A model that is being made ready.
    ModelNotReady,
    /// The model took too long.
    ModelTimeout,
    /// There is no such model.
    ResourceNotFound,
    /// Bedrock cannot serve at the moment.
    ServiceUnavailable,
    /// Too many requests or tokens.
    Throttling,
    /// A request that Converse does not take.
    Validation,
}

impl Failure {
    /// Its status, by Bedrock's model of the service.
    pub const fn status(self) -> u16 {
        match self {
            Self::Validation => 400,
            Self::AccessDenied => 403,
            Self::ResourceNotFound => 404,
            Self::ModelTimeout => 408,
            Self::ModelError => 424,
            Self::ModelNotReady | Self::Throttling => 429,
            Self::InternalServer => 500,
            Self::ServiceUnavailable => 503,
        }
    }

    /// The type that the head names (`x-amzn-errortype`).
    pub const fn kind(self) -> &'static str {
        match self {
            Self::AccessDenied => "AccessDeniedException",
            Self::InternalServer => "InternalServerException",
            Self::ModelError => "ModelErrorException",
            Self::ModelNotReady => "ModelNotReadyException",
            Self::ModelTimeout => "ModelTimeoutException",
            Self::ResourceNotFound => "ResourceNotFoundException",
            Self::ServiceUnavailable => "ServiceUnavailableException",
            Self::Throttling => "ThrottlingException",
            Self::Validation => "ValidationException",
        }
    }
}

impl Step {
    /// A text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Message { content: vec![json!({ "text": text.into() })], stop_reason: "end_turn" }
    }

    /// The use of a tool.
    pub fn tool(name: &str, input: Value) -> Self {
        Self::Message { content: vec![tool_use(name, input)], stop_reason: "tool_use" }
    }

    /// An error.
    pub fn fail(failure: Failure) -> Self {
        Self::Fail(failure, "A failure that the script asks for".to_owned())
    }

    /// JSON as it is.
    pub fn json(body: &Value) -> Self {
        Self::Body { content_type: "application/json", body: body.to_string().into_bytes() }
    }

    /// This step, so much later.
    pub fn after(self, wait: Duration) -> Self {
        Self::Slow(wait, Box::new(self))
    }
}

/// A content block that uses a tool.
pub(crate) fn tool_use(name: &str, input: Value) -> Value {
    json!({ "toolUse": { "toolUseId": "tooluse_standin", "name": name, "input": input } })
}
