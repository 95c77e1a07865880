//! The purge of a tenant: what is found of it in both tables, and its removal. `sweep` does the same in storage.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::builders::DeleteBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, Delete, TransactWriteItem};
use domain::audit::Log;
use domain::error::Error;
use domain::id::TenantId;
use domain::job::Job;
use domain::member::{EmailAddress, MemberId};
use domain::purge::{Purge, Receipt};
use domain::roster::Roster;
use domain::sales_contact::Asker;
use domain::tenant::Tenant;

use crate::Store;
use crate::error::failed;
use crate::keys::{ItemKey, JOBS, audit_partition, partition};
use crate::table::{Item, Transacted, first, number, string, text_of};

/// Items of one page.
const PAGE: i32 = 500;
/// What goes last, together.
const LAST: [&str; 3] = ["TENANT", "ROSTER", "PURGE"];

/// Sets of a roster that have to be empty before a tenant goes.
const SETS: [&str; 3] = ["people", "tokens", "keys"];

/// An item that was found.
#[derive(Clone, Debug)]
pub struct Found {
    /// Its sort key; numbers are padded, so that all sort as they do in the table.
    pub name: String,
    key: Item,
}

impl Store {
    /// How far the purge of a tenant is, if it has begun.
    pub async fn purge(&self, tenant: &TenantId) -> Result<Option<Purge>, Error> {
        self.read(ItemKey::Purge(tenant)).await
    }

    /// What was left of a tenant, if it was purged.
    pub async fn receipt(&self, tenant: &TenantId) -> Result<Option<Receipt>, Error> {
        self.read(ItemKey::Receipt(tenant)).await
    }

    /// Begins a purge, if `tenant` is still as it was read but for what it says of the purge. From then on it cannot be
    /// restored. `false`: it has changed.
    pub async fn begin_purge(&self, tenant: &Tenant, purge: &Purge) -> Result<bool, Error> {
        let begun = self.create(&ItemKey::Purge(&tenant.id), purge, [])?;
        Ok(is_done(&self.transact(vec![self.tenant_put(tenant)?, begun]).await?))
    }

    /// Writes how far a purge is. `false`: another run has written since it was read.
    pub async fn continue_purge(&self, tenant: &TenantId, purge: &mut Purge) -> Result<bool, Error> {
        let before = purge.revision;
        purge.revision += 1;
        let put = self.put_over(&ItemKey::Purge(tenant), purge, [], Some(before))?;
        Ok(is_done(&self.transact(vec![put]).await?))
    }

    /// Removes what lets keys, tokens and people in.
    pub async fn shut_out(&self, tenant: &TenantId, roster: &Roster) -> Result<(), Error> {
        let tokens: Vec<MemberId> = roster.tokens.iter().cloned().map(MemberId::Token).collect();
        let people: Vec<MemberId> = roster.people.iter().cloned().map(MemberId::Person).collect();
        let keys = roster.keys.iter().map(ItemKey::AutomationKey).chain(roster.tokens.iter().map(ItemKey::ApiToken));
        let keys = keys.chain(tokens.iter().chain(&people).map(|member| ItemKey::Member(tenant, member)));
        self.delete_all(&self.names.table, keys.map(|key| key.attributes()).collect()).await
    }

    /// Takes a tenant out of those of a person, and removes what is known of a person without any.
    pub async fn forget_membership(&self, tenant: &TenantId, person: &EmailAddress) -> Result<(), Error> {
        let leaves = self.leaves(tenant, person).condition_expression("contains(tenants, :tenant)");
        self.update_if(leaves.expression_attribute_values(":tenant", string(tenant.as_str()))).await?;
        let asked = self.remove_any(&ItemKey::SalesContact(&Asker::Person(person.clone())))?;
        let person = self.deletion(&ItemKey::Person(person)).condition_expression("attribute_not_exists(tenants)");
        self.transact(vec![deleted(person)?, asked]).await.map(drop)
    }

    /// Takes everybody and everything that `gone` names out of the roster.
    pub async fn strike(&self, tenant: &TenantId, gone: &Roster) -> Result<(), Error> {
        let sets = [
            ("people", texts(&gone.people)),
            ("admins", texts(&gone.admins)),
            ("tokens", texts(&gone.tokens)),
            ("keys", texts(&gone.keys)),
        ];
        let (mut update, mut parts) = (self.update(&ItemKey::Roster(tenant)), Vec::new());
        for (name, set) in sets.into_iter().filter(|(_, set)| !set.is_empty()) {
            parts.push(format!("#{name} :{name}"));
            update = update.expression_attribute_names(format!("#{name}"), name);
            update = update.expression_attribute_values(format!(":{name}"), AttributeValue::Ss(set));
        }
        if parts.is_empty() {
            return Ok(());
        }
        let update = update.condition_expression("attribute_exists(pk)");
        self.update_if(update.update_expression(format!("DELETE {}", parts.join(", ")))).await.map(drop)
    }

