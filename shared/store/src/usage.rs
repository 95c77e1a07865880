//! What tenants have used of the assistant and of AI Search.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::error::Error;
use domain::id::TenantId;
use domain::tenant::Tenant;
use domain::usage::{Meter, Usage};

use crate::Store;
use crate::changes::{Change, Part};
use crate::keys::ItemKey;
use crate::table::Transacted;

impl Store {
    /// What a tenant has used, in whichever period it last asked.
    pub async fn usage(&self, tenant: &TenantId, meter: Meter) -> Result<Usage, Error> {
        Ok(self.read(ItemKey::Usage(tenant, meter)).await?.unwrap_or_default())
    }

    /// Writes a reservation over the usage of its revision, if the tenant is still the one that was read: nothing comes to be in one
    /// that was purged.
    pub async fn write_reservation(&self, tenant: &Tenant, meter: Meter, usage: &Usage) -> Result<Change, Error> {
        let (_, unchanged) = self.tenant_unchanged(tenant)?;
        let (_, put) = self.usage_put(&tenant.id, meter, usage)?;
        Ok(match self.transact(vec![unchanged, put]).await? {
            Transacted::Committed => Change::Done,
            Transacted::Refused(reasons) if reasons.first().is_some_and(Option::is_some) => Change::TenantChanged,
            Transacted::Refused(_) => Change::VersionChanged,
        })
    }

    /// Writes a usage over the one of its revision, which has to be there; whether it was.
    pub async fn update_usage(&self, tenant: &TenantId, meter: Meter, usage: &Usage) -> Result<bool, Error> {
        let (_, put) = self.usage_put(tenant, meter, usage)?;
        Ok(matches!(self.transact(vec![put]).await?, Transacted::Committed))
    }

    pub(crate) fn usage_put(
        &self,
        tenant: &TenantId,
        meter: Meter,
        usage: &Usage,
    ) -> Result<(Part, TransactWriteItem), Error> {
        let before = Some(usage.revision).filter(|revision| *revision > 0);
        let after = Usage { revision: usage.revision + 1, ..usage.clone() };
        Ok((Part::Version, self.put_over(&ItemKey::Usage(tenant, meter), &after, [], before)?))
    }
}
