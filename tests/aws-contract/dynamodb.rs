//! Conditions, transactions, sets, exact numbers, consistent reads and the sparse index of the main table.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, CancellationReason, GlobalSecondaryIndex, KeySchemaElement,
    KeyType, Projection, ProjectionType, Put, ReturnValuesOnConditionCheckFailure as OnRefusal, ScalarAttributeType,
    TableStatus, Tag, TimeToLiveSpecification, TransactWriteItem, Update,
};
use futures_util::future::join_all;
use tokio::time::sleep;

use crate::suite::{Suite, TAG, gone, refusal, run};

const TABLE: &str = "shared/store/src/table.rs";
const JOBS: &str = "shared/store/src/jobs.rs";
const KEYS: &str = "shared/store/src/automation_keys.rs";
const CONFIGURATIONS: &str = "shared/store/src/configurations.rs";

/// Writers of a race, and how many of them there is room for.
const RACERS: usize = 10;
const ROOM: usize = 3;

type Item = HashMap<String, AttributeValue>;

#[tokio::test]
async fn dynamodb() {
    let suite = Suite::start("dynamodb").await;
    run(suite, checks, removal).await;
}

struct Table<'a> {
    client: Client,
    name: &'a str,
}

async fn checks(suite: &mut Suite) {
    let prefix = suite.prefix.clone();
    let table = &Table { client: Client::new(&suite.config), name: &prefix };
    table.make().await;
    conditions(suite, table).await;
    transactions(suite, table).await;
    sets_and_numbers(suite, table).await;
    reads(suite, table).await;
    life(suite, table).await;
}

async fn conditions(suite: &mut Suite, table: &Table<'_>) {
    suite
        .expect("a put on the condition that there is no such item succeeds once", JOBS, async {
            let put = || table.client.put_item().table_name(table.name).set_item(Some(item("once", "1", [])));
            put().condition_expression("attribute_not_exists(pk)").send().await.unwrap();
            let again = put().condition_expression("attribute_not_exists(pk)").send().await;
            assert_eq!(refusal(again), "ConditionalCheckFailedException");
        })
        .await;
    suite
        .expect("an update on a condition that no longer holds is refused and changes nothing", KEYS, async {
            table.put(item("key", "0", [("hash", text("old"))])).await;
            let replace = |by: &str| {
                let request = table.client.update_item().table_name(table.name).set_key(Some(item("key", "0", [])));
                let request = request.update_expression("SET #hash = :by").condition_expression("#hash = :before");
                let request = request.expression_attribute_names("#hash", "hash");
                let request = request.expression_attribute_values(":before", text("old"));
                request.expression_attribute_values(":by", text(by)).send()
            };
            replace("new").await.unwrap();
            assert_eq!(refusal(replace("late").await), "ConditionalCheckFailedException");
            assert_eq!(table.get("key", "0").await.unwrap()["hash"], text("new"));
        })
        .await;
    suite
        .expect("an item of more than 400 KB is refused", CONFIGURATIONS, async {
            let large = ("large", text("x".repeat(410_000)));
            let put = table.client.put_item().table_name(table.name).set_item(Some(item("large", "1", [large])));
            assert_eq!(refusal(put.send().await), "ValidationException");
        })
        .await;
}

