//! Tenants.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use domain::error::Error;
use domain::id::TenantId;
use domain::tenant::Tenant;
use jiff::Timestamp;

use crate::Store;
use crate::changes::{Actions, Change, Part, Record};
use crate::jobs::Hint;
use crate::keys::{ItemKey, read_tenant_key};
use crate::table::{number, read_item, string};

/// The value of the partition key of the index of tenants that are to be purged.
const PURGE: &str = "PURGE";

impl Store {
    /// The tenant, if there is one.
    pub async fn tenant(&self, id: &TenantId) -> Result<Option<Tenant>, Error> {
        self.read(ItemKey::Tenant(id)).await
    }

    /// Those of the tenants that are there, at most 100, in one request.
    pub async fn tenants(&self, ids: &BTreeSet<TenantId>) -> Result<Vec<Tenant>, Error> {
        let items = self.read_all(ids.iter().map(ItemKey::Tenant).collect()).await?;
        items.into_iter().flatten().map(read_item).collect()
    }

    /// Creates or replaces a tenant: for tools that seed one.
    pub async fn put_tenant(&self, tenant: &Tenant) -> Result<(), Error> {
        self.write(ItemKey::Tenant(&tenant.id), tenant).await
    }

    /// Replaces a tenant, if it is still the one whose revision `tenant` bears. The new one bears the next.
    pub async fn change_tenant(&self, tenant: &Tenant, record: Record<'_>) -> Result<Change, Error> {
        self.change(vec![(Part::Tenant, self.tenant_put(tenant)?)], record).await
    }

    /// As [`Self::change_tenant`], together with other actions.
    pub(crate) async fn change_tenant_with(
        &self,
        tenant: &Tenant,
        mut others: Actions,
        record: Record<'_>,
    ) -> Result<Change, Error> {
        others.insert(0, (Part::Tenant, self.tenant_put(tenant)?));
        self.change(others, record).await
    }

    /// Tenants whose purge is due, at most `limit`, longest due first. Read from an index.
    pub async fn due_purges(&self, now: Timestamp, limit: i32) -> Result<Vec<Hint<TenantId>>, Error> {
        self.due(PURGE, now, limit, read_tenant_key).await
    }

    pub(crate) fn tenant_put(&self, tenant: &Tenant) -> Result<TransactWriteItem, Error> {
        let before = tenant.revision;
        let after = Tenant { revision: before + 1, ..tenant.clone() };
        let due = |purge_at: i64| [("due_pk", string(PURGE)), ("due_at", number(purge_at))];
        let due: Vec<(&str, AttributeValue)> =
            tenant.deletion.iter().flat_map(|deletion| due(deletion.purge_at)).collect();
        self.put_over(&ItemKey::Tenant(&tenant.id), &after, due, Some(before))
    }
}
