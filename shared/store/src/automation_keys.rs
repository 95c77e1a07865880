//! Automation keys, read by their id on every request: a disabled key is refused at once.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::credential::{AutomationKeyId, PepperVersion, SecretHash};
use domain::error::Error;
use domain::id::TenantId;
use serde::{Deserialize, Serialize};
use serde_dynamo::aws_sdk_dynamodb_1::to_attribute_value;

use crate::Store;
use crate::error::{failed, unreadable};
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
    /// The pepper of the hash. `None`: the one in force.
    pub pepper_version: Option<PepperVersion>,
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

    /// Replaces a key's hash by one under another pepper, unless somebody else changed the hash meanwhile.
    pub async fn replace_hash(
        &self,
        record: &AutomationKeyRecord,
        hash: SecretHash,
        version: &PepperVersion,
    ) -> Result<(), Error> {
        let value =
            |hash: SecretHash| to_attribute_value(hash).map_err(|error| unreadable("a hash to be written", error));
        let update = self
            .clients
            .dynamodb
            .update_item()
            .table_name(&self.names.table)
            .set_key(Some(ItemKey::AutomationKey(&record.key_id).attributes()))
            .update_expression("SET secret_hash = :hash, pepper_version = :version")
            .condition_expression("secret_hash = :before")
            .expression_attribute_values(":hash", value(hash)?)
            .expression_attribute_values(":version", AttributeValue::S(version.as_str().to_owned()))
            .expression_attribute_values(":before", value(record.secret_hash)?);
        match update.send().await {
            Err(error)
                if error.as_service_error().is_some_and(UpdateItemError::is_conditional_check_failed_exception) =>
            {
                Ok(())
            }
            answer => answer.map(drop).map_err(failed("UpdateItem")),
        }
    }
}
