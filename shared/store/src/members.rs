//! Members of a tenant, its roster, and the tenants of each person.

use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use domain::audit::AuditEvent;
use domain::error::Error;
use domain::id::TenantId;
use domain::mail::{Mail, MailId};
use domain::member::{EmailAddress, MemberId};
use domain::permission::{Permission, Permissions};
use domain::person::{MOST_TENANTS, Memberships};
use domain::roster::Roster;
use domain::tenant::Tenant;
use serde::{Deserialize, Serialize};
use serde_dynamo::aws_sdk_dynamodb_1::to_attribute_value;

use crate::Store;
use crate::changes::{Actions, Change, Part, Record, only, updated};
use crate::error::unreadable;
use crate::keys::{ItemKey, PERSON_MEMBERS, TOKEN_MEMBERS};
use crate::table::{number, read_item, string};

/// The condition under which somebody may lose Users & API Management.
const NOT_THE_LAST: &str = "(NOT contains(admins, :id) OR size(admins) > :one)";
/// And that where people have to sign in through the identity provider.
const NOT_BREAKGLASS: &str = " AND (attribute_not_exists(breakglass) OR breakglass <> :id)";

/// A member of a tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberRecord {
    /// Who it is.
    pub user_id: MemberId,
    /// What it may do.
    pub permissions: Permissions,
    /// Unix seconds.
    pub created_at: i64,
    /// Who added it.
    pub created_by: String,
}

/// Which members to list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Members {
    /// Those who sign in.
    People,
    /// API tokens.
    Tokens,
}

impl Store {
    /// A tenant with one of its members, both as they are now, in one request.
    pub async fn tenant_and_member(
        &self,
        tenant: &TenantId,
        member: &MemberId,
    ) -> Result<(Option<Tenant>, Option<MemberRecord>), Error> {
        let mut items = self.read_all(vec![ItemKey::Tenant(tenant), ItemKey::Member(tenant, member)]).await?;
        let member = items.pop().flatten().map(read_item).transpose()?;
        Ok((items.pop().flatten().map(read_item).transpose()?, member))
    }

    /// A member, if the tenant has it.
    pub async fn member(&self, tenant: &TenantId, member: &MemberId) -> Result<Option<MemberRecord>, Error> {
        self.read(ItemKey::Member(tenant, member)).await
    }

    /// The members of a tenant, in the order of their ids.
    pub async fn members(&self, tenant: &TenantId, which: Members) -> Result<Vec<MemberRecord>, Error> {
        let prefix = match which {
            Members::People => PERSON_MEMBERS,
            Members::Tokens => TOKEN_MEMBERS,
        };
        self.under(tenant, prefix).await
    }

    /// The roster of a tenant; empty where there is no tenant.
    pub async fn roster(&self, tenant: &TenantId) -> Result<Roster, Error> {
        Ok(self.read(ItemKey::Roster(tenant)).await?.unwrap_or_default())
    }

    /// The tenants that a person belongs to.
    pub async fn memberships(&self, person: &EmailAddress) -> Result<Memberships, Error> {
        Ok(self.read(ItemKey::Person(person)).await?.unwrap_or_default())
    }

    /// Makes a tenant with its owner, who may do everything, if the owner's tenants are still `seen`.
    pub async fn create_tenant(
        &self,
        tenant: &Tenant,
        owner: &EmailAddress,
        seen: &Memberships,
        record: Record<'_>,
    ) -> Result<Change, Error> {
        let id = &tenant.id;
        let member = MemberRecord {
            user_id: MemberId::Person(owner.clone()),
            permissions: Permissions::all(),
            created_at: record.event.creation_time,
            created_by: owner.to_string(),
        };
        let joins =
            self.joins(id, owner, record.event).condition_expression("attribute_not_exists(pk) OR revision = :seen");
        let joins = joins.expression_attribute_values(":seen", number(seen.revision));
        let actions = vec![
            (Part::Tenant, self.create(&ItemKey::Tenant(id), tenant, [])?),
            (Part::Subject, updated(self.roster_of(id, owner))?),
            (Part::Subject, self.create(&ItemKey::Member(id, &member.user_id), &member, [])?),
            (Part::Person, updated(joins)?),
        ];
        self.change(actions, record).await
    }

