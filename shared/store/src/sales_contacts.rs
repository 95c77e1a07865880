//! Requests to be called by sales: the last one of each user.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::error::Error;
use domain::sales_contact::{Asker, SalesContact};
use domain::tenant::Tenant;

use crate::Store;
use crate::changes::{Change, Part, Record};
use crate::keys::ItemKey;
use crate::mail::Letter;
use crate::table::number;

impl Store {
    /// The last request of a user.
    pub async fn sales_contact(&self, asker: &Asker) -> Result<Option<SalesContact>, Error> {
        self.read(ItemKey::SalesContact(asker)).await
    }

    /// Notes a request, if the user's last one is long enough ago. It expires when it no longer matters.
    pub async fn note_sales_contact(
        &self,
        tenant: &Tenant,
        asker: &Asker,
        contact: &SalesContact,
        letter: Option<&Letter>,
        record: Record<'_>,
    ) -> Result<Change, Error> {
        let put = self.put(&ItemKey::SalesContact(asker), contact, [("expires_at", number(contact.cooldown_until))])?;
        let put = put.condition_expression("attribute_not_exists(pk) OR cooldown_until <= :now");
        let put = put.expression_attribute_values(":now", number(contact.requested_at)).build();
        let put = TransactWriteItem::builder().put(put.map_err(Error::internal)?).build();
        let mut actions = vec![self.tenant_unchanged(tenant)?, (Part::Version, put)];
        actions.extend(self.letter_put(&tenant.id, letter, record)?);
        self.change(actions, record).await
    }
}