async fn transactions(suite: &mut Suite, table: &Table<'_>) {
    suite
        .expect(
            "a refused transaction gives a reason for each action in order, with the item that refused",
            TABLE,
            async {
                table.put(item("reasons", "b", [("held", number(7))])).await;
                let absent = "attribute_not_exists(pk)";
                let keys = ["a", "b", "c"].map(|sk| item("reasons", sk, []));
                let reasons = table.refused(keys.map(|item| table.put_if(item, absent, [])).to_vec()).await;
                let codes: Vec<_> = reasons.iter().map(|reason| reason.code().unwrap_or("None")).collect();
                assert_eq!(codes, ["None", "ConditionalCheckFailed", "None"]);
                assert_eq!(reasons[1].item().unwrap()["held"], number(7));
                assert!(reasons[0].item().is_none());
                assert!(table.get("reasons", "a").await.is_none(), "nothing of it was written");
            },
        )
        .await;
    suite
        .expect("an update on a condition that an absent item fulfils creates it", JOBS, async {
            let update = table.update("fresh", "ADD active :ids", [(":ids", numbers([1])), (":most", number(1))]);
            let update = update.condition_expression("attribute_not_exists(active) OR size(active) < :most");
            table.transact(vec![table.action(update)]).await.unwrap();
            assert_eq!(table.get("fresh", "0").await.unwrap()["active"], numbers([1]));
        })
        .await;
    suite
        .expect(
            "a transaction that is sent twice with one token is carried out once, and answered twice",
            TABLE,
            async {
                let send = async |by: u32| {
                    let add = table.action(table.update("token", "ADD counted :by", [(":by", number(by))]));
                    let request = table.client.transact_write_items().client_request_token("one-and-the-same");
                    request.transact_items(add).send().await
                };
                send(1).await.unwrap();
                send(1).await.unwrap();
                assert_eq!(table.get("token", "0").await.unwrap()["counted"], number(1));
                assert_eq!(refusal(send(2).await), "IdempotentParameterMismatchException");
            },
        )
        .await;
    suite
        .expect("of writers that race for the last places exactly as many succeed as there are places", JOBS, async {
            let outcomes = join_all((0..RACERS).map(|racer| admit(table, racer))).await;
            assert_eq!(outcomes.into_iter().filter(|admitted| *admitted).count(), ROOM);
            let AttributeValue::Ns(ids) = &table.get("race", "0").await.unwrap()["active"] else { panic!("no set") };
            assert_eq!(ids.len(), ROOM);
        })
        .await;
}

/// Whether there was room; a conflict with another transaction says nothing and is tried again.
async fn admit(table: &Table<'_>, racer: usize) -> bool {
    for _ in 0..100 {
        let values = [(":id", numbers([racer])), (":room", number(ROOM))];
        let update = table.update("race", "ADD active :id", values);
        let update = update.condition_expression("attribute_not_exists(active) OR size(active) < :room");
        let Err(reasons) = table.transact(vec![table.action(update)]).await else { return true };
        match reasons[0].code() {
            Some("ConditionalCheckFailed") => return false,
            Some("TransactionConflict") => sleep(Duration::from_millis(20)).await,
            other => panic!("{other:?}"),
        }
    }
    panic!("lost against other transactions too often");
}

async fn sets_and_numbers(suite: &mut Suite, table: &Table<'_>) {
    suite
        .expect("adding to a set twice and deleting what is not in it change nothing", JOBS, async {
            for expression in ["ADD active :ids", "ADD active :ids", "DELETE arrived :ids"] {
                let update = table.update("sets", expression, [(":ids", numbers([1, 2]))]);
                table.transact(vec![table.action(update)]).await.unwrap();
            }
            assert_eq!(sorted(&table.get("sets", "0").await.unwrap()["active"]), ["1", "2"]);
            let update = table.update("sets", "DELETE active :ids", [(":ids", numbers([2, 3]))]);
            table.transact(vec![table.action(update)]).await.unwrap();
            assert_eq!(table.get("sets", "0").await.unwrap()["active"], numbers([1]));
        })
        .await;
    suite
        .expect("a set whose last number is deleted is no longer there", JOBS, async {
            let update = table.update("sets", "DELETE active :ids", [(":ids", numbers([1]))]);
            table.transact(vec![table.action(update)]).await.unwrap();
            assert!(!table.get("sets", "0").await.unwrap().contains_key("active"));
            let values = [(":ids", numbers([4])), (":id", number(4))];
            let update = table.update("sets", "ADD active :ids", values);
            let update = update.condition_expression("attribute_not_exists(active) AND NOT contains(arrived, :id)");
            table.transact(vec![table.action(update)]).await.unwrap();
        })
        .await;
    suite
        .expect("adding is exact to 27 digits, more than the sums of any tenant have", JOBS, async {
            for by in ["123456789012345678901234567", "1"] {
                let update = table.update("sums", "ADD counted :by", [(":by", number(by))]);
                table.transact(vec![table.action(update)]).await.unwrap();
            }
            let exact = number("123456789012345678901234568");
            assert_eq!(table.get("sums", "0").await.unwrap()["counted"], exact);
        })
        .await;
}