    pub(crate) fn add_person(
        &self,
        tenant: &Tenant,
        person: &EmailAddress,
        (mail_id, mail): (&MailId, &Mail),
        event: &AuditEvent,
    ) -> Result<Actions, Error> {
        let id = &tenant.id;
        let member = MemberRecord {
            user_id: MemberId::Person(person.clone()),
            permissions: Permissions::default(),
            created_at: event.creation_time,
            created_by: event.user_id.clone(),
        };
        let roster = self
            .update(&ItemKey::Roster(id))
            .update_expression("ADD people :ids")
            .condition_expression("NOT contains(people, :id) AND size(people) < :most")
            .expression_attribute_values(":ids", only(person))
            .expression_attribute_values(":id", string(person.as_str()))
            .expression_attribute_values(":most", number(tenant.max_users()));
        // A set that becomes empty is gone.
        let free = "attribute_not_exists(tenants) OR size(tenants) < :most";
        let joins = self.joins(id, person, event).condition_expression(free);
        let joins = joins.expression_attribute_values(":most", number(MOST_TENANTS));
        Ok(vec![
            (Part::Roster, updated(roster)?),
            (Part::Person, updated(joins)?),
            (Part::Subject, self.put_action(&ItemKey::Member(id, &member.user_id), &member)?),
            (Part::Subject, self.mail_put(id, mail_id, mail, event.creation_time)?),
        ])
    }

    pub(crate) fn set_permissions(
        &self,
        tenant: &Tenant,
        member: &MemberId,
        permissions: &Permissions,
    ) -> Result<Actions, Error> {
        let keys = to_attribute_value(permissions).map_err(|error| unreadable("permissions to be written", error))?;
        let subject = self
            .update(&ItemKey::Member(&tenant.id, member))
            .update_expression("SET #permissions = :permissions")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_names("#permissions", "permissions")
            .expression_attribute_values(":permissions", keys);
        let mut actions = vec![(Part::Subject, updated(subject)?)];
        if let MemberId::Person(person) = member {
            let administers = permissions.has(Permission::UserAndApiManagement);
            actions.push((Part::Roster, self.administers(tenant, person, administers)?));
        }
        Ok(actions)
    }

    pub(crate) fn remove_person(&self, tenant: &Tenant, person: &EmailAddress) -> Result<Actions, Error> {
        let member = MemberId::Person(person.clone());
        let roster = self.dismissal(tenant, person).update_expression("DELETE people :ids, admins :ids");
        Ok(vec![
            (Part::Subject, self.remove(&ItemKey::Member(&tenant.id, &member))?),
            (Part::Roster, updated(roster)?),
            (Part::Person, updated(self.leaves(&tenant.id, person))?),
            // Who comes back begins anew.
            self.next_conversation(&tenant.id, &member)?,
        ])
    }

    /// An update, because only that makes sets.
    fn roster_of(&self, tenant: &TenantId, owner: &EmailAddress) -> UpdateBuilder {
        self.update(&ItemKey::Roster(tenant))
            .update_expression("ADD people :ids, admins :ids")
            .condition_expression("attribute_not_exists(pk)")
            .expression_attribute_values(":ids", only(owner))
    }

    fn administers(&self, tenant: &Tenant, person: &EmailAddress, does: bool) -> Result<TransactWriteItem, Error> {
        if !does {
            return updated(self.dismissal(tenant, person).update_expression("DELETE admins :ids"));
        }
        let roster = self.update(&ItemKey::Roster(&tenant.id)).update_expression("ADD admins :ids");
        let roster = roster.condition_expression("contains(people, :id)");
        let roster = roster.expression_attribute_values(":id", string(person.as_str()));
        updated(roster.expression_attribute_values(":ids", only(person)))
    }

    fn dismissal(&self, tenant: &Tenant, person: &EmailAddress) -> UpdateBuilder {
        let breakglass = if tenant.enforced_sso().is_some() { NOT_BREAKGLASS } else { "" };
        self.update(&ItemKey::Roster(&tenant.id))
            .condition_expression(format!("{NOT_THE_LAST}{breakglass}"))
            .expression_attribute_values(":ids", only(person))
            .expression_attribute_values(":id", string(person.as_str()))
            .expression_attribute_values(":one", AttributeValue::N("1".to_owned()))
    }

    /// Revisions begin with the microsecond of the event: what was removed and is made again never bears an earlier one.
    fn joins(&self, tenant: &TenantId, person: &EmailAddress, event: &AuditEvent) -> UpdateBuilder {
        self.memberships_update(tenant, person)
            .update_expression("ADD tenants :tenants SET revision = if_not_exists(revision, :begin) + :one")
            .expression_attribute_values(":begin", number(event.event.value()))
    }

    pub(crate) fn leaves(&self, tenant: &TenantId, person: &EmailAddress) -> UpdateBuilder {
        self.memberships_update(tenant, person).update_expression("DELETE tenants :tenants ADD revision :one")
    }

    fn memberships_update(&self, tenant: &TenantId, person: &EmailAddress) -> UpdateBuilder {
        self.update(&ItemKey::Person(person))
            .expression_attribute_values(":tenants", only(tenant))
            .expression_attribute_values(":one", AttributeValue::N("1".to_owned()))
    }
}
