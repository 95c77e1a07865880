//! The build queue. Its messages only wake a worker; what is to be done stands in the job.

use domain::error::Error;
use domain::id::{JobId, TenantId};
use serde::{Deserialize, Serialize};

use crate::Store;
use crate::error::failed;

/// The longest visibility that SQS takes, in seconds.
const MAX_VISIBILITY_SECONDS: i64 = 12 * 3600;

/// The body of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wakeup {
    /// Format, 1.
    pub v: u8,
    /// Whose job.
    pub tenant: TenantId,
    /// Which job.
    pub job: JobId,
}

impl Store {
    /// Wakes a worker for a job. The message group is the tenant, so that one tenant cannot starve the others.
    pub async fn send_wakeup(&self, tenant: &TenantId, job: JobId) -> Result<(), Error> {
        let body = serde_json::to_string(&Wakeup { v: 1, tenant: tenant.clone(), job }).map_err(Error::internal)?;
        let request = self.clients.sqs.send_message().queue_url(&self.names.build_queue_url);
        request.message_body(body).message_group_id(tenant.as_str()).send().await.map_err(failed("SendMessage"))?;
        Ok(())
    }

    /// Makes a received message come back after `seconds`.
    pub async fn postpone_wakeup(&self, receipt: &str, seconds: i64) -> Result<(), Error> {
        let seconds = i32::try_from(seconds.clamp(0, MAX_VISIBILITY_SECONDS)).unwrap_or(0);
        let request = self.clients.sqs.change_message_visibility().queue_url(&self.names.build_queue_url);
        let request = request.receipt_handle(receipt).visibility_timeout(seconds);
        request.send().await.map_err(failed("ChangeMessageVisibility"))?;
        Ok(())
    }
}
