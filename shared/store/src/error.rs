//! Failures of AWS calls, as the domain's one error.

use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use domain::error::Error;

/// A call that failed: which one, and what the service said. Never what was sent.
#[derive(Debug, thiserror::Error)]
#[error("{operation} failed: {reason}")]
pub struct Failed {
    operation: &'static str,
    reason: String,
}

/// Wraps what `operation` answered.
pub(crate) fn failed<E, R>(operation: &'static str) -> impl FnOnce(SdkError<E, R>) -> Error
where
    E: ProvideErrorMetadata,
{
    move |error| {
        let reason = match &error {
            SdkError::ServiceError(answer) => {
                let (code, message) = (answer.err().code(), answer.err().message());
                format!("{} {}", code.unwrap_or("no code"), message.unwrap_or_default())
            }
            SdkError::TimeoutError(_) => "timed out".to_owned(),
            SdkError::DispatchFailure(_) => "could not be sent".to_owned(),
            SdkError::ResponseError(_) => "the answer could not be read".to_owned(),
            _ => "could not be made".to_owned(),
        };
        Error::internal(Failed { operation, reason })
    }
}

/// A stored item that does not read back.
pub(crate) fn unreadable(what: &'static str, error: impl std::fmt::Display) -> Error {
    Error::internal(Failed { operation: what, reason: error.to_string() })
}

impl Failed {
    /// A transaction that lost against others too often.
    pub(crate) fn contended(operation: &'static str) -> Self {
        Self { operation, reason: "lost against other transactions too often".to_owned() }
    }
}
