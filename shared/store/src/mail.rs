//! Mail that waits to be sent: written in the transaction of what it tells of, removed once it is sent.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::error::Error;
use domain::id::TenantId;
use domain::mail::{Mail, MailId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Store;
use crate::changes::{Part, Record};
use crate::jobs::Hint;
use crate::keys::{ItemKey, read_mail_key};
use crate::table::{number, string};

/// The value of the partition key of the index of mail.
const MAIL: &str = "MAIL";

/// A mail that tells of a change, with its id.
pub type Letter = (MailId, Mail);

/// A mail with what became of it so far.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitingMail {
    /// The mail.
    pub mail: Mail,
    /// When it is to be tried, Unix seconds.
    pub due_at: i64,
    /// Tries that began.
    pub tries: u32,
    /// When it was written, Unix seconds.
    pub created_at: i64,
}

impl Store {
    /// A mail, if it waits.
    pub async fn mail(&self, tenant: &TenantId, id: &MailId) -> Result<Option<WaitingMail>, Error> {
        self.read(ItemKey::Mail(tenant, id)).await
    }

    /// Mail that is due, at most `limit`, longest due first. Read from an index.
    pub async fn due_mail(&self, now: Timestamp, limit: i32) -> Result<Vec<Hint<(TenantId, MailId)>>, Error> {
        self.due(MAIL, now, limit, read_mail_key).await
    }

    /// Takes a mail for one try, the next of which is due at `next`. `false`: somebody else has taken it.
    pub async fn take_mail(
        &self,
        tenant: &TenantId,
        id: &MailId,
        waiting: &WaitingMail,
        next: i64,
    ) -> Result<bool, Error> {
        let update = self
            .update(&ItemKey::Mail(tenant, id))
            .update_expression("SET tries = :after, due_at = :next")
            .condition_expression("tries = :before")
            .expression_attribute_values(":before", number(waiting.tries))
            .expression_attribute_values(":after", number(waiting.tries + 1))
            .expression_attribute_values(":next", number(next));
        self.update_if(update).await
    }

    /// Removes a mail that was sent or given up.
    pub async fn remove_mail(&self, tenant: &TenantId, id: &MailId) -> Result<(), Error> {
        self.delete(ItemKey::Mail(tenant, id)).await
    }

    pub(crate) fn mail_put(
        &self,
        tenant: &TenantId,
        id: &MailId,
        mail: &Mail,
        now: i64,
    ) -> Result<TransactWriteItem, Error> {
        let waiting = WaitingMail { mail: mail.clone(), due_at: now, tries: 0, created_at: now };
        self.create(&ItemKey::Mail(tenant, id), &waiting, [("due_pk", string(MAIL))])
    }

    /// The mail that tells of a change, if there is one.
    pub(crate) fn letter_put(
        &self,
        tenant: &TenantId,
        letter: Option<&Letter>,
        record: Record<'_>,
    ) -> Result<Option<(Part, TransactWriteItem)>, Error> {
        let put = letter.map(|(id, mail)| self.mail_put(tenant, id, mail, record.event.creation_time)).transpose()?;
        Ok(put.map(|put| (Part::Subject, put)))
    }
}
