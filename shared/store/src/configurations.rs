//! Configuration documents, which never change, and the heads that point at them.

use aws_sdk_dynamodb::types::{ConditionCheck, TransactWriteItem};
use domain::configuration::{Configuration, ConfigurationHead};
use domain::error::Error;
use domain::id::{Sha256Hex, TenantId};
use domain::platform::ConfigVersion;
use domain::tenant::Tenant;

use crate::Store;
use crate::changes::{Change, Part, Record};
use crate::error::unreadable;
use crate::keys::{ArtifactKey, ItemKey};
use crate::table::number;

impl Store {
    /// What a version points at, if it was ever configured.
    pub async fn configuration_head(
        &self,
        tenant: &TenantId,
        version: ConfigVersion,
    ) -> Result<Option<ConfigurationHead>, Error> {
        self.read(ItemKey::Configuration(tenant, version)).await
    }

    /// The document that a job pinned.
    pub async fn configuration(&self, tenant: &TenantId, digest: &Sha256Hex) -> Result<Configuration, Error> {
        let bytes = self.named_object(ArtifactKey::Configuration(tenant, digest).key(), digest).await?;
        serde_json::from_slice(&bytes).map_err(|error| unreadable("a configuration", error))
    }

    /// Stores a document, which nothing points at yet; returns its name.
    pub async fn put_configuration(
        &self,
        tenant: &TenantId,
        configuration: &Configuration,
    ) -> Result<Sha256Hex, Error> {
        let (bytes, digest) = configuration.to_document()?;
        let key = ArtifactKey::Configuration(tenant, &digest).key();
        self.put_object(key, "application/json", bytes.into(), None).await?;
        Ok(digest)
    }

    /// Points a version at another document, if it still has the revision before that of `head`.
    pub async fn change_version(
        &self,
        tenant: &Tenant,
        version: ConfigVersion,
        head: &ConfigurationHead,
        record: Record<'_>,
    ) -> Result<Change, Error> {
        let actions = vec![self.tenant_unchanged(tenant)?, self.head_put(&tenant.id, version, head)?];
        self.change(actions, record).await
    }

    /// As [`Self::change_version`], if the version `from` still has the revision `seen`.
    pub async fn promote(
        &self,
        tenant: &Tenant,
        (from, seen): (ConfigVersion, u64),
        (to, head): (ConfigVersion, &ConfigurationHead),
        record: Record<'_>,
    ) -> Result<Change, Error> {
        let source = ConditionCheck::builder()
            .table_name(&self.names.table)
            .set_key(Some(ItemKey::Configuration(&tenant.id, from).attributes()))
            .condition_expression("revision = :seen")
            .expression_attribute_values(":seen", number(seen))
            .build()
            .map_err(Error::internal)?;
        let source = (Part::Version, TransactWriteItem::builder().condition_check(source).build());
        let actions = vec![self.tenant_unchanged(tenant)?, source, self.head_put(&tenant.id, to, head)?];
        self.change(actions, record).await
    }

    fn head_put(
        &self,
        tenant: &TenantId,
        version: ConfigVersion,
        head: &ConfigurationHead,
    ) -> Result<(Part, TransactWriteItem), Error> {
        let before = head.revision.checked_sub(1).filter(|before| *before > 0);
        Ok((Part::Version, self.put_over(&ItemKey::Configuration(tenant, version), head, [], before)?))
    }
}
