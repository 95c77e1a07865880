//! Sign-in through a tenant's identity provider: its settings, and what its groups may do.

use aws_sdk_dynamodb::types::TransactWriteItem;
use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use domain::error::Error;
use domain::id::TenantId;
use domain::saml::SamlSettings;
use domain::saml::groups::GroupMappings;
use domain::tenant::{SsoOnly, Tenant};

use crate::Store;
use crate::changes::{Change, Part, Record, updated};
use crate::keys::ItemKey;
use crate::table::{number, string};

impl Store {
    /// The tenant's settings, if it has any.
    pub async fn saml_settings(&self, tenant: &TenantId) -> Result<Option<SamlSettings>, Error> {
        self.read(ItemKey::Saml(tenant)).await
    }

    /// The tenant's group mappings, none of them where none was ever made.
    pub async fn group_mappings(&self, tenant: &TenantId) -> Result<GroupMappings, Error> {
        Ok(self.read(ItemKey::SamlGroups(tenant)).await?.unwrap_or_default())
    }

    /// Replaces the settings, and with them what `tenant` says of sign-ins and who its roster holds as break-glass account.
    pub async fn save_saml_settings(
        &self,
        tenant: &Tenant,
        settings: &SamlSettings,
        record: Record<'_>,
    ) -> Result<Change, Error> {
        let roster = match settings.sso_only() {
            Some(SsoOnly { breakglass }) => self
                .update(&ItemKey::Roster(&tenant.id))
                .update_expression("SET breakglass = :id")
                .condition_expression("contains(admins, :id)")
                .expression_attribute_values(":id", string(breakglass.as_str())),
            None => self.without_breakglass(&tenant.id),
        };
        let actions = vec![
            (Part::Subject, self.put_action(&ItemKey::Saml(&tenant.id), settings)?),
            (Part::Roster, updated(roster)?),
        ];
        self.change_tenant_with(tenant, actions, record).await
    }

    /// Removes the settings, which have to be there, and `groups`, which are those that were read, without their mappings.
    pub async fn delete_saml_settings(
        &self,
        tenant: &Tenant,
        groups: &GroupMappings,
        record: Record<'_>,
    ) -> Result<Change, Error> {
        let actions = vec![
            (Part::Subject, self.remove(&ItemKey::Saml(&tenant.id))?),
            (Part::Roster, updated(self.without_breakglass(&tenant.id))?),
            self.groups_put(&tenant.id, groups)?,
        ];
        self.change_tenant_with(tenant, actions, record).await
    }

    /// Replaces the group mappings, if they are still those whose revision `groups` bears. The new ones bear the next.
    pub async fn save_group_mappings(
        &self,
        tenant: &Tenant,
        groups: &GroupMappings,
        record: Record<'_>,
    ) -> Result<Change, Error> {
        self.change(vec![self.tenant_unchanged(tenant)?, self.groups_put(&tenant.id, groups)?], record).await
    }

    fn without_breakglass(&self, tenant: &TenantId) -> UpdateBuilder {
        self.update(&ItemKey::Roster(tenant)).update_expression("REMOVE breakglass")
    }

    fn groups_put(&self, tenant: &TenantId, groups: &GroupMappings) -> Result<(Part, TransactWriteItem), Error> {
        let before = groups.revision;
        let after = GroupMappings { revision: before + 1, ..groups.clone() };
        let put = self.put(&ItemKey::SamlGroups(tenant), &after, [])?;
        let put = put.condition_expression("attribute_not_exists(pk) OR revision = :before");
        let put = put.expression_attribute_values(":before", number(before)).build().map_err(Error::internal)?;
        Ok((Part::Groups, TransactWriteItem::builder().put(put).build()))
    }
}

#[cfg(test)]
mod tests {
    use domain::saml::groups::GroupRequest;
    use domain::time::at;
    use serde_dynamo::aws_sdk_dynamodb_1::to_item;
    use serde_json::json;

    use super::*;
    use crate::table::{Item, read_item};

    /// The item of a value, under its key.
    fn item(value: impl serde::Serialize, key: ItemKey<'_>) -> Item {
        let mut item: Item = to_item(value).unwrap();
        item.extend(key.attributes());
        item
    }

    #[test]
    fn settings_read_back_with_and_without_an_account_for_emergencies() {
        let tenant = TenantId::from_bits(1);
        let mut stored = json!({
            "entity_id": "https://idp.example.com",
            "sso_url": "https://idp.example.com/sso",
            "x509_cert": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
            "use_group_authorization": true,
            "group_attribute_name": "groups",
            "enabled": true,
            "enforce_sso_only": true,
            "breakglass_account": "owner@example.com",
            "updated_at": 1_732_740_000
        });
        for _ in 0..2 {
            let settings: SamlSettings = serde_json::from_value(stored.clone()).unwrap();
            assert_eq!(serde_json::to_value(&settings).unwrap(), stored);
            let read: SamlSettings = read_item(item(&settings, ItemKey::Saml(&tenant))).unwrap();
            assert_eq!(read, settings);
            stored.as_object_mut().unwrap().remove("breakglass_account");
        }
    }

    #[test]
    fn mappings_read_back_and_the_first_write_has_nothing_to_read() {
        let tenant = TenantId::from_bits(1);
        let mut mappings: GroupMappings = read_item(ItemKey::SamlGroups(&tenant).attributes()).unwrap();
        assert_eq!(mappings, GroupMappings::default());
        let request = GroupRequest {
            group_name: Some("CN=Entwickler,OU=München".to_owned()),
            permissions: Some(vec!["build_applications".to_owned(), "modify_configuration".to_owned()]),
            ..GroupRequest::default()
        };
        (mappings.revision, mappings.last_id) = (u64::MAX, u64::MAX - 1);
        mappings.save(&request, at(1_732_740_000)).unwrap();
        let read: GroupMappings = read_item(item(&mappings, ItemKey::SamlGroups(&tenant))).unwrap();
        assert_eq!(read, mappings);
    }
}
