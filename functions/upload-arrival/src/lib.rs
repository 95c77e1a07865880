//! Notifications of the uploads bucket, by way of a queue: each object that arrives is pinned and queued.

use aws_lambda_events::s3::S3Event;
use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use domain::error::Error;
use service::Service;

/// Handles each message by itself: one that fails comes back alone.
pub async fn handle(service: &Service, event: SqsEvent) -> SqsBatchResponse {
    let mut response = SqsBatchResponse::default();
    for message in event.records {
        let id = message.message_id.clone().unwrap_or_default();
        if let Err(error) = notice(service, &message).await {
            tracing::warn!(message.id = id, error = error.with_causes(), "the notification comes back");
            response.add_failure(id);
        }
    }
    response
}

async fn notice(service: &Service, message: &SqsMessage) -> Result<(), Error> {
    let body = message.body.as_deref().unwrap_or_default();
    let value: serde_json::Value = serde_json::from_str(body).map_err(Error::internal)?;
    // S3 sends this once, when the notification is configured.
    if value["Event"] == "s3:TestEvent" {
        return Ok(());
    }
    let event: S3Event = serde_json::from_value(value).map_err(Error::internal)?;
    for record in event.records {
        let key = record.s3.object.key.unwrap_or_default();
        match store::read_upload_key(&key) {
            Some(path) => service.notice_upload(&path).await?,
            // Nobody but the owner of the bucket can put such an object; nothing waits for it.
            None => tracing::warn!("an object that is no upload"),
        }
    }
    Ok(())
}
