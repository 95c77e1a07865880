//! Typed reads and transactions on the main table.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    AttributeValue, CancellationReason, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
};
use domain::error::Error;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_dynamo::aws_sdk_dynamodb_1::{from_item, to_item};

use crate::Store;
use crate::error::{Failed, failed, unreadable};
use crate::keys::ItemKey;

pub(crate) type Item = HashMap<String, AttributeValue>;

/// How often a transaction that lost against another one, or was throttled, is sent again.
const CONFLICT_TRIES: u32 = 10;

/// What became of a transaction whose conditions were checked.
#[derive(Debug)]
pub(crate) enum Transacted {
    Committed,
    /// For each action, the reason if it was the one that was refused.
    Refused(Vec<Option<RefusedAction>>),
}

/// An action whose condition failed.
#[derive(Debug)]
pub(crate) struct RefusedAction {
    /// The item as it was, if it was there.
    pub(crate) item: Option<Item>,
}

impl Store {
    /// One strongly consistent read by exact key.
    pub(crate) async fn read<T: DeserializeOwned>(&self, key: ItemKey<'_>) -> Result<Option<T>, Error> {
        let request = self.clients.dynamodb.get_item().table_name(&self.names.table);
        let answer = request.set_key(Some(key.attributes())).consistent_read(true).send().await;
        answer.map_err(failed("GetItem"))?.item.map(read_item).transpose()
    }

    /// A put of `value` under `key`, with `extra` attributes and no condition yet.
    pub(crate) fn put<T: Serialize>(
        &self,
        key: &ItemKey<'_>,
        value: &T,
        extra: impl IntoIterator<Item = (&'static str, AttributeValue)>,
    ) -> Result<aws_sdk_dynamodb::types::builders::PutBuilder, Error> {
        let mut item: Item = to_item(value).map_err(|error| unreadable("an item to be written", error))?;
        item.extend(key.attributes());
        item.extend(extra.into_iter().map(|(name, value)| (name.to_owned(), value)));
        Ok(Put::builder()
            .table_name(&self.names.table)
            .set_item(Some(item))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld))
    }

    /// Writes one item without a condition: for entities that are simply set.
    pub(crate) async fn write<T: Serialize>(&self, key: ItemKey<'_>, value: &T) -> Result<(), Error> {
        let put = self.put(&key, value, [])?.build().map_err(Error::internal)?;
        let request = self.clients.dynamodb.put_item().table_name(put.table_name).set_item(Some(put.item));
        request.send().await.map_err(failed("PutItem"))?;
        Ok(())
    }

    /// Sends a transaction, again where it lost against another one. A lost answer is no trouble: the SDK repeats the
    /// request with the same token, and the table answers what it answered before.
    pub(crate) async fn transact(&self, actions: Vec<TransactWriteItem>) -> Result<Transacted, Error> {
        for attempt in 0..CONFLICT_TRIES {
            let request = self.clients.dynamodb.transact_write_items();
            let Err(error) = request.set_transact_items(Some(actions.clone())).send().await else {
                return Ok(Transacted::Committed);
            };
            match cancellation_reasons(&error) {
                Some(reasons) if reasons.iter().any(is_refused) => {
                    return Ok(Transacted::Refused(reasons.iter().map(refused_action).collect()));
                }
                Some(reasons) if reasons.iter().all(is_passing) => {
                    let ceiling = 10_u64 << attempt.min(6);
                    tokio::time::sleep(Duration::from_millis(fastrand::u64(1..=ceiling))).await;
                }
                _ => return Err(failed("TransactWriteItems")(error)),
            }
        }
        Err(Error::internal(Failed::contended("TransactWriteItems")))
    }
}

pub(crate) fn read_item<T: DeserializeOwned>(item: Item) -> Result<T, Error> {
    from_item(item).map_err(|error| unreadable("a stored item", error))
}

pub(crate) fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

fn cancellation_reasons(error: &SdkError<TransactWriteItemsError>) -> Option<&[CancellationReason]> {
    match error.as_service_error()? {
        TransactWriteItemsError::TransactionCanceledException(cancelled) => Some(cancelled.cancellation_reasons()),
        _ => None,
    }
}

fn is_refused(reason: &CancellationReason) -> bool {
    reason.code() == Some("ConditionalCheckFailed")
}

fn is_passing(reason: &CancellationReason) -> bool {
    matches!(
        reason.code(),
        None | Some("None" | "TransactionConflict" | "ThrottlingError" | "ProvisionedThroughputExceeded")
    )
}

fn refused_action(reason: &CancellationReason) -> Option<RefusedAction> {
    is_refused(reason).then(|| RefusedAction { item: reason.item.clone() })
}
