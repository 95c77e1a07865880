//! What can come of a call instead of its answer.

use std::fmt;
use std::time::Duration;

use http::StatusCode;
use serde::Deserialize;

/// What can come of a call instead of its answer. Nothing in it, `Debug` included, shows the secret key.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Stripe does not do this: trying again the same way would not help.
    #[error("Stripe refused: {0}")]
    Refused(Box<Refusal>),
    /// Stripe could not be reached, was too busy or failed, up to the last try or the deadline. What was asked may have
    /// happened all the same: ask again with the same idempotency key.
    #[error("Stripe gave no answer in {tries} tries")]
    Unavailable {
        /// How often it was tried.
        tries: u32,
        /// How long Stripe asked to be left alone, where it did.
        retry_after: Option<Duration>,
        /// What came of the last try.
        #[source]
        last: Trouble,
    },
    /// Stripe answered, perhaps having done it, and the answer is not what it should be.
    #[error("Stripe's answer cannot be read")]
    Unreadable(#[source] Unreadable),
}

/// What Stripe says where it refuses (Stripe's documentation, errors).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// `invalid_request_error`, `card_error`, `idempotency_error`; Stripe's `type`.
    pub kind: Option<String>,
    /// `resource_missing`, `card_declined` and their like.
    pub code: Option<String>,
    /// Why the bank declined, with `card_declined`.
    pub decline_code: Option<String>,
    /// The parameter that it is about.
    pub param: Option<String>,
    /// For engineers. Only that of a `card_error` may be shown to people.
    pub message: Option<String>,
    /// Names the call for Stripe's support.
    pub request_id: Option<String>,
}

/// Why a try gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// No connection, a broken one, or none in time.
    #[error("the connection failed")]
    Connection(#[source] reqwest::Error),
    /// An answer that says to come later.
    #[error("Stripe answered {status} (code {code:?}, request {request_id:?})")]
    Status {
        /// The HTTP status.
        status: u16,
        /// `lock_timeout`, `rate_limit` and their like.
        code: Option<String>,
        /// Names the call for Stripe's support.
        request_id: Option<String>,
    },
    /// The deadline passed before the try.
    #[error("the deadline passed")]
    Late,
}

/// What is wrong with an answer.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// Longer than any answer to what is asked here.
    #[error("it has more than {0} bytes")]
    TooLong(usize),
    /// Not the JSON that was expected.
    #[error("it is not the JSON that was expected")]
    Json(#[source] serde_json::Error),
    /// JSON that does not belong together.
    #[error("{0}")]
    Content(&'static str),
}

#[derive(Deserialize)]
struct Envelope {
    error: Body,
}

#[derive(Default, Deserialize)]
#[serde(rename = "error", default)]
pub(crate) struct Body {
    r#type: Option<String>,
    code: Option<String>,
    decline_code: Option<String>,
    param: Option<String>,
    message: Option<String>,
}

impl Error {
    /// Whether Stripe does not know what was named: deleted, of another account, or never there.
    pub fn is_missing(&self) -> bool {
        self.refusal().is_some_and(|refusal| refusal.code.as_deref() == Some("resource_missing"))
    }

    /// Whether the customer's bank or card said no; the refusal's message is for the customer.
    pub fn is_declined(&self) -> bool {
        self.refusal().is_some_and(|refusal| refusal.kind.as_deref() == Some("card_error"))
    }

    /// What Stripe said, where it refused.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            Self::Unavailable { .. } | Self::Unreadable(_) => None,
        }
    }

    pub(crate) const fn content(what: &'static str) -> Self {
        Self::Unreadable(Unreadable::Content(what))
    }
}

impl Refusal {
    /// A body that is not Stripe's, a proxy's perhaps, leaves only the status.
    pub(crate) fn read(status: StatusCode, request_id: Option<String>, body: &[u8], secret: &str) -> Self {
        let said = serde_json::from_slice::<Envelope>(body).map(|envelope| envelope.error).unwrap_or_default();
        let hide = |text: Option<String>| text.map(|text| text.replace(secret, "[secret key]"));
        Self {
            status: status.as_u16(),
            kind: hide(said.r#type),
            code: hide(said.code),
            decline_code: hide(said.decline_code),
            param: hide(said.param),
            message: hide(said.message),
            request_id,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "status {}", self.status)?;
        let parts = [
            ("type", &self.kind),
            ("code", &self.code),
            ("decline code", &self.decline_code),
            ("parameter", &self.param),
            ("request", &self.request_id),
            ("message", &self.message),
        ];
        for (name, part) in parts {
            if let Some(part) = part {
                write!(f, ", {name} {part}")?;
            }
        }
        Ok(())
    }
}
