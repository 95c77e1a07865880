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
use crate::table::{Transacted, number};

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

    /// Makes a tenant a customer, if it is none or still the one `before`.
    pub async fn put_billing(
        &self,
        tenant: &Tenant,
        billing: &Billing,
        before: Option<&Billing>,
        record: Record<'_>,
    ) -> Result<Change, Error> {
        let put = self.put(&ItemKey::Billing(&tenant.id), billing, [])?;
        let put = match before {
            None => put.condition_expression("attribute_not_exists(pk)"),
            Some(before) => put
                .condition_expression("revision = :before")
                .expression_attribute_values(":before", number(before.revision)),
        };
        let put = TransactWriteItem::builder().put(put.build().map_err(Error::internal)?).build();
        let customer = CustomerRecord { tenant: tenant.id.clone() };
        let actions = vec![
            self.tenant_unchanged(tenant)?,
            (Part::Version, put),
            (Part::Subject, self.create(&ItemKey::StripeCustomer(&billing.customer), &customer, [])?),
        ];
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
        let before = billing.revision;
        let after = Billing { revision: before + 1, ..billing.clone() };
        let put = self.put(&ItemKey::Billing(&tenant.id), &after, [])?.condition_expression("revision = :before");
        let put = put.expression_attribute_values(":before", number(before)).build().map_err(Error::internal)?;
        let mut actions = vec![(Part::Version, TransactWriteItem::builder().put(put).build())];
        if let Some(event) = event {
            let now = domain::time::at(record.event.creation_time);
            actions.push((Part::Subject, self.stripe_event(event, now)?));
        }
        self.change_tenant_with(tenant, actions, record).await
    }

    /// Notes an event that changed nothing.
    pub async fn note_stripe_event(&self, event: &str, now: Timestamp) -> Result<(), Error> {
        match self.transact(vec![self.stripe_event(event, now)?]).await? {
            // It came twice at once.
            Transacted::Committed | Transacted::Refused(_) => Ok(()),
        }
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
