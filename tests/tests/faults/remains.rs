//! Everything that a stack holds, to compare before and after.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::operation::scan::builders::ScanFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::id::TenantId;

use crate::world::World;

/// Attributes as text.
pub(crate) type Item = BTreeMap<String, String>;

/// By table or bucket and key: an item, the digest of an object, an unfinished upload.
pub(crate) struct Holdings(BTreeMap<String, String>);

impl World {
    /// Everything in both tables and both buckets.
    pub(crate) async fn holdings(&self) -> Holdings {
        let names = &self.bench.stack.names;
        let mut all = BTreeMap::new();
        for table in [&names.table, &names.events_table] {
            for item in read(self.dynamodb.scan().table_name(table)).await {
                let sort = item.get("sk").or_else(|| item.get("event")).unwrap();
                all.insert(format!("{table} {} {sort}", item["pk"]), format!("{item:?}"));
            }
        }
        for bucket in [&names.uploads_bucket, &names.artifacts_bucket] {
            let mut pages = self.s3.list_objects_v2().bucket(bucket).into_paginator().send();
            while let Some(page) = pages.next().await {
                for object in page.unwrap().contents.unwrap_or_default() {
                    // Of an object that was put in one piece, the MD5 of its bytes.
                    let (key, digest) = (object.key.unwrap(), object.e_tag.unwrap());
                    all.insert(format!("{bucket} {key}"), digest);
                }
            }
            let listed = self.s3.list_multipart_uploads().bucket(bucket).send().await.unwrap();
            for upload in listed.uploads() {
                let (key, id) = (upload.key().unwrap(), upload.upload_id().unwrap());
                all.insert(format!("{bucket} {key} {id}"), "unfinished".to_owned());
            }
        }
        Holdings(all)
    }
}

impl World {
    /// Makes an item of a tenant unreadable.
    pub(crate) async fn damage(&self, tenant: &TenantId, sk: &str) {
        let item = [("pk", format!("TENANT#{tenant}")), ("sk", sk.to_owned()), ("people", "damaged".to_owned())];
        let item = item.map(|(name, value)| (name.to_owned(), AttributeValue::S(value)));
        let request = self.dynamodb.put_item().table_name(&self.bench.stack.names.table);
        request.set_item(Some(item.into())).send().await.unwrap();
    }
}

impl Holdings {
    /// Whatever names the tenant.
    pub(crate) fn of(&self, tenant: &TenantId) -> Self {
        self.only(|line| line.contains(tenant.as_str()))
    }

    /// Whatever does not.
    pub(crate) fn without(&self, tenant: &TenantId) -> Self {
        self.only(|line| !line.contains(tenant.as_str()))
    }

    /// Without what is kept of people: their tenants, and the log of their calls that concern none.
    pub(crate) fn without_people(&self) -> Self {
        self.only(|line| !line.contains(" PERSON#") && !line.contains(" AUDIT#MEMBER#"))
    }

    /// Nothing was added, removed or changed.
    pub(crate) fn assert_kept(&self, before: &Self) {
        let places = self.0.keys().chain(before.0.keys());
        let changed: BTreeSet<&String> = places.filter(|place| self.0.get(*place) != before.0.get(*place)).collect();
        assert!(changed.is_empty(), "{changed:?}");
    }

    /// The places.
    pub(crate) fn places(&self) -> Vec<&str> {
        self.0.keys().map(String::as_str).collect()
    }

    fn only(&self, wanted: impl Fn(&str) -> bool) -> Self {
        let keep = |(place, value): (&String, &String)| {
            wanted(&format!("{place} {value}")).then(|| (place.clone(), value.clone()))
        };
        Self(self.0.iter().filter_map(keep).collect())
    }
}

/// The items that a scan finds.
pub(crate) async fn read(scan: ScanFluentBuilder) -> Vec<Item> {
    let mut pages = scan.consistent_read(true).into_paginator().items().send();
    let mut items = Vec::new();
    while let Some(item) = pages.next().await {
        items.push(item.unwrap().into_iter().map(|(name, value)| (name, plain(value))).collect());
    }
    items
}

/// An attribute as text, sets in their order.
fn plain(value: AttributeValue) -> String {
    match value {
        AttributeValue::S(text) | AttributeValue::N(text) => text,
        AttributeValue::Ss(mut set) | AttributeValue::Ns(mut set) => {
            set.sort();
            format!("{set:?}")
        }
        AttributeValue::M(map) => {
            let map: BTreeMap<String, String> = map.into_iter().map(|(name, value)| (name, plain(value))).collect();
            format!("{map:?}")
        }
        AttributeValue::L(list) => format!("{:?}", list.into_iter().map(plain).collect::<Vec<_>>()),
        other => format!("{other:?}"),
    }
}