async fn reads(suite: &mut Suite, table: &Table<'_>) {
    suite
        .expect("a consistent read sees every write before it", TABLE, async {
            for round in 0..20 {
                table.put(item("fresh read", "1", [("round", number(round))])).await;
                assert_eq!(table.get("fresh read", "1").await.unwrap()["round"], number(round));
            }
        })
        .await;
    suite
        .expect("a query for a range of one partition has all of it in order, and nothing else", JOBS, async {
            for sk in ["JOB#1", "JOB#1#PROGRESS", "JOB#2", "JOB#0"] {
                table.put(item("range", sk, [("x", text("x".repeat(100_000)))])).await;
            }
            let request = table.client.query().table_name(table.name).consistent_read(true);
            let request = request.key_condition_expression("pk = :pk AND sk BETWEEN :from AND :to");
            let request = request.expression_attribute_values(":pk", text("range"));
            let request = request.expression_attribute_values(":from", text("JOB#1"));
            let answer = request.expression_attribute_values(":to", text("JOB#1#PROGRESS")).send().await.unwrap();
            let found: Vec<_> = answer.items().iter().map(|item| item["sk"].as_s().unwrap().as_str()).collect();
            assert_eq!(found, ["JOB#1", "JOB#1#PROGRESS"]);
            assert!(answer.last_evaluated_key.is_none(), "one page holds up to 1 MB");
        })
        .await;
    suite
        .expect(
            "an index has only the items with both of its keys, by their order, and drops them with a key",
            JOBS,
            async {
                for (sk, due) in [("late", 30), ("early", 10), ("later", 50), ("middle", 20)] {
                    table
                        .put(item("due", sk, [("due_pk", text("DUE")), ("due_at", number(due)), ("x", text("x"))]))
                        .await;
                }
                table.put(item("due", "never", [("due_at", number(5))])).await;
                table.put(item("due", "middle", [("due_at", number(20))])).await;
                table.until_due(30, 10, &["early", "late"]).await;
                table.until_due(99, 1, &["early"]).await;
            },
        )
        .await;
}

async fn life(suite: &mut Suite, table: &Table<'_>) {
    suite
        .expect("an item past its time to live is still there, and a condition on the time replaces it", JOBS, async {
            let (now, past, future) = (number(1_700_000_000), number(1_600_000_000), number(1_800_000_000));
            let replaceable = "attribute_not_exists(pk) OR expires_at <= :now";
            for (sk, expires_at) in [("past", past), ("future", future.clone())] {
                table.put(item("life", sk, [("expires_at", expires_at)])).await;
            }
            assert!(table.get("life", "past").await.is_some(), "time to live removes nothing at once");
            let replace = |sk| {
                let item = item("life", sk, [("expires_at", future.clone())]);
                table.put_if(item, replaceable, [(":now", now.clone())])
            };
            table.transact(vec![replace("past")]).await.unwrap();
            let reasons = table.refused(vec![replace("future")]).await;
            assert_eq!(reasons[0].code(), Some("ConditionalCheckFailed"));
        })
        .await;
}

