//! What a question may cost.

use std::time::Duration;

/// What a question may cost: time, tries and tokens.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    /// For everything that one question takes, all tries and the waits between them.
    pub total: Duration,
    /// Until a connection stands.
    pub connect: Duration,
    /// How often the model is asked at most; at least once.
    pub tries: u32,
    /// The longest wait before the second try where Bedrock throttles; doubles with each further one. Each wait is a random share of it.
    pub first_wait: Duration,
    /// Tokens of an answer at most.
    pub answer_tokens: i32,
    /// Tokens of a search at most.
    pub search_tokens: i32,
    /// From 0, which repeats itself most, to 1. Nothing for models that take none.
    pub temperature: Option<f32>,
}

impl Default for Limits {
    /// 20 s in all, three tries: API Gateway ends a request after 30 s.
    fn default() -> Self {
        Self {
            total: Duration::from_secs(20),
            connect: Duration::from_secs(3),
            tries: 3,
            first_wait: Duration::from_secs(1),
            answer_tokens: 1024,
            search_tokens: 512,
            temperature: Some(0.0),
        }
    }
}
