//! Automation keys, read by their id on every request: a disabled key is refused at once.

use domain::credential::{AutomationKeyId, SecretHash};
use domain::error::Error;
use domain::id::TenantId;
use serde::{Deserialize, Serialize};

use crate::Store;
use crate::keys::ItemKey;

/// What is kept of a key.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AutomationKeyRecord {
    /// Its public half.
    pub key_id: AutomationKeyId,
    /// Whose it is.
    pub tenant: TenantId,
    /// 2 to 50 characters, for people.
    pub name: String,
    /// Whether it opens anything.
    pub enabled: bool,
    /// What is kept of the secret.
    pub secret_hash: SecretHash,
    /// Unix seconds.
    pub created_at: i64,
    /// Who made it.
    pub created_by: String,
}

impl Store {
    /// The key, if there is one.
    pub async fn automation_key(&self, id: &AutomationKeyId) -> Result<Option<AutomationKeyRecord>, Error> {
        self.read(ItemKey::AutomationKey(id)).await
    }

    /// Creates or replaces a key.
    pub async fn put_automation_key(&self, record: &AutomationKeyRecord) -> Result<(), Error> {
        self.write(ItemKey::AutomationKey(&record.key_id), record).await
    }
}
