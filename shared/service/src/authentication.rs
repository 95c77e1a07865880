//! Who calls the Automation API.

use domain::credential::{AutomationKey, AutomationKeyId, SecretHash};
use domain::error::Error;
use domain::id::TenantId;
use store::automation_keys::AutomationKeyRecord;

use crate::Service;

/// The holder of a genuine, enabled automation key. The tenant's plan is checked by each use case, with the reads that
/// it makes anyway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AutomationCaller {
    /// Whose key it is.
    pub tenant: TenantId,
    /// Which key it is.
    pub key_id: AutomationKeyId,
}

impl Service {
    /// Reads an `Authorization` header. Every refusal makes the same reads and the same computation as a plan without
    /// automation, so that nothing can be learnt from the time it takes.
    pub async fn authenticate(&self, header: Option<&str>) -> Result<AutomationCaller, Error> {
        let presented = header.and_then(AutomationKey::from_header);
        let nobody = AutomationKey::nobody();
        let key = presented.as_ref().unwrap_or(&nobody);
        // Only a process's first request waits for the pepper.
        let (record, current) = tokio::try_join!(self.store.automation_key(&key.id), self.store.pepper())?;
        let hash = record.as_ref().map_or(SecretHash::NONE, |record| record.secret_hash);
        let pepper = match record.as_ref().and_then(|record| record.pepper_version.as_ref()) {
            Some(version) => self.store.pepper_of(version).await?,
            None => Some(current),
        };
        let genuine = pepper.is_some_and(|pepper| hash.matches(key, &pepper)) && presented.is_some();
        match record {
            Some(record) if genuine && record.enabled => {
                self.renew_hash(key, &record).await;
                Ok(AutomationCaller { tenant: record.tenant, key_id: record.key_id })
            }
            _ => {
                self.store.tenant(&TenantId::from_bits(0)).await?;
                Err(Error::Unauthenticated)
            }
        }
    }

    /// Brings a genuine key under the pepper in force. Where that fails, its next use does it.
    async fn renew_hash(&self, key: &AutomationKey, record: &AutomationKeyRecord) {
        let renewed = async {
            let pepper = self.store.pepper().await?;
            if record.pepper_version.as_ref() == Some(pepper.version()) {
                return Ok(());
            }
            self.store.replace_hash(record, key.hash(&pepper), pepper.version()).await
        };
        if let Err(error) = renewed.await {
            let error: Error = error;
            tracing::warn!(%error, key_id = %record.key_id, "the hash could not be renewed");
        }
    }
}
