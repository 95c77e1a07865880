//! Audit events, in a table of their own.

use aws_sdk_dynamodb::types::{Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem};
use domain::audit::{AuditEvent, Log, RETENTION_DAYS};
use domain::error::Error;
use serde_dynamo::aws_sdk_dynamodb_1::to_item;

use crate::Store;
use crate::error::{Failed, unreadable};
use crate::keys::audit_partition;
use crate::table::{Item, RefusedAction, Transacted, number, string, text_of};

/// Numbers that may be taken before it is a failure.
const CLASHES: u32 = 128;
/// Those after which the next free number is looked for in strides.
const STEPS: u32 = 64;

impl Store {
    /// Writes an event of a call that changed nothing.
    pub async fn write_event(&self, log: &Log, event: &AuditEvent) -> Result<(), Error> {
        match self.transact_with_event(Vec::new(), log, event).await? {
            Transacted::Committed => Ok(()),
            Transacted::Refused(_) => Err(unreadable("an audit event", "a write without conditions was refused")),
        }
    }

    /// Sends `actions` and the event in one transaction. Where the event's number is taken, it takes the next free one;
    /// where the same request took it, everything is written: the answer to that was lost.
    pub(crate) async fn transact_with_event(
        &self,
        actions: Vec<TransactWriteItem>,
        log: &Log,
        event: &AuditEvent,
    ) -> Result<Transacted, Error> {
        let mut event = event.clone();
        for clash in 0..CLASHES {
            let mut all = actions.clone();
            all.push(self.event_put(log, &event)?);
            let Transacted::Refused(mut reasons) = self.transact(all).await? else { return Ok(Transacted::Committed) };
            reasons.resize_with(actions.len() + 1, || None);
            let taken = reasons.pop().flatten();
            if taken.as_ref().is_some_and(|by| is_of_request(by, &event)) {
                return Ok(Transacted::Committed);
            }
            if taken.is_none() || reasons.iter().any(Option::is_some) {
                return Ok(Transacted::Refused(reasons));
            }
            let stride = 1_u64 << clash.saturating_sub(STEPS).min(20);
            event.event = event.event.after(fastrand::u64(1..=stride));
        }
        Err(Error::internal(Failed::contended("an audit event")))
    }

    fn event_put(&self, log: &Log, event: &AuditEvent) -> Result<TransactWriteItem, Error> {
        let mut item: Item = to_item(event).map_err(|error| unreadable("an event to be written", error))?;
        item.insert("pk".to_owned(), string(audit_partition(log)));
        item.insert("expires_at".to_owned(), number(event.creation_time + RETENTION_DAYS * 24 * 3600));
        let put = Put::builder().table_name(&self.names.events_table).set_item(Some(item));
        let put = put.condition_expression("attribute_not_exists(pk)");
        let put = put.return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        Ok(TransactWriteItem::builder().put(put.build().map_err(Error::internal)?).build())
    }
}

/// Whether the item that has an event's number is an event of the same request. Operators' calls have none.
fn is_of_request(taken: &RefusedAction, event: &AuditEvent) -> bool {
    let written = taken.item.as_ref().map(|item| text_of(item, "request_id"));
    !event.request_id.is_empty() && written.as_deref() == Some(event.request_id.as_str())
}
