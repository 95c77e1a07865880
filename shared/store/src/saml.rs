//! Sign-in through a tenant's identity provider: its settings, and what its groups may do.

use domain::error::Error;
use domain::id::TenantId;
use domain::saml::SamlSettings;
use domain::saml::groups::GroupMappings;

use crate::Store;
use crate::keys::ItemKey;

impl Store {
    /// The tenant's settings, if it has any.
    pub async fn saml_settings(&self, tenant: &TenantId) -> Result<Option<SamlSettings>, Error> {
        self.read(ItemKey::Saml(tenant)).await
    }

    /// The tenant's group mappings, none of them where none was ever made.
    pub async fn group_mappings(&self, tenant: &TenantId) -> Result<GroupMappings, Error> {
        Ok(self.read(ItemKey::SamlGroups(tenant)).await?.unwrap_or_default())
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
