//! What members asked the assistant, and what it answered. Each exchange is an item that expires after a day; a conversation that was
//! cleared is another one by its revision, so that clearing is one write, however many exchanges there are.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::conversation::{Conversation, Exchange, ExchangeId, MOST_EXCHANGES};
use domain::error::Error;
use domain::id::TenantId;
use domain::member::MemberId;
use domain::tenant::Tenant;
use domain::usage::{Meter, ReservationId};
use jiff::Timestamp;

use crate::Store;
use crate::changes::{Change, Part, Record, updated};
use crate::keys::{ItemKey, exchanges};
use crate::table::{first, number};

/// A question that was answered.
#[derive(Clone, Copy, Debug)]
pub struct Ended<'a> {
    /// What counts it, and as what it was reserved; none where its period is over, or it was taken away meanwhile.
    pub reserved: Option<(Meter, &'a ReservationId)>,
    /// What is remembered of it, and of whom.
    pub exchange: Option<(&'a MemberId, &'a Exchange)>,
}

impl Store {
    /// What a member said and was told lately, the newest [`MOST_EXCHANGES`], the oldest of them first; and the conversation it is.
    pub async fn conversation(
        &self,
        tenant: &TenantId,
        member: &MemberId,
        now: Timestamp,
    ) -> Result<(Conversation, Vec<Exchange>), Error> {
        let (head, newest) =
            tokio::try_join!(self.conversation_head(tenant, member), self.newest_exchanges(tenant, member))?;
        // What was cleared and what is too old may still be stored.
        let mut shown: Vec<Exchange> = newest.into_iter().filter(|exchange| exchange.is_shown(head, now)).collect();
        shown.reverse();
        Ok((head, shown))
    }

    /// The conversation of a member.
    pub async fn conversation_head(&self, tenant: &TenantId, member: &MemberId) -> Result<Conversation, Error> {
        Ok(self.read(ItemKey::Conversation(tenant, member)).await?.unwrap_or_default())
    }

    /// One exchange of a member.
    pub async fn exchange(
        &self,
        tenant: &TenantId,
        member: &MemberId,
        id: &ExchangeId,
    ) -> Result<Option<Exchange>, Error> {
        self.read(ItemKey::Exchange(tenant, member, id)).await
    }

    /// Counts a question that was answered, and remembers the exchange if the conversation is still the one that it belongs to.
    pub async fn end_question(&self, tenant: &Tenant, ended: Ended<'_>, record: Record<'_>) -> Result<Change, Error> {
        let mut actions = vec![self.tenant_unchanged(tenant)?];
        if let Some((meter, id)) = ended.reserved {
            actions.push((Part::Version, self.counted(&tenant.id, meter, id)?));
        }
        if let Some((member, exchange)) = ended.exchange {
            let key = ItemKey::Exchange(&tenant.id, member, &exchange.id);
            let expiry = [("expires_at", number(exchange.expires_at()))];
            let cleared = Some(exchange.conversation.revision).filter(|cleared| *cleared > 0);
            actions.push((Part::Version, self.unchanged(&ItemKey::Conversation(&tenant.id, member), cleared)?));
            actions.push((Part::Subject, self.create(&key, exchange, expiry)?));
        }
        self.change(actions, record).await
    }

    /// Ends the conversation of a member, whichever it is: from then on it has no exchanges.
    pub async fn end_conversation(
        &self,
        tenant: &Tenant,
        member: &MemberId,
        record: Record<'_>,
    ) -> Result<Change, Error> {
        let actions = vec![self.tenant_unchanged(tenant)?, self.next_conversation(&tenant.id, member)?];
        self.change(actions, record).await
    }

    /// Begins the next conversation of a member.
    pub(crate) fn next_conversation(
        &self,
        tenant: &TenantId,
        member: &MemberId,
    ) -> Result<(Part, TransactWriteItem), Error> {
        let next = self.update(&ItemKey::Conversation(tenant, member)).update_expression("ADD revision :one");
        Ok((Part::Version, updated(next.expression_attribute_values(":one", number(1)))?))
    }

    /// Removes the exchanges of a member that belong to conversations that have ended.
    pub async fn remove_ended(&self, tenant: &TenantId, member: &MemberId) -> Result<(), Error> {
        // In this order: what a new conversation has meanwhile belongs to one that is later than the one that was read.
        let head = self.conversation_head(tenant, member).await?;
        let stored: Vec<Exchange> = self.under(tenant, &exchanges(member)).await?;
        let ended = stored.iter().filter(|exchange| exchange.conversation.revision < head.revision);
        let keys = ended.map(|exchange| ItemKey::Exchange(tenant, member, &exchange.id).attributes());
        self.delete_all(&self.names.table, keys.collect()).await
    }

    async fn newest_exchanges(&self, tenant: &TenantId, member: &MemberId) -> Result<Vec<Exchange>, Error> {
        let request = self.query_under(tenant, &exchanges(member)).scan_index_forward(false);
        first(request, MOST_EXCHANGES).await
    }
}
