//! Cancels a build.

use domain::access::Effect;
use domain::error::Error;
use domain::id::JobId;
use domain::job::Event;

use crate::completion::already_ended;
use crate::requester::Requester;
use crate::transition::Outcome;
use crate::{Service, visible};

impl Service {
    /// Ends a build that has not ended. Its worker notices within a second or two, or when it wants to finish.
    pub async fn cancel(&self, caller: &Requester, id: JobId) -> Result<(), Error> {
        let (tenant, job) = tokio::try_join!(self.store.tenant(&caller.tenant), self.store.job(&caller.tenant, id))?;
        caller.admit(tenant, Effect::Change)?;
        let (job, _) = visible(job)?;
        match self.carry_out_trailed(job, Some(&caller.trail), |_| Ok(Event::Cancel)).await? {
            Outcome::Done(job) => {
                self.try_to_tidy(job).await;
                Ok(())
            }
            Outcome::Refused(..) | Outcome::NoRoom(..) => Err(already_ended()),
        }
    }
}
