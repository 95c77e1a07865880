//! Who calls the Automation API.

use domain::credential::{
    ApiToken, AutomationKey, AutomationKeyId, Credential, Kind, Pepper, PepperVersion, SecretHash,
};
use domain::error::Error;
use domain::id::TenantId;
use store::api_tokens::ApiTokenRecord;
use store::automation_keys::{AutomationKeyRecord, LAST_USED_SECONDS};

use crate::Service;
use crate::audit::Trail;
use crate::requester::Requester;

impl Service {
    /// Reads an `Authorization` header. Every refusal makes the same reads and the same computation as a plan without
    /// automation, so that nothing can be learnt from the time it takes.
    /// `begin` makes the trail of the call, once it is known whose it is. The tenant's plan is checked by each use case, with the
    /// reads that it makes anyway.
    pub async fn authenticate(
        &self,
        header: Option<&str>,
        begin: impl FnOnce(&TenantId, &AutomationKeyId) -> Trail,
    ) -> Result<Requester, Error> {
        let presented = header.and_then(AutomationKey::from_header);
        let nobody = AutomationKey::nobody();
        let key = presented.as_ref().unwrap_or(&nobody);
        // Only a process's first request waits for the pepper.
        let (record, _) = tokio::try_join!(self.store.automation_key(&key.id), self.store.pepper())?;
        let (hash, version) = record
            .as_ref()
            .map_or((SecretHash::NONE, None), |record| (record.secret_hash, record.pepper_version.as_ref()));
        let genuine = self.is_genuine(key, hash, version).await? && presented.is_some();
        match record {
            Some(record) if genuine && record.enabled => {
                tokio::join!(self.renew_key_hash(key, &record), self.note_use(&record));
                let trail = begin(&record.tenant, &record.key_id);
                Ok(Requester::of_key(record.tenant, &record.key_id, trail))
            }
            _ => {
                self.store.tenant(&TenantId::from_bits(0)).await?;
                Err(Error::Unauthenticated)
            }
        }
    }

    /// Whether a pair is the one whose hash, under this version of the pepper or the one in force, was kept.
    pub(crate) async fn is_genuine<K: Kind>(
        &self,
        pair: &Credential<K>,
        hash: SecretHash,
        version: Option<&PepperVersion>,
    ) -> Result<bool, Error> {
        let pepper = match version {
            Some(version) => self.store.pepper_of(version).await?,
            None => Some(self.store.pepper().await?),
        };
        Ok(pepper.is_some_and(|pepper| hash.matches(pair, &pepper)))
    }

    async fn renew_key_hash(&self, key: &AutomationKey, record: &AutomationKeyRecord) {
        let renewed = async {
            let Some(pepper) = self.newer_pepper(record.pepper_version.as_ref()).await? else { return Ok(()) };
            let after = (key.hash(&pepper), pepper.version());
            self.store.replace_key_hash(&record.key_id, record.secret_hash, after).await
        };
        log_failure(renewed.await, &record.key_id, "the hash could not be renewed");
    }

    pub(crate) async fn renew_token_hash(&self, token: &ApiToken, record: &ApiTokenRecord) {
        let renewed = async {
            let Some(pepper) = self.newer_pepper(Some(&record.pepper_version)).await? else { return Ok(()) };
            let after = (token.hash(&pepper), pepper.version());
            self.store.replace_token_hash(&record.token_key, record.secret_hash, after).await
        };
        log_failure(renewed.await, &record.token_key, "the hash could not be renewed");
    }

    /// The pepper under which a genuine pair is to be brought, if it is not there yet. Where that fails, its next use
    /// does it.
    async fn newer_pepper(&self, version: Option<&PepperVersion>) -> Result<Option<Pepper>, Error> {
        let pepper = self.store.pepper().await?;
        Ok((version != Some(pepper.version())).then_some(pepper))
    }

    /// Notes that a key is used, once a minute.
    async fn note_use(&self, record: &AutomationKeyRecord) {
        let now = self.clock.now().as_second();
        if record.last_used.is_none_or(|last| last + LAST_USED_SECONDS <= now) {
            let noted = self.store.note_use(&record.key_id, now).await;
            log_failure(noted, &record.key_id, "the use of a key could not be noted");
        }
    }
}

fn log_failure(done: Result<(), Error>, id: &impl std::fmt::Display, message: &'static str) {
    if let Err(error) = done {
        tracing::warn!(error = error.with_causes(), key_id = %id, "{message}");
    }
}
