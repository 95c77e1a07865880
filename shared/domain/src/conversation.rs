//! What somebody asks the assistant, and what it answered (page 003, "Tego Assistant").

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::id::uuid_id;

/// Characters of a message at most (page 003).
pub const MAX_LENGTH: usize = 2000;
/// Messages of a history at most, questions and answers together (contracts).
pub const MOST_MESSAGES: usize = 100;
/// Exchanges of a history at most: each is two messages.
pub const MOST_EXCHANGES: usize = MOST_MESSAGES / 2;
/// Seconds for which an exchange is kept (contracts: one day).
pub const KEPT_SECONDS: i64 = 24 * 3600;

uuid_id!(
    /// Names a question, of the assistant or of AI Search, within its tenant.
    ExchangeId,
    "exchange_id",
    "Invalid exchange ID"
);

/// A message that is neither empty nor too long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message(String);

impl Message {
    /// Reads the field `message` of the request.
    ///
    /// # Errors
    /// Naming the field, where it is empty or has more than 2000 characters.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if text.trim().is_empty() {
            return Err(Error::invalid("message", "Message is missing"));
        }
        if text.chars().count() > MAX_LENGTH {
            return Err(Error::invalid("message", "Message must be 2000 characters or less"));
        }
        Ok(Self(text.to_owned()))
    }

    /// The text, as it came.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What somebody asks in a tenant is one conversation until they clear it; then another one begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conversation {
    /// How often it was cleared.
    pub revision: u64,
}

/// A question and its answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchange {
    /// Names it: later ones sort behind earlier ones.
    pub id: ExchangeId,
    /// The conversation that it belongs to.
    pub conversation: Conversation,
    /// What was asked.
    pub question: String,
    /// What the assistant answered.
    pub answer: String,
    /// When it was asked, Unix seconds.
    pub asked_at: i64,
}

impl Exchange {
    /// When it is forgotten, Unix seconds.
    pub const fn expires_at(&self) -> i64 {
        self.asked_at.saturating_add(KEPT_SECONDS)
    }

    /// Whether it may be shown in the conversation that goes on, whatever is still stored.
    pub fn is_shown(&self, conversation: Conversation, now: Timestamp) -> bool {
        self.conversation == conversation && now.as_second() < self.expires_at()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::at;

    #[test]
    fn a_message_has_one_to_2000_characters() {
        let at_fault = |text: &str| match Message::parse(text) {
            Err(Error::Invalid { field, message }) => format!("{field}: {message}"),
            other => panic!("{text}: {other:?}"),
        };
        assert_eq!(at_fault(""), "message: Message is missing");
        assert_eq!(at_fault(" \n\u{a0}"), "message: Message is missing");
        assert_eq!(at_fault(&"ä".repeat(MAX_LENGTH + 1)), "message: Message must be 2000 characters or less");
        assert_eq!(Message::parse(&"ä".repeat(MAX_LENGTH)).unwrap().as_str().chars().count(), MAX_LENGTH);
    }

    #[test]
    fn an_exchange_is_kept_for_exactly_a_day() {
        let exchange = Exchange {
            id: "01970000-0000-7000-8000-000000000001".parse().unwrap(),
            conversation: Conversation::default(),
            question: "q".into(),
            answer: "a".into(),
            asked_at: 1000,
        };
        assert!(exchange.is_shown(Conversation::default(), at(1000 + 86_399)));
        assert!(!exchange.is_shown(Conversation::default(), at(1000 + 86_400)));
        assert!(!exchange.is_shown(Conversation { revision: 1 }, at(1000)));
    }
}
