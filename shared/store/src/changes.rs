//! Changes to a tenant and to what belongs to it: each one transaction, with the audit event that tells of it, on the
//! condition that the tenant is still the one that the caller was let into.

use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, Delete, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
};
use domain::audit::{AuditEvent, Log};
use domain::credential::{ApiTokenId, AutomationKeyId};
use domain::error::Error;
use domain::id::{Sha256Hex, TenantId};
use domain::mail::{Mail, MailId};
use domain::member::{EmailAddress, MemberId};
use domain::permission::Permissions;
use domain::roster::Roster;
use domain::tenant::Tenant;
use serde::Serialize;

use crate::Store;
use crate::api_tokens::ApiTokenRecord;
use crate::automation_keys::AutomationKeyRecord;
use crate::error::unreadable;
use crate::idempotency::IdempotencyRecord;
use crate::keys::ItemKey;
use crate::signing_keys::SealedKey;
use crate::table::{RefusedAction, Transacted, number, read_item};

/// A change to what belongs to a tenant.
#[derive(Clone, Copy, Debug)]
pub enum Edit<'a> {
    /// Adds a person without permissions, and the mail that tells of it.
    AddPerson(&'a EmailAddress, &'a MailId, &'a Mail),
    /// Takes a person out.
    RemovePerson(&'a EmailAddress),
    /// Replaces what a member may do.
    SetPermissions(&'a MemberId, &'a Permissions),
    /// Makes an API token without permissions.
    CreateApiToken(&'a ApiTokenRecord),
    /// Removes an API token: it opens nothing from then on.
    DeleteApiToken(&'a ApiTokenId),
    /// Makes an automation key.
    CreateAutomationKey(&'a AutomationKeyRecord),
    /// Switches an automation key on or off.
    ToggleAutomationKey(&'a AutomationKeyId, bool),
    /// Removes an automation key: it opens nothing from then on.
    DeleteAutomationKey(&'a AutomationKeyId),
    /// Stores a signing key.
    CreateSigningKey(&'a SealedKey),
}

/// What a change leaves behind besides itself.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// Whose log tells of it.
    pub log: &'a Log,
    /// What the log tells.
    pub event: &'a AuditEvent,
    /// Answers the same request again, and where it is kept.
    pub replay: Option<(ReplayOwner<'a>, &'a IdempotencyRecord)>,
}

/// Where the record of a request is kept.
#[derive(Clone, Copy, Debug)]
pub enum ReplayOwner<'a> {
    /// With the tenant that the request concerns.
    Tenant(&'a TenantId),
    /// With the person who made it: there is no tenant yet.
    Person(&'a EmailAddress),
}

/// What became of a change.
#[derive(Debug)]
pub enum Change {
    /// It is made.
    Done,
    /// The tenant has changed since it was read: read it and decide again.
    TenantChanged,
    /// The tenants of the person have changed, or are too many: read them and decide again.
    PersonChanged,
    /// The group mappings have changed since they were read: read them and decide again.
    GroupsChanged,
    /// The version, or what was published of it, has changed since it was read: read it and decide again.
    VersionChanged,
    /// What is to be changed is not there.
    Missing,
    /// The roster does not allow it: the roster as it is.
    Refused(Box<Roster>),
    /// The request was carried out before.
    Repeated(IdempotencyRecord),
}

/// What an action is about, and with it what its refusal means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Tenant,
    Person,
    Subject,
    Roster,
    Groups,
    Version,
}

/// The actions of a change.
pub(crate) type Actions = Vec<(Part, TransactWriteItem)>;

impl Store {
    /// Makes a change, if the tenant is still the one that was read.
    pub async fn edit(&self, tenant: &Tenant, edit: Edit<'_>, record: Record<'_>) -> Result<Change, Error> {
        let now = record.event;
        let mut actions = match edit {
            Edit::AddPerson(person, id, mail) => self.add_person(tenant, person, (id, mail), now)?,
            Edit::RemovePerson(person) => self.remove_person(tenant, person)?,
            Edit::SetPermissions(member, permissions) => self.set_permissions(tenant, member, permissions)?,
            Edit::CreateApiToken(token) => self.create_api_token(tenant, token, now)?,
            Edit::DeleteApiToken(id) => self.delete_api_token(tenant, id)?,
            Edit::CreateAutomationKey(key) => self.create_automation_key(tenant, key)?,
            Edit::ToggleAutomationKey(id, enabled) => self.toggle_automation_key(tenant, id, enabled)?,
            Edit::DeleteAutomationKey(id) => self.delete_automation_key(tenant, id)?,
            Edit::CreateSigningKey(key) => self.create_signing_key(tenant, key)?,
        };
        actions.push(self.tenant_unchanged(tenant)?);
        self.change(actions, record).await
    }

    /// Carries the actions out, all or none, and leaves the record.
    pub(crate) async fn change(&self, actions: Actions, record: Record<'_>) -> Result<Change, Error> {
        let (parts, mut writes): (Vec<Part>, Vec<_>) = actions.into_iter().unzip();
        if let Some((owner, replay)) = record.replay {
            let put = self.put(&owner.key(&replay.scope), replay, [])?;
            let put = put.condition_expression("attribute_not_exists(pk) OR expires_at <= :now");
            let put = put.expression_attribute_values(":now", number(record.event.creation_time));
            writes.push(TransactWriteItem::builder().put(put.build().map_err(Error::internal)?).build());
        }
        let refused = match self.transact_with_event(writes, record.log, record.event).await? {
            Transacted::Committed => return Ok(Change::Done),
            Transacted::Refused(reasons) => reasons,
        };
        if let Some(earlier) = refused.get(parts.len()).and_then(Option::as_ref) {
            return earlier.item.clone().map(read_item).transpose()?.map(Change::Repeated).ok_or_else(lost_item);
        }
        let refusal = |part| parts.iter().zip(&refused).find(|(own, reason)| **own == part && reason.is_some());
        if refusal(Part::Tenant).is_some() {
            return Ok(Change::TenantChanged);
        }
        if refusal(Part::Subject).is_some() {
            return Ok(Change::Missing);
        }
        if refusal(Part::Version).is_some() {
            return Ok(Change::VersionChanged);
        }
        if let Some((_, Some(RefusedAction { item }))) = refusal(Part::Roster) {
            let roster = item.clone().map(read_item).transpose()?.unwrap_or_default();
            return Ok(Change::Refused(Box::new(roster)));
        }
        Ok(if refusal(Part::Groups).is_some() { Change::GroupsChanged } else { Change::PersonChanged })
    }

    /// Holds the tenant as it was read.
    pub(crate) fn tenant_unchanged(&self, tenant: &Tenant) -> Result<(Part, TransactWriteItem), Error> {
        Ok((Part::Tenant, self.unchanged(&ItemKey::Tenant(&tenant.id), Some(tenant.revision))?))
    }

    /// Holds that an item has this revision; with `None`, that it is not there.
    pub(crate) fn unchanged(&self, key: &ItemKey<'_>, revision: Option<u64>) -> Result<TransactWriteItem, Error> {
        let check = ConditionCheck::builder().table_name(&self.names.table).set_key(Some(key.attributes()));
        let check = match revision {
            None => check.condition_expression("attribute_not_exists(pk)"),
            Some(revision) => check
                .condition_expression("revision = :revision")
                .expression_attribute_values(":revision", number(revision)),
        };
        let check = check.build().map_err(Error::internal)?;
        Ok(TransactWriteItem::builder().condition_check(check).build())
    }

    /// Holds that an item is there.
    pub(crate) fn exists(&self, key: &ItemKey<'_>) -> Result<TransactWriteItem, Error> {
        let check = ConditionCheck::builder().table_name(&self.names.table).set_key(Some(key.attributes()));
        let check = check.condition_expression("attribute_exists(pk)").build().map_err(Error::internal)?;
        Ok(TransactWriteItem::builder().condition_check(check).build())
    }

    /// An update of `key`, which answers the item as it was where its condition fails.
    pub(crate) fn update(&self, key: &ItemKey<'_>) -> UpdateBuilder {
        Update::builder()
            .table_name(&self.names.table)
            .set_key(Some(key.attributes()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
    }

    /// A put of an item that is not there yet.
    pub(crate) fn create<T: Serialize>(
        &self,
        key: &ItemKey<'_>,
        value: &T,
        extra: impl IntoIterator<Item = (&'static str, AttributeValue)>,
    ) -> Result<TransactWriteItem, Error> {
        self.put_over(key, value, extra, None)
    }

    /// A put over the item of the revision `before`; with `None`, of an item that is not there yet.
    pub(crate) fn put_over<T: Serialize>(
        &self,
        key: &ItemKey<'_>,
        value: &T,
        extra: impl IntoIterator<Item = (&'static str, AttributeValue)>,
        before: Option<u64>,
    ) -> Result<TransactWriteItem, Error> {
        let put = self.put(key, value, extra)?;
        let put = match before {
            None => put.condition_expression("attribute_not_exists(pk)"),
            Some(before) => {
                put.condition_expression("revision = :before").expression_attribute_values(":before", number(before))
            }
        };
        Ok(TransactWriteItem::builder().put(put.build().map_err(Error::internal)?).build())
    }

    /// A deletion of an item, if it is there.
    pub(crate) fn remove_any(&self, key: &ItemKey<'_>) -> Result<TransactWriteItem, Error> {
        let delete = Delete::builder().table_name(&self.names.table).set_key(Some(key.attributes()));
        Ok(TransactWriteItem::builder().delete(delete.build().map_err(Error::internal)?).build())
    }

    /// A deletion of an item that has to have this revision.
    pub(crate) fn remove_revision(&self, key: &ItemKey<'_>, revision: u64) -> Result<TransactWriteItem, Error> {
        let delete = Delete::builder().table_name(&self.names.table).set_key(Some(key.attributes()));
        let delete = delete.condition_expression("revision = :revision");
        let delete = delete.expression_attribute_values(":revision", number(revision)).build();
        Ok(TransactWriteItem::builder().delete(delete.map_err(Error::internal)?).build())
    }

    /// A deletion of an item that has to be there.
    pub(crate) fn remove(&self, key: &ItemKey<'_>) -> Result<TransactWriteItem, Error> {
        let delete = Delete::builder().table_name(&self.names.table).set_key(Some(key.attributes()));
        let delete = delete.condition_expression("attribute_exists(pk)").build().map_err(Error::internal)?;
        Ok(TransactWriteItem::builder().delete(delete).build())
    }
}

impl ReplayOwner<'_> {
    pub(crate) const fn key<'k>(&'k self, scope: &'k Sha256Hex) -> ItemKey<'k> {
        match self {
            Self::Tenant(tenant) => ItemKey::Idempotency(tenant, scope),
            Self::Person(person) => ItemKey::PersonIdempotency(person, scope),
        }
    }
}

/// An update as an action.
pub(crate) fn updated(builder: UpdateBuilder) -> Result<TransactWriteItem, Error> {
    Ok(TransactWriteItem::builder().update(builder.build().map_err(Error::internal)?).build())
}

/// A string set of one.
pub(crate) fn only(text: impl ToString) -> AttributeValue {
    AttributeValue::Ss(vec![text.to_string()])
}

fn lost_item() -> Error {
    unreadable("a refused write", "the item was not returned")
}
