//! Signs a finished build again (contracts, "Applications and builds"): a build of its own, whose package is the output of the other.

use domain::error::Error;
use domain::id::{JobId, SigningKeyId};
use domain::job::{Job, State};
use domain::tenant::SigningKeyChoice;
use domain::upload_request::choose_key;

use crate::access::Caller;
use crate::admission::Terms;
use crate::changing::{Answered, IdempotentRequest};
use crate::status::not_completed;
use crate::{Service, visible};

impl Service {
    /// Queues a build that signs the output of `finished` with another key, and returns its job.
    pub async fn sign_again(
        &self,
        caller: &Caller,
        finished: JobId,
        choice: &SigningKeyChoice,
        idempotent: Option<IdempotentRequest>,
    ) -> Result<Answered<Job>, Error> {
        let (requester, tenant) = (&caller.requester(), &caller.tenant);
        if let Some(earlier) = self.earlier_job(requester, idempotent.as_ref()).await? {
            return self.repeat(tenant, earlier, idempotent.as_ref()).await;
        }
        let (finished, _) = visible(self.store.job(&tenant.id, finished).await?)?;
        let State::Completed { output } = &finished.state else { return Err(not_completed(&finished)) };
        let key = &self.signing_key_for(caller, &finished, choice).await?;
        let upload = self.store.head_output(&finished, output).await?;
        let upload = &upload.ok_or(Error::NotFound("The build's output is no longer in storage"))?;
        let (tenant, ledger) = tokio::try_join!(self.readmit(caller), self.store.ledger(&tenant.id))?;
        let terms = Terms { caller: requester, tenant, record: idempotent };
        let finished = &finished;
        let make = async |id| {
            let owner = (requester.tenant.clone(), requester.name.clone());
            Ok(Job::signing_again(owner, id, finished, (output, upload.clone()), key.clone()))
        };
        let admitted = self.admit(terms, ledger, make).await?;
        let job = &admitted.value;
        // Where this fails, the reconciler does it.
        if let Err(error) = self.store.send_wakeup(&job.tenant, job.id).await {
            tracing::warn!(build.id = %job.id, error = error.with_causes(), "a wake-up is left to the reconciler");
        }
        Ok(admitted)
    }

    /// The key that signs: there has to be one.
    async fn signing_key_for(
        &self,
        caller: &Caller,
        build: &Job,
        choice: &SigningKeyChoice,
    ) -> Result<SigningKeyId, Error> {
        let found = self.named_key_platform(&caller.tenant.id, choice).await?;
        choose_key(choice, build.platform, &caller.tenant, found)?.ok_or_else(|| {
            let message = match choice {
                SigningKeyChoice::Unsigned => "Signing again takes a signing key, not none",
                _ => "There is no default signing key for this platform: name one",
            };
            Error::invalid("signing_key_id", message)
        })
    }
}
