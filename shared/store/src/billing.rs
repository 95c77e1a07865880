//! Tenants as customers of Stripe, and the events of Stripe that were taken.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::billing::{Billing, EVENT_DAYS};
use domain::error::Error;
use domain::id::TenantId;
use domain::tenant::Tenant;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Store;
use crate::changes::{Change, Part, Record};
use crate::keys::ItemKey;
use crate::table::Transacted;

/// Whose customer somebody is at Stripe.
#[derive(Debug, Serialize, Deserialize)]
struct CustomerRecord {
    tenant: TenantId,
}

/// An event that was taken.
#[derive(Debug, Serialize, Deserialize)]
struct EventRecord {
    /// For the table's time to live.
    expires_at: i64,
}

impl Store {
    /// What is known of a tenant at Stripe.
    pub async fn billing(&self, tenant: &TenantId) -> Result<Option<Billing>, Error> {
        self.read(ItemKey::Billing(tenant)).await
    }

    /// The tenant that a customer of Stripe is.
    pub async fn tenant_of_customer(&self, customer: &str) -> Result<Option<TenantId>, Error> {
        let record: Option<CustomerRecord> = self.read(ItemKey::StripeCustomer(customer)).await?;
        Ok(record.map(|record| record.tenant))
    }

    /// Whether an event of Stripe was taken.
    pub async fn has_stripe_event(&self, event: &str) -> Result<bool, Error> {
        let record: Option<EventRecord> = self.read(ItemKey::StripeEvent(event)).await?;
        Ok(record.is_some())
    }

    /// Makes a tenant a customer, if it is none or still the one `before`, which is forgotten.
    pub async fn put_billing(
        &self,
        tenant: &Tenant,
        billing: &Billing,
        before: Option<&Billing>,
        record: Record<'_>,
    ) -> Result<Change, Error> {
        let revision = before.map(|before| before.revision);
        let customer = CustomerRecord { tenant: tenant.id.clone() };
        let mut actions = vec![
            self.tenant_unchanged(tenant)?,
            (Part::Version, self.put_over(&ItemKey::Billing(&tenant.id), billing, [], revision)?),
            (Part::Subject, self.create(&ItemKey::StripeCustomer(&billing.customer), &customer, [])?),
        ];
        if let Some(before) = before {
            actions.push((Part::Subject, self.remove_any(&ItemKey::StripeCustomer(&before.customer))?));
        }
        self.change(actions, record).await
    }

    /// Writes a tenant and what it pays for over those of their revisions, and notes the event that told of it.
    pub async fn settle_billing(
        &self,
        tenant: &Tenant,
        billing: &Billing,
        event: Option<&str>,
        record: Record<'_>,
    ) -> Result<Change, Error> {
        let mut actions = vec![(Part::Version, self.billing_put(&tenant.id, billing)?)];
        if let Some(event) = event {
            let now = domain::time::at(record.event.creation_time);
            actions.push((Part::Subject, self.stripe_event(event, now)?));
        }
        self.change_tenant_with(tenant, actions, record).await
    }

    /// Notes an event that changed nothing. It counts as a change of what is known of the tenant: whoever asked Stripe before, and
    /// would write now, has to ask again.
    pub async fn note_stripe_event(
        &self,
        tenant: &TenantId,
        billing: &Billing,
        event: &str,
        now: Timestamp,
    ) -> Result<Change, Error> {
        match self.transact(vec![self.billing_put(tenant, billing)?, self.stripe_event(event, now)?]).await? {
            Transacted::Committed => Ok(Change::Done),
            Transacted::Refused(refused) if refused.first().is_some_and(Option::is_some) => Ok(Change::VersionChanged),
            // It came twice at once.
            Transacted::Refused(_) => Ok(Change::Missing),
        }
    }

    /// Writes what is known of a tenant over that of its revision.
    fn billing_put(&self, tenant: &TenantId, billing: &Billing) -> Result<TransactWriteItem, Error> {
        let after = Billing { revision: billing.revision + 1, ..billing.clone() };
        self.put_over(&ItemKey::Billing(tenant), &after, [], Some(billing.revision))
    }

    /// Forgets which tenant a customer is: what Stripe still tells of it concerns nobody.
    pub async fn forget_customer(&self, tenant: &TenantId) -> Result<(), Error> {
        match self.billing(tenant).await? {
            Some(billing) => self.delete(ItemKey::StripeCustomer(&billing.customer)).await,
            None => Ok(()),
        }
    }

    fn stripe_event(&self, event: &str, now: Timestamp) -> Result<TransactWriteItem, Error> {
        let expires_at = domain::time::after(now, EVENT_DAYS * 24 * 3600).as_second();
        self.create(&ItemKey::StripeEvent(event), &EventRecord { expires_at }, [])
    }
}
