//! Who calls the Automation API.

use domain::credential::{AutomationKey, AutomationKeyId, Pepper, SecretHash};
use domain::error::Error;
use domain::id::TenantId;

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
    pub async fn authenticate(&self, header: Option<&str>, pepper: &Pepper) -> Result<AutomationCaller, Error> {
        let presented = header.and_then(AutomationKey::from_header);
        let nobody = AutomationKey::nobody();
        let key = presented.as_ref().unwrap_or(&nobody);
        let record = self.store.automation_key(&key.id).await?;
        let hash = record.as_ref().map_or(SecretHash::NONE, |record| record.secret_hash);
        let genuine = hash.matches(key, pepper) && presented.is_some();
        match record {
            Some(record) if genuine && record.enabled => {
                Ok(AutomationCaller { tenant: record.tenant, key_id: record.key_id })
            }
            _ => {
                self.store.tenant(&TenantId::from_bits(0)).await?;
                Err(Error::Unauthenticated)
            }
        }
    }
}
