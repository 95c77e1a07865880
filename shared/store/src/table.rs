//! Typed reads and transactions on the main table.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use aws_sdk_dynamodb::types::{
    AttributeValue, CancellationReason, DeleteRequest, KeysAndAttributes, Put, ReturnValuesOnConditionCheckFailure,
    TransactWriteItem, WriteRequest,
};
use domain::error::Error;
use domain::id::TenantId;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_dynamo::aws_sdk_dynamodb_1::{from_item, to_item};

use crate::Store;
use crate::error::{Failed, failed, unreadable};
use crate::keys::{ItemKey, partition};

pub(crate) type Item = HashMap<String, AttributeValue>;

/// How often a transaction that lost against another one, or was throttled, is sent again.
const CONFLICT_TRIES: u32 = 10;
/// Items that one batch writes at most (API reference, BatchWriteItem).
const BATCH: usize = 25;
/// Before the rest of a batch is sent again, at first.
const FIRST_PAUSE: Duration = Duration::from_millis(10);

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

    /// Strongly consistent reads by exact key in one request, in the order of `keys`; at most 100.
    pub(crate) async fn read_all(&self, keys: Vec<ItemKey<'_>>) -> Result<Vec<Option<Item>>, Error> {
        let keys: Vec<Item> = keys.into_iter().map(|key| key.attributes()).collect();
        let (mut wanted, mut found) = (keys.clone(), Vec::new());
        let mut pause = FIRST_PAUSE;
        while !wanted.is_empty() {
            let batch = KeysAndAttributes::builder().set_keys(Some(wanted)).consistent_read(true);
            let request = self.clients.dynamodb.batch_get_item();
            let request = request.request_items(&self.names.table, batch.build().map_err(Error::internal)?);
            let answer = request.send().await.map_err(failed("BatchGetItem"))?;
            found.extend(answer.responses.unwrap_or_default().into_values().flatten());
            let left = answer.unprocessed_keys.unwrap_or_default().remove(&self.names.table);
            wanted = left.map(|left| left.keys).unwrap_or_default();
            if !wanted.is_empty() {
                wait_for_the_rest("BatchGetItem", &mut pause).await?;
            }
        }
        let is = |item: &Item, key: &Item| ["pk", "sk"].iter().all(|name| item.get(*name) == key.get(*name));
        Ok(keys.iter().map(|key| found.iter().position(|item| is(item, key)).map(|at| found[at].clone())).collect())
    }

    /// The items of a tenant whose sort keys begin with `prefix`, in their order.
    pub(crate) async fn under<T: DeserializeOwned>(&self, tenant: &TenantId, prefix: &str) -> Result<Vec<T>, Error> {
        first(self.query_under(tenant, prefix), usize::MAX).await
    }

    /// Asks for the items of a tenant whose sort keys begin with `prefix`.
    pub(crate) fn query_under(&self, tenant: &TenantId, prefix: &str) -> QueryFluentBuilder {
        let request = self.clients.dynamodb.query().table_name(&self.names.table).consistent_read(true);
        let request = request.key_condition_expression("pk = :pk AND begins_with(sk, :prefix)");
        let request = request.expression_attribute_values(":pk", string(partition(tenant)));
        request.expression_attribute_values(":prefix", string(prefix))
    }

    /// Removes one item, if it is there.
    pub(crate) async fn delete(&self, key: ItemKey<'_>) -> Result<(), Error> {
        let request = self.clients.dynamodb.delete_item().table_name(&self.names.table);
        request.set_key(Some(key.attributes())).send().await.map_err(failed("DeleteItem"))?;
        Ok(())
    }

    /// Removes items by their keys, whatever is there.
    pub(crate) async fn delete_all(&self, table: &str, keys: Vec<Item>) -> Result<(), Error> {
        for chunk in keys.chunks(BATCH) {
            let request = |key: &Item| {
                let delete = DeleteRequest::builder().set_key(Some(key.clone())).build().map_err(Error::internal)?;
                Ok(WriteRequest::builder().delete_request(delete).build())
            };
            let mut wanted = chunk.iter().map(request).collect::<Result<Vec<_>, Error>>()?;
            let mut pause = FIRST_PAUSE;
            while !wanted.is_empty() {
                let batch = self.clients.dynamodb.batch_write_item().request_items(table, wanted);
                let answer = batch.send().await.map_err(failed("BatchWriteItem"))?;
                wanted = answer.unprocessed_items.unwrap_or_default().remove(table).unwrap_or_default();
                if !wanted.is_empty() {
                    wait_for_the_rest("BatchWriteItem", &mut pause).await?;
                }
            }
        }
        Ok(())
    }

    /// Updates one item if its condition holds, and tells whether it did.
    pub(crate) async fn update_if(&self, update: UpdateBuilder) -> Result<bool, Error> {
        let update = update.build().map_err(Error::internal)?;
        let request = self
            .clients
            .dynamodb
            .update_item()
            .table_name(update.table_name)
            .set_key(Some(update.key))
            .update_expression(update.update_expression)
            .set_condition_expression(update.condition_expression)
            .set_expression_attribute_names(update.expression_attribute_names)
            .set_expression_attribute_values(update.expression_attribute_values);
        match request.send().await {
            Err(error)
                if error.as_service_error().is_some_and(UpdateItemError::is_conditional_check_failed_exception) =>
            {
                Ok(false)
            }
            answer => answer.map(|_| true).map_err(failed("UpdateItem")),
        }
    }

    /// A put of `value` under `key`, whatever is there, as an action of a transaction.
    pub(crate) fn put_action<T: Serialize>(&self, key: &ItemKey<'_>, value: &T) -> Result<TransactWriteItem, Error> {
        let put = self.put(key, value, [])?.build().map_err(Error::internal)?;
        Ok(TransactWriteItem::builder().put(put).build())
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

/// The first `most` items that a query finds.
pub(crate) async fn first<T: DeserializeOwned>(request: QueryFluentBuilder, most: usize) -> Result<Vec<T>, Error> {
    let mut items = request.set_limit(i32::try_from(most).ok()).into_paginator().items().send();
    let mut found = Vec::new();
    while let Some(item) = items.next().await {
        found.push(read_item(item.map_err(failed("Query"))?)?);
        if found.len() == most {
            break;
        }
    }
    Ok(found)
}

/// Above its throughput, the table carries out a part of a batch (API reference, BatchGetItem and BatchWriteItem).
async fn wait_for_the_rest(operation: &'static str, pause: &mut Duration) -> Result<(), Error> {
    if *pause > Duration::from_secs(1) {
        return Err(Error::internal(Failed::contended(operation)));
    }
    tokio::time::sleep(*pause).await;
    *pause *= 2;
    Ok(())
}

pub(crate) fn read_item<T: DeserializeOwned>(item: Item) -> Result<T, Error> {
    from_item(item).map_err(|error| unreadable("a stored item", error))
}

/// A text attribute; empty where it is none.
pub(crate) fn text_of(item: &Item, name: &str) -> String {
    item.get(name).and_then(|value| value.as_s().ok()).cloned().unwrap_or_default()
}

pub(crate) fn string(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
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
