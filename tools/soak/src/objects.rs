//! What is stored: every item of the table, every object and every open multipart upload.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use anyhow::Context as _;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::application::Application;
use domain::job::Job;
use domain::ledger::Ledger;
use local::aws;
use serde_dynamo::aws_sdk_dynamodb_1::from_item;

use crate::stack::Stack;

pub(crate) type Item = HashMap<String, AttributeValue>;
/// Tenant and job, as they stand in keys.
pub(crate) type Name = (String, String);

/// The table, sorted by what its items are.
#[derive(Default)]
pub(crate) struct Table {
    pub(crate) jobs: BTreeMap<Name, Job>,
    pub(crate) ledgers: BTreeMap<String, Ledger>,
    /// Progress of these jobs.
    pub(crate) progress: BTreeSet<Name>,
    /// Applications, by tenant and id.
    pub(crate) applications: BTreeMap<Name, Application>,
    /// The builds of applications: tenant, and application with job.
    pub(crate) entries: BTreeSet<(String, Name)>,
    /// Jobs that idempotency records name.
    pub(crate) remembered: BTreeSet<Name>,
    /// Tenant and digest of the documents that versions point at.
    pub(crate) configurations: BTreeSet<Name>,
    /// Items in the index of due jobs.
    pub(crate) due: Vec<Name>,
    /// Items of no known kind.
    pub(crate) unknown: Vec<Name>,
}

/// Reads the whole table.
pub(crate) async fn scan(stack: &Stack) -> anyhow::Result<Table> {
    let client = aws_sdk_dynamodb::Client::new(&stack.config);
    let request = client.scan().table_name(&stack.resources.names.table).consistent_read(true);
    let mut pages = request.into_paginator().items().send();
    let mut table = Table::default();
    while let Some(item) = pages.next().await {
        table.add(item?)?;
    }
    Ok(table)
}

impl Table {
    fn add(&mut self, item: Item) -> anyhow::Result<()> {
        let (pk, sk) = (text(&item, "pk"), text(&item, "sk"));
        if item.contains_key("due_pk") {
            self.due.push((pk.clone(), sk.clone()));
        }
        let tenant = pk.strip_prefix("TENANT#").unwrap_or_default().to_owned();
        match sk.split('#').collect::<Vec<_>>()[..] {
            ["TENANT" | "AUTOMATION_KEY" | "ROSTER" | "PERSON"] | ["SIGNING_KEY" | "MEMBER", _] => {}
            ["LEDGER"] => {
                self.ledgers.insert(tenant, from_item(item)?);
            }
            ["CONFIGURATION", _] => {
                self.configurations.insert((tenant, text(&item, "digest")));
            }
            ["JOB", job] => {
                let name = (tenant, job.to_owned());
                self.jobs.insert(name, from_item(item).with_context(|| format!("{pk} {sk}"))?);
            }
            ["JOB", job, "PROGRESS"] => {
                self.progress.insert((tenant, job.to_owned()));
            }
            ["APPLICATION", id] => {
                self.applications.insert((tenant, id.to_owned()), from_item(item)?);
            }
            ["APPLICATION_BUILD", id, job] => {
                self.entries.insert((tenant, (id.to_owned(), job.to_owned())));
            }
            ["IDEMPOTENCY", _] => {
                let created = item.get("created").and_then(|created| created.as_m().ok());
                self.remembered.insert((tenant, created.map(|created| text(created, "job")).unwrap_or_default()));
            }
            _ => self.unknown.push((pk, sk)),
        }
        Ok(())
    }
}

fn text(item: &Item, name: &str) -> String {
    match item.get(name) {
        Some(AttributeValue::S(text) | AttributeValue::N(text)) => text.clone(),
        _ => String::new(),
    }
}

/// The keys of a bucket's objects.
pub(crate) async fn list(stack: &Stack, bucket: &str) -> anyhow::Result<BTreeSet<String>> {
    let mut pages = aws::s3(&stack.config).list_objects_v2().bucket(bucket).into_paginator().send();
    let mut keys = BTreeSet::new();
    while let Some(page) = pages.next().await {
        keys.extend(page?.contents.unwrap_or_default().into_iter().filter_map(|object| object.key));
    }
    Ok(keys)
}

/// The keys of a bucket's open multipart uploads.
pub(crate) async fn open_uploads(stack: &Stack, bucket: &str) -> anyhow::Result<Vec<String>> {
    let answer = aws::s3(&stack.config).list_multipart_uploads().bucket(bucket).send().await?;
    Ok(answer.uploads.unwrap_or_default().into_iter().filter_map(|upload| upload.key).collect())
}
