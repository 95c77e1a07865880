//! What tenants have used of the assistant and of AI Search. Every write adds or takes away what it is about, on the condition that makes
//! it right, and leaves the rest as it is: many at once are never in each other's way.

use aws_sdk_dynamodb::types::TransactWriteItem;
use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use domain::error::Error;
use domain::id::TenantId;
use domain::tenant::Tenant;
use domain::usage::{Meter, Reservation, ReservationId, Usage};

use crate::Store;
use crate::changes::{Change, updated};
use crate::keys::ItemKey;
use crate::table::{Transacted, number};

impl Store {
    /// What a tenant has used, in whichever period it last asked.
    pub async fn usage(&self, tenant: &TenantId, meter: Meter) -> Result<Usage, Error> {
        Ok(self.read(ItemKey::Usage(tenant, meter)).await?.unwrap_or_default())
    }

    /// Begins a period with its first question, unless somebody has begun it or a later one.
    pub async fn begin_usage(&self, tenant: &Tenant, meter: Meter, first: &Reservation) -> Result<Change, Error> {
        let Reservation { id, period_start, until } = first;
        let usage = Usage { period_start: *period_start, used: 1, pending: [(id.clone(), *until)].into() };
        let put = self.put(&ItemKey::Usage(&tenant.id, meter), &usage, [])?;
        let put = put.condition_expression("attribute_not_exists(pk) OR period_start < :period");
        let put = put.expression_attribute_values(":period", number(period_start)).build().map_err(Error::internal)?;
        self.reserve(tenant, TransactWriteItem::builder().put(put).build()).await
    }

    /// Adds a question, if fewer than `limit` are used in its period.
    pub async fn add_usage(
        &self,
        tenant: &Tenant,
        meter: Meter,
        Reservation { id, period_start, until }: &Reservation,
        limit: u32,
    ) -> Result<Change, Error> {
        let update = self
            .update(&ItemKey::Usage(&tenant.id, meter))
            .update_expression("SET used = used + :one, pending.#id = :until")
            .condition_expression("period_start = :period AND used < :limit AND attribute_not_exists(pending.#id)")
            .expression_attribute_names("#id", id.to_string())
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":until", number(until))
            .expression_attribute_values(":period", number(period_start))
            .expression_attribute_values(":limit", number(limit));
        self.reserve(tenant, updated(update)?).await
    }

    /// Takes a question away that was not answered, if it is there.
    pub async fn give_back(&self, tenant: &TenantId, meter: Meter, id: &ReservationId) -> Result<(), Error> {
        let update = self.ended(tenant, meter, id).update_expression("SET used = used - :one REMOVE pending.#id");
        let update = updated(update.expression_attribute_values(":one", number(1)))?;
        self.transact(vec![update]).await.map(drop)
    }

    /// Lets a question that was answered count for good; refused where it is not there any more.
    pub(crate) fn counted(
        &self,
        tenant: &TenantId,
        meter: Meter,
        id: &ReservationId,
    ) -> Result<TransactWriteItem, Error> {
        updated(self.ended(tenant, meter, id).update_expression("REMOVE pending.#id"))
    }

    fn ended(&self, tenant: &TenantId, meter: Meter, id: &ReservationId) -> UpdateBuilder {
        let update = self.update(&ItemKey::Usage(tenant, meter)).condition_expression("attribute_exists(pending.#id)");
        update.expression_attribute_names("#id", id.to_string())
    }

    /// Nothing comes to be in a tenant that was purged.
    async fn reserve(&self, tenant: &Tenant, write: TransactWriteItem) -> Result<Change, Error> {
        let (_, unchanged) = self.tenant_unchanged(tenant)?;
        Ok(match self.transact(vec![unchanged, write]).await? {
            Transacted::Committed => Change::Done,
            Transacted::Refused(reasons) if reasons.first().is_some_and(Option::is_some) => Change::TenantChanged,
            Transacted::Refused(_) => Change::VersionChanged,
        })
    }
}