    /// Jobs that have not ended, or have and were not tidied: those at which a worker may still be.
    pub async fn untidy_jobs(&self, tenant: &TenantId) -> Result<Vec<Job>, Error> {
        first(self.query_under(tenant, JOBS).filter_expression("attribute_exists(due_at)"), usize::MAX).await
    }

    /// A page of the items that are found through a tenant, but for those that go last. Empty where there are no more.
    pub async fn tenant_items(&self, tenant: &TenantId) -> Result<Vec<Found>, Error> {
        self.page_of(&self.names.table, partition(tenant), "sk", &LAST).await
    }

    /// A page of the events of a tenant's log. Empty where there are no more.
    pub async fn tenant_events(&self, tenant: &TenantId) -> Result<Vec<Found>, Error> {
        let log = audit_partition(&Log::Tenant(tenant.clone()));
        self.page_of(&self.names.events_table, log, "event", &[]).await
    }

    /// Removes items of [`Self::tenant_items`].
    pub async fn remove_items(&self, found: &[Found]) -> Result<(), Error> {
        self.delete_all(&self.names.table, found.iter().map(|found| found.key.clone()).collect()).await
    }

    /// Removes events of [`Self::tenant_events`].
    pub async fn remove_events(&self, found: &[Found]) -> Result<(), Error> {
        self.delete_all(&self.names.events_table, found.iter().map(|found| found.key.clone()).collect()).await
    }

    /// Removes a tenant of which nothing else is left, and leaves the receipt. `false`: there is something.
    pub async fn end_purge(&self, tenant: &Tenant, purge: &Purge, receipt: &Receipt) -> Result<bool, Error> {
        let id = &tenant.id;
        let revised = |key: &ItemKey<'_>, revision: u64| {
            let delete = self.deletion(key).condition_expression("revision = :seen");
            deleted(delete.expression_attribute_values(":seen", number(revision)))
        };
        let empty = SETS.map(|set| format!("attribute_not_exists(#{set})")).join(" AND ");
        let named = |roster: DeleteBuilder, set: &&str| roster.expression_attribute_names(format!("#{set}"), *set);
        let roster = SETS.iter().fold(self.deletion(&ItemKey::Roster(id)), named).condition_expression(empty);
        let actions = vec![
            self.put_action(&ItemKey::Receipt(id), receipt)?,
            revised(&ItemKey::Tenant(id), tenant.revision)?,
            revised(&ItemKey::Purge(id), purge.revision)?,
            deleted(roster)?,
        ];
        Ok(is_done(&self.transact(actions).await?))
    }

    async fn page_of(&self, table: &str, pk: String, sort: &'static str, kept: &[&str]) -> Result<Vec<Found>, Error> {
        let request = self.clients.dynamodb.query().table_name(table).consistent_read(true).limit(PAGE);
        let request = request.key_condition_expression("pk = :pk").projection_expression("pk, #sort");
        let request = request.expression_attribute_names("#sort", sort);
        let request = request.expression_attribute_values(":pk", string(pk));
        let mut from = None;
        loop {
            let answer = request.clone().set_exclusive_start_key(from).send().await.map_err(failed("Query"))?;
            let items = answer.items.unwrap_or_default().into_iter();
            let found = items.map(|key| Found { name: sorted_text(&key, sort), key });
            let found: Vec<Found> = found.filter(|found| !kept.contains(&found.name.as_str())).collect();
            from = answer.last_evaluated_key;
            if !found.is_empty() || from.is_none() {
                return Ok(found);
            }
        }
    }

    fn deletion(&self, key: &ItemKey<'_>) -> DeleteBuilder {
        Delete::builder().table_name(&self.names.table).set_key(Some(key.attributes()))
    }
}

fn deleted(delete: DeleteBuilder) -> Result<TransactWriteItem, Error> {
    Ok(TransactWriteItem::builder().delete(delete.build().map_err(Error::internal)?).build())
}

const fn is_done(transacted: &Transacted) -> bool {
    matches!(transacted, Transacted::Committed)
}

fn texts<T: ToString>(set: &BTreeSet<T>) -> Vec<String> {
    set.iter().map(ToString::to_string).collect()
}

/// A sort key as text that sorts alike: digits of numbers stand below each other.
fn sorted_text(key: &Item, sort: &str) -> String {
    match key.get(sort) {
        Some(AttributeValue::N(digits)) => format!("{digits:0>20}"),
        _ => text_of(key, sort),
    }
}
