//! Notifications of the uploads bucket, by way of a queue: each object that arrives is pinned and queued.

use aws_lambda_events::s3::S3Event;
use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use domain::error::Error;
use service::Service;
use tracing::field::{Empty, display};
use tracing::{Instrument as _, Span, info_span};

/// Handles each message by itself: one that fails comes back alone.
pub async fn handle(service: &Service, event: SqsEvent) -> SqsBatchResponse {
    let mut response = SqsBatchResponse::default();
    for message in event.records {
        let id = message.message_id.clone().unwrap_or_default();
        let span = info_span!("notification", message.id = id, tenant.id = Empty, build.id = Empty);
        if !take(service, &message).instrument(span).await {
            response.add_failure(id);
        }
    }
    response
}

/// Whether the message is done with.
async fn take(service: &Service, message: &SqsMessage) -> bool {
    let noticed = notice(service, message).await;
    if let Err(error) = &noticed {
        tracing::warn!(error = error.with_causes(), "the notification comes back");
    }
    noticed.is_ok()
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
            Some(path) => {
                Span::current().record("tenant.id", display(&path.tenant)).record("build.id", display(path.job));
                service.notice_upload(&path).await?;
            }
            // Nobody but the owner of the bucket can put such an object; nothing waits for it.
            None => tracing::warn!("an object that is no upload"),
        }
    }
    Ok(())
}