impl Table<'_> {
    async fn make(&self) {
        let attribute = |name: &str, kind| {
            AttributeDefinition::builder().attribute_name(name).attribute_type(kind).build().unwrap()
        };
        let key = |name: &str, kind| KeySchemaElement::builder().attribute_name(name).key_type(kind).build().unwrap();
        let due = GlobalSecondaryIndex::builder()
            .index_name("due")
            .key_schema(key("due_pk", KeyType::Hash))
            .key_schema(key("due_at", KeyType::Range))
            .projection(Projection::builder().projection_type(ProjectionType::KeysOnly).build());
        let request = self.client.create_table().table_name(self.name).billing_mode(BillingMode::PayPerRequest);
        let request = request
            .attribute_definitions(attribute("pk", ScalarAttributeType::S))
            .attribute_definitions(attribute("sk", ScalarAttributeType::S))
            .attribute_definitions(attribute("due_pk", ScalarAttributeType::S))
            .attribute_definitions(attribute("due_at", ScalarAttributeType::N))
            .key_schema(key("pk", KeyType::Hash))
            .key_schema(key("sk", KeyType::Range))
            .global_secondary_indexes(due.build().unwrap())
            .tags(Tag::builder().key(TAG.0).value(TAG.1).build().unwrap());
        request.send().await.unwrap();
        for _ in 0..120 {
            let found = self.client.describe_table().table_name(self.name).send().await.unwrap();
            if found.table.unwrap().table_status == Some(TableStatus::Active) {
                break;
            }
            sleep(Duration::from_secs(1)).await;
        }
        let life = TimeToLiveSpecification::builder().enabled(true).attribute_name("expires_at").build().unwrap();
        let request = self.client.update_time_to_live().table_name(self.name).time_to_live_specification(life);
        request.send().await.unwrap();
    }

    async fn put(&self, item: Item) {
        self.client.put_item().table_name(self.name).set_item(Some(item)).send().await.unwrap();
    }

    async fn get(&self, pk: &str, sk: &str) -> Option<Item> {
        let request = self.client.get_item().table_name(self.name).set_key(Some(item(pk, sk, [])));
        request.consistent_read(true).send().await.unwrap().item
    }

    fn put_if<const N: usize>(
        &self,
        item: Item,
        condition: &str,
        values: [(&str, AttributeValue); N],
    ) -> TransactWriteItem {
        let put = Put::builder().table_name(self.name).set_item(Some(item)).condition_expression(condition);
        let put = put.return_values_on_condition_check_failure(OnRefusal::AllOld);
        let put = values.into_iter().fold(put, |put, (name, value)| put.expression_attribute_values(name, value));
        TransactWriteItem::builder().put(put.build().unwrap()).build()
    }

    /// An update of the item `0` of a partition.
    fn update<const N: usize>(
        &self,
        pk: &str,
        expression: &str,
        values: [(&str, AttributeValue); N],
    ) -> aws_sdk_dynamodb::types::builders::UpdateBuilder {
        let update = Update::builder().table_name(self.name).set_key(Some(item(pk, "0", [])));
        let update = update.update_expression(expression);
        values.into_iter().fold(update, |update, (name, value)| update.expression_attribute_values(name, value))
    }

    fn action(&self, update: aws_sdk_dynamodb::types::builders::UpdateBuilder) -> TransactWriteItem {
        TransactWriteItem::builder().update(update.build().unwrap()).build()
    }

    async fn transact(&self, actions: Vec<TransactWriteItem>) -> Result<(), Vec<CancellationReason>> {
        let request = self.client.transact_write_items().set_transact_items(Some(actions));
        let Err(error) = request.send().await else { return Ok(()) };
        match error.into_service_error() {
            TransactWriteItemsError::TransactionCanceledException(cancelled) => {
                Err(cancelled.cancellation_reasons.unwrap())
            }
            other => panic!("{other:?}"),
        }
    }

    async fn refused(&self, actions: Vec<TransactWriteItem>) -> Vec<CancellationReason> {
        self.transact(actions).await.expect_err("it was not refused")
    }

    /// Waits until the index has just these items; it follows the table after a while.
    async fn until_due(&self, now: i64, limit: i32, wanted: &[&str]) {
        let mut found = Vec::new();
        for _ in 0..50 {
            let request = self.client.query().table_name(self.name).index_name("due").limit(limit);
            let request = request.key_condition_expression("due_pk = :due AND due_at <= :now");
            let request = request.expression_attribute_values(":due", text("DUE"));
            let answer = request.expression_attribute_values(":now", number(now)).send().await.unwrap();
            let items = answer.items.unwrap_or_default();
            assert!(items.iter().all(|item| !item.contains_key("x")), "only keys are projected");
            found = items.iter().map(|item| item["sk"].as_s().unwrap().clone()).collect();
            if found == wanted {
                return;
            }
            sleep(Duration::from_millis(200)).await;
        }
        panic!("{found:?} instead of {wanted:?}");
    }
}

fn item<const N: usize>(pk: &str, sk: &str, others: [(&str, AttributeValue); N]) -> Item {
    let keys = [("pk", text(pk)), ("sk", text(sk))];
    keys.into_iter().chain(others).map(|(name, value)| (name.to_owned(), value)).collect()
}

fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

fn numbers<T: ToString>(values: impl IntoIterator<Item = T>) -> AttributeValue {
    AttributeValue::Ns(values.into_iter().map(|value| value.to_string()).collect())
}

fn sorted(set: &AttributeValue) -> Vec<String> {
    let mut values = set.as_ns().unwrap().clone();
    values.sort();
    values
}

async fn removal(suite: &Suite) -> Result<(), String> {
    let client = Client::new(&suite.config);
    let absent = &["ResourceNotFoundException"];
    // A table that is still being made cannot be deleted.
    for _ in 0..120 {
        let deleted = client.delete_table().table_name(&suite.prefix).send().await;
        if !deleted.as_ref().is_err_and(|e| e.as_service_error().is_some_and(|e| e.is_resource_in_use_exception())) {
            return gone(deleted, absent);
        }
        sleep(Duration::from_secs(1)).await;
    }
    Err("the table is in use for two minutes".to_owned())
}
