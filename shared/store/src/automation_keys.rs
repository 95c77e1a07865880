//! Automation keys, read by their id on every request: a disabled key is refused at once.

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use domain::credential::{ApiTokenId, AutomationKeyId, PepperVersion, SecretHash};
use domain::error::Error;
use domain::id::TenantId;
use domain::roster::MOST_KEYS;
use domain::tenant::Tenant;
use serde::{Deserialize, Serialize};
use serde_dynamo::aws_sdk_dynamodb_1::to_attribute_value;

use crate::Store;
use crate::changes::{Actions, Part, only, updated};
use crate::error::unreadable;
use crate::keys::ItemKey;
use crate::table::{number, read_item, string};

/// Seconds within which a key's last use is written once.
pub const LAST_USED_SECONDS: i64 = 60;

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
    /// When it was last used, Unix seconds, to about a minute.
    #[serde(default)]
    pub last_used: Option<i64>,
}

impl Store {
    /// The key, if there is one.
    pub async fn automation_key(&self, id: &AutomationKeyId) -> Result<Option<AutomationKeyRecord>, Error> {
        self.read(ItemKey::AutomationKey(id)).await
    }

    /// Creates or replaces a key, past every rule: for tools.
    pub async fn put_automation_key(&self, record: &AutomationKeyRecord) -> Result<(), Error> {
        self.write(ItemKey::AutomationKey(&record.key_id), record).await
    }

    /// The keys of a tenant, in the order of their ids.
    pub async fn automation_keys(&self, tenant: &TenantId) -> Result<Vec<AutomationKeyRecord>, Error> {
        let ids = self.roster(tenant).await?.keys;
        let items = self.read_all(ids.iter().map(ItemKey::AutomationKey).collect()).await?;
        items.into_iter().flatten().map(read_item).collect()
    }

    pub(crate) fn create_automation_key(&self, tenant: &Tenant, key: &AutomationKeyRecord) -> Result<Actions, Error> {
        let roster = self
            .update(&ItemKey::Roster(&tenant.id))
            .update_expression("ADD #keys :ids")
            .condition_expression("attribute_not_exists(#keys) OR size(#keys) < :most")
            .expression_attribute_names("#keys", "keys")
            .expression_attribute_values(":ids", only(&key.key_id))
            .expression_attribute_values(":most", number(MOST_KEYS));
        Ok(vec![
            (Part::Roster, updated(roster)?),
            (Part::Subject, self.create(&ItemKey::AutomationKey(&key.key_id), key, [])?),
        ])
    }

    pub(crate) fn toggle_automation_key(
        &self,
        tenant: &Tenant,
        id: &AutomationKeyId,
        enabled: bool,
    ) -> Result<Actions, Error> {
        let subject = self.own_key(tenant, id).update_expression("SET enabled = :enabled");
        let subject = subject.expression_attribute_values(":enabled", AttributeValue::Bool(enabled));
        Ok(vec![(Part::Subject, updated(subject)?)])
    }

    pub(crate) fn delete_automation_key(&self, tenant: &Tenant, id: &AutomationKeyId) -> Result<Actions, Error> {
        let roster = self
            .update(&ItemKey::Roster(&tenant.id))
            .update_expression("DELETE #keys :ids")
            .condition_expression("contains(#keys, :id)")
            .expression_attribute_names("#keys", "keys")
            .expression_attribute_values(":id", string(id.as_str()))
            .expression_attribute_values(":ids", only(id));
        Ok(vec![(Part::Subject, updated(roster)?), (Part::Subject, self.remove(&ItemKey::AutomationKey(id))?)])
    }

    /// Notes that a key was used, unless that was noted within the last minute.
    pub async fn note_use(&self, id: &AutomationKeyId, now: i64) -> Result<(), Error> {
        let key = ItemKey::AutomationKey(id);
        let update = self
            .update(&key)
            .update_expression("SET last_used = :now")
            .condition_expression("attribute_exists(pk) AND (NOT last_used > :before)")
            .expression_attribute_values(":now", number(now))
            .expression_attribute_values(":before", number(now - LAST_USED_SECONDS));
        self.update_if(update).await.map(drop)
    }

    /// Replaces a key's hash by one under another pepper, unless somebody else changed the hash meanwhile.
    pub async fn replace_key_hash(
        &self,
        id: &AutomationKeyId,
        before: SecretHash,
        after: (SecretHash, &PepperVersion),
    ) -> Result<(), Error> {
        self.replace_hash(&ItemKey::AutomationKey(id), before, after).await
    }

    /// As [`Self::replace_key_hash`], of a token.
    pub async fn replace_token_hash(
        &self,
        id: &ApiTokenId,
        before: SecretHash,
        after: (SecretHash, &PepperVersion),
    ) -> Result<(), Error> {
        self.replace_hash(&ItemKey::ApiToken(id), before, after).await
    }

    async fn replace_hash(
        &self,
        key: &ItemKey<'_>,
        before: SecretHash,
        (after, version): (SecretHash, &PepperVersion),
    ) -> Result<(), Error> {
        let value =
            |hash: SecretHash| to_attribute_value(hash).map_err(|error| unreadable("a hash to be written", error));
        let update = self
            .update(key)
            .update_expression("SET secret_hash = :hash, pepper_version = :version")
            .condition_expression("secret_hash = :before")
            .expression_attribute_values(":hash", value(after)?)
            .expression_attribute_values(":version", string(version.as_str()))
            .expression_attribute_values(":before", value(before)?);
        self.update_if(update).await.map(drop)
    }

    fn own_key(&self, tenant: &Tenant, id: &AutomationKeyId) -> UpdateBuilder {
        self.update(&ItemKey::AutomationKey(id))
            .condition_expression("tenant = :tenant")
            .expression_attribute_values(":tenant", string(tenant.id.as_str()))
    }
}
