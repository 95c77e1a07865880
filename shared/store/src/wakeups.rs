//! The queues of builds and of libraries. Their messages only wake a worker; what is to be done stands in the job or the library.

use domain::error::Error;
use domain::id::{JobId, TenantId};
use domain::library::{AppIdentifier, LibraryBuildId};
use serde::{Deserialize, Serialize};

use crate::Store;
use crate::error::failed;

/// The longest visibility that SQS takes, in seconds.
const MAX_VISIBILITY_SECONDS: i64 = 12 * 3600;

/// A queue that wakes workers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Queue {
    /// For builds of apps.
    Builds,
    /// For builds of libraries.
    Libraries,
}

/// The body of a message of the queue of builds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wakeup {
    /// Format, 1.
    pub v: u8,
    /// Whose job.
    pub tenant: TenantId,
    /// Which job.
    pub job: JobId,
}

/// The body of a message of the queue of libraries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LibraryWakeup {
    /// Format, 1.
    pub v: u8,
    /// Whose library.
    pub tenant: TenantId,
    /// Which library.
    pub app_identifier: AppIdentifier,
    /// Which build of it.
    pub build: LibraryBuildId,
}

impl Store {
    /// Wakes a worker for a job. The message group is the tenant, so that one tenant cannot starve the others.
    pub async fn send_wakeup(&self, tenant: &TenantId, job: JobId) -> Result<(), Error> {
        self.send(Queue::Builds, tenant, &Wakeup { v: 1, tenant: tenant.clone(), job }).await
    }

    /// Wakes a worker for a build of a library.
    pub async fn send_library_wakeup(&self, wakeup: &LibraryWakeup) -> Result<(), Error> {
        self.send(Queue::Libraries, &wakeup.tenant, wakeup).await
    }

    /// The queue that this ARN names.
    pub fn queue_of(&self, arn: &str) -> Queue {
        let name = |text: &str, separator| text.rsplit(separator).next().unwrap_or_default().to_owned();
        let is_libraries = !arn.is_empty() && name(arn, ':') == name(&self.names.library_queue_url, '/');
        if is_libraries { Queue::Libraries } else { Queue::Builds }
    }

    /// Makes a received message come back after `seconds`.
    pub async fn postpone_wakeup(&self, queue: Queue, receipt: &str, seconds: i64) -> Result<(), Error> {
        let seconds = i32::try_from(seconds.clamp(0, MAX_VISIBILITY_SECONDS)).unwrap_or(0);
        let request = self.clients.sqs.change_message_visibility().queue_url(self.url_of(queue));
        let request = request.receipt_handle(receipt).visibility_timeout(seconds);
        request.send().await.map_err(failed("ChangeMessageVisibility"))?;
        Ok(())
    }

    async fn send(&self, queue: Queue, tenant: &TenantId, message: &impl Serialize) -> Result<(), Error> {
        let body = serde_json::to_string(message).map_err(Error::internal)?;
        let request = self.clients.sqs.send_message().queue_url(self.url_of(queue));
        request.message_body(body).message_group_id(tenant.as_str()).send().await.map_err(failed("SendMessage"))?;
        Ok(())
    }

    fn url_of(&self, queue: Queue) -> &str {
        match queue {
            Queue::Builds => &self.names.build_queue_url,
            Queue::Libraries => &self.names.library_queue_url,
        }
    }
}
