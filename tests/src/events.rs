//! Audit events, read from their table past the store.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::scan::builders::ScanFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::audit::AuditEvent;
use serde_dynamo::aws_sdk_dynamodb_1::from_item;

use crate::harness::Bench;

/// An event with the log it stands in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logged {
    /// `TENANT#…` or `MEMBER#…`.
    pub log: String,
    /// The event.
    pub event: AuditEvent,
}

/// Tells which events are new.
#[derive(Debug)]
pub struct Events {
    client: Client,
    table: String,
    known: BTreeSet<(String, u64)>,
}

impl Bench {
    /// From now on, events are new.
    pub async fn events(&self) -> Events {
        let (client, table) = (Client::new(&self.config), self.stack.names.events_table.clone());
        let mut events = Events { client, table, known: BTreeSet::new() };
        events.unseen().await;
        events
    }

    /// Every event of a caller's own calls, in whatever log, in the order of their numbers.
    pub async fn events_of(&self, user_id: &str) -> Vec<Logged> {
        let scan = Client::new(&self.config).scan().table_name(&self.stack.names.events_table);
        let scan = scan.filter_expression("user_id = :user");
        let scan = scan.expression_attribute_values(":user", AttributeValue::S(user_id.to_owned()));
        let mut events = read(scan).await;
        events.sort_by_key(|logged| logged.event.event);
        events
    }

    /// Every item of both tables as text, with binary values as texts of their bytes.
    pub async fn stored(&self) -> Vec<String> {
        let client = Client::new(&self.config);
        let mut found = Vec::new();
        for table in [&self.stack.names.table, &self.stack.names.events_table] {
            let mut items = client.scan().table_name(table).into_paginator().items().send();
            while let Some(item) = items.next().await {
                let item = item.expect("an item");
                let bytes = item.values().filter_map(|value| value.as_b().ok());
                let bytes: Vec<_> = bytes.map(|bytes| String::from_utf8_lossy(bytes.as_ref()).into_owned()).collect();
                found.push(format!("{item:?} {bytes:?}"));
            }
        }
        found
    }

    /// The events of the tenant's log after the one with this number, in the order of their numbers.
    pub async fn events_after(&self, number: u64) -> Vec<Logged> {
        let query = Client::new(&self.config).query().table_name(&self.stack.names.events_table);
        let query = query.key_condition_expression("pk = :log AND #event > :number").consistent_read(true);
        let query = query.expression_attribute_names("#event", "event");
        let query = query.expression_attribute_values(":log", AttributeValue::S(format!("AUDIT#{}", self.log())));
        let query = query.expression_attribute_values(":number", AttributeValue::N(number.to_string()));
        let mut pages = query.into_paginator().items().send();
        let mut found = Vec::new();
        while let Some(item) = pages.next().await {
            found.push(logged(item.expect("an item")));
        }
        found
    }

    /// The name of the tenant's log.
    pub fn log(&self) -> String {
        format!("TENANT#{}", self.tenant.id)
    }
}

impl Events {
    /// The events since the last look, in the order of log and number.
    pub async fn unseen(&mut self) -> Vec<Logged> {
        let mut found = read(self.client.scan().table_name(&self.table)).await;
        found.retain(|logged| self.known.insert((logged.log.clone(), logged.event.event.value())));
        found
    }

    /// The one event since the last look.
    pub async fn one(&mut self, place: &str) -> Logged {
        let mut new = self.unseen().await;
        assert_eq!(new.len(), 1, "{place}: {new:?}");
        new.remove(0)
    }
}

async fn read(scan: ScanFluentBuilder) -> Vec<Logged> {
    let mut pages = scan.consistent_read(true).into_paginator().items().send();
    let mut found = Vec::new();
    while let Some(item) = pages.next().await {
        found.push(logged(item.expect("an item")));
    }
    found.sort_by_key(|logged| (logged.log.clone(), logged.event.event));
    found
}

fn logged(mut item: HashMap<String, AttributeValue>) -> Logged {
    let key = item.remove("pk").expect("a log");
    let log = key.as_s().expect("a text").strip_prefix("AUDIT#").expect("a log").to_owned();
    let kept = item.remove("expires_at").expect("an end");
    let event: AuditEvent = from_item(item).expect("an event");
    let kept: i64 = kept.as_n().expect("a number").parse().expect("a number");
    assert_eq!(kept, event.creation_time + 400 * 24 * 3600, "kept for 400 days");
    Logged { log, event }
}
