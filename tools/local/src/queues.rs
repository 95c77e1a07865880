//! What Lambda's event sources do on AWS: receives messages, calls the function, deletes what it did not give back.

use std::time::Duration;

use anyhow::Context as _;
use aws_config::SdkConfig;
use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use aws_sdk_sqs::types::Message;

/// How long a receive waits for a message, in seconds. The local AWS ends only when those that wait have: a longer one would
/// be felt at the end of each `./dev protect`.
const WAIT: i32 = 1;
/// A pause after a failure of the queue itself.
const PAUSE: Duration = Duration::from_secs(1);

/// A poller of one queue.
#[derive(Clone, Debug)]
pub struct Poller {
    client: aws_sdk_sqs::Client,
    url: String,
    batch: i32,
}

impl Poller {
    /// Polls `url` for up to `batch` messages at a time.
    pub fn new(config: &SdkConfig, url: &str, batch: i32) -> Self {
        Self { client: aws_sdk_sqs::Client::new(config), url: url.to_owned(), batch }
    }

    /// Feeds `function` for ever.
    pub async fn run<Answer: Future<Output = SqsBatchResponse>>(self, function: impl Fn(SqsEvent) -> Answer) {
        loop {
            if let Err(error) = self.poll(&function, WAIT).await {
                tracing::warn!(%error, queue = self.url, "could not poll");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }

    /// Receives once, waiting up to `wait` seconds, and returns how many messages there were.
    pub async fn poll<Answer: Future<Output = SqsBatchResponse>>(
        &self,
        function: impl Fn(SqsEvent) -> Answer,
        wait: i32,
    ) -> anyhow::Result<usize> {
        let request = self.client.receive_message().queue_url(&self.url).max_number_of_messages(self.batch);
        let messages = request.wait_time_seconds(wait).send().await?.messages.unwrap_or_default();
        if messages.is_empty() {
            return Ok(0);
        }
        let mut event = SqsEvent::default();
        event.records = messages.iter().map(|message| record(message, &self.url)).collect();
        let given_back: Vec<String> =
            function(event).await.batch_item_failures.into_iter().map(|failure| failure.item_identifier).collect();
        for message in &messages {
            if !given_back.iter().any(|id| message.message_id.as_ref() == Some(id)) {
                let receipt = message.receipt_handle.as_ref().context("a message without a receipt")?;
                self.client.delete_message().queue_url(&self.url).receipt_handle(receipt).send().await?;
            }
        }
        Ok(messages.len())
    }
}

fn record(message: &Message, url: &str) -> SqsMessage {
    let mut record = SqsMessage::default();
    record.message_id = message.message_id.clone();
    record.receipt_handle = message.receipt_handle.clone();
    record.body = message.body.clone();
    let queue = url.rsplit('/').next().unwrap_or_default();
    record.event_source_arn = Some(format!("arn:aws:sqs:us-east-1:000000000000:{queue}"));
    record
}
