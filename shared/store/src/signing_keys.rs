//! Signing keys: what lists show, and the key material in an envelope.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::error::Error;
use domain::id::{SigningKeyId, TenantId};
use domain::platform::Platform;
use domain::roster::MOST_SIGNING_KEYS;
use domain::tenant::Tenant;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::Store;
use crate::changes::{Actions, Change, Part, Record, only, updated};
use crate::error::unreadable;
use crate::keys::ItemKey;
use crate::secrets::{Envelope, Purpose};
use crate::table::{number, read_item, string};

/// What may be shown of a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SigningKeyRecord {
    /// Its id.
    pub signing_key_id: SigningKeyId,
    /// What it signs.
    pub platform: Platform,
    /// For people.
    pub name: String,
    /// Kind and size of the key (`RSA 2048`).
    pub algorithm: String,
    /// The certificate's subject.
    pub subject: String,
    /// SHA-256 of the certificate, lowercase hexadecimal.
    pub fingerprint: String,
    /// End of the certificate's validity, Unix seconds.
    pub not_after: i64,
    /// Of a key for iOS, the provisioning profile that came with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<ProfileRecord>,
    /// Unix seconds.
    pub created_at: i64,
    /// Who brought it.
    pub created_by: String,
}

/// What may be shown of a provisioning profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfileRecord {
    /// Its name.
    pub name: String,
    /// Apple's id of the team.
    pub team_id: String,
    /// The bundle identifiers that it covers: one, or a beginning and `*`.
    pub bundle_id: String,
    /// End of its validity, Unix seconds.
    pub expires: i64,
}

/// Key material as the customer brought it.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub struct KeyMaterial {
    /// PKCS#12 (RFC 7292) or JKS.
    #[serde(with = "base64_text")]
    pub keystore: Vec<u8>,
    /// Its password.
    pub password: String,
    /// The key's own password, where it has one.
    pub key_password: Option<String>,
    /// The entry to use.
    pub alias: Option<String>,
    /// The provisioning profile of iOS.
    #[serde(with = "base64_text", default)]
    pub profile: Vec<u8>,
}

/// A key whose material is sealed, ready to be stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SealedKey {
    /// What may be shown.
    #[serde(flatten)]
    pub record: SigningKeyRecord,
    material: Envelope,
}

impl Store {
    /// The key, if the tenant has it.
    pub async fn signing_key(&self, tenant: &TenantId, id: &SigningKeyId) -> Result<Option<SigningKeyRecord>, Error> {
        self.read(ItemKey::SigningKey(tenant, id)).await
    }

    /// The keys of a tenant for both platforms, in the order of their ids.
    pub async fn signing_keys(&self, tenant: &TenantId) -> Result<Vec<SigningKeyRecord>, Error> {
        let roster = self.roster(tenant).await?;
        let ids = Platform::ALL.into_iter().flat_map(|platform| roster.signing_keys(platform));
        let items = self.read_all(ids.map(|id| ItemKey::SigningKey(tenant, id)).collect()).await?;
        items.into_iter().flatten().map(read_item).collect()
    }

    /// The key with its material, opened.
    pub async fn signing_key_material(
        &self,
        tenant: &TenantId,
        id: &SigningKeyId,
    ) -> Result<Option<(SigningKeyRecord, KeyMaterial)>, Error> {
        let Some(stored) = self.read::<SealedKey>(ItemKey::SigningKey(tenant, id)).await? else { return Ok(None) };
        let plain = self.open(tenant, Purpose::SigningKey(id), stored.material).await?;
        let material = serde_json::from_slice(&plain).map_err(|error| unreadable("key material", error))?;
        Ok(Some((stored.record, material)))
    }

    /// Seals the material of a key: it opens for this tenant and this key alone.
    pub async fn seal_key(
        &self,
        tenant: &TenantId,
        record: SigningKeyRecord,
        material: &KeyMaterial,
    ) -> Result<SealedKey, Error> {
        let plain = Zeroizing::new(serde_json::to_vec(material).map_err(Error::internal)?);
        let material = self.seal(tenant, Purpose::SigningKey(&record.signing_key_id), &plain).await?;
        Ok(SealedKey { record, material })
    }

    pub(crate) fn create_signing_key(&self, tenant: &Tenant, key: &SealedKey) -> Result<Actions, Error> {
        let record = &key.record;
        let roster = self
            .update(&ItemKey::Roster(&tenant.id))
            .update_expression("ADD #keys :ids")
            .condition_expression("attribute_not_exists(#keys) OR size(#keys) < :most")
            .expression_attribute_names("#keys", set_of(record.platform))
            .expression_attribute_values(":ids", only(&record.signing_key_id))
            .expression_attribute_values(":most", number(MOST_SIGNING_KEYS));
        let item = self.create(&ItemKey::SigningKey(&tenant.id, &record.signing_key_id), key, [])?;
        Ok(vec![(Part::Roster, updated(roster)?), (Part::Subject, item)])
    }

    /// Removes a key. `tenant` no longer has it as a default: where it had, it is changed together with it.
    pub async fn delete_signing_key(
        &self,
        tenant: &Tenant,
        key: &SigningKeyRecord,
        record: Record<'_>,
    ) -> Result<Change, Error> {
        let id = &key.signing_key_id;
        let roster = self
            .update(&ItemKey::Roster(&tenant.id))
            .update_expression("DELETE #keys :ids")
            .condition_expression("contains(#keys, :id)")
            .expression_attribute_names("#keys", set_of(key.platform))
            .expression_attribute_values(":id", string(id.as_str()))
            .expression_attribute_values(":ids", only(id));
        let item = self.remove(&ItemKey::SigningKey(&tenant.id, id))?;
        let gone = vec![(Part::Subject, updated(roster)?), (Part::Subject, item)];
        if tenant.default_key(key.platform) != Some(id) {
            return self.change([gone, vec![self.tenant_unchanged(tenant)?]].concat(), record).await;
        }
        let mut without = tenant.clone();
        without.set_default_key(key.platform, None);
        self.change_tenant_with(&without, gone, record).await
    }

    /// Changes the tenant's default key for a platform, which has to be one of its keys, or takes it away.
    pub async fn set_default_key(
        &self,
        tenant: &Tenant,
        platform: Platform,
        key: Option<&SigningKeyId>,
        record: Record<'_>,
    ) -> Result<Change, Error> {
        let mut changed = tenant.clone();
        changed.set_default_key(platform, key.cloned());
        let exists = key.map(|key| self.exists(&ItemKey::SigningKey(&tenant.id, key))).transpose()?;
        let exists = exists.map(|exists| (Part::Subject, exists));
        self.change_tenant_with(&changed, exists.into_iter().collect(), record).await
    }
}

/// The attribute of the roster that holds the keys of a platform.
const fn set_of(platform: Platform) -> &'static str {
    match platform {
        Platform::Android => "android_keys",
        Platform::Ios => "ios_keys",
    }
}

/// Bytes in the JSON of key material, which is sealed as a whole.
mod base64_text {
    use super::{Deserialize as _, Deserializer, Engine as _, STANDARD, Serializer, Zeroizing};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&Zeroizing::new(STANDARD.encode(bytes)))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = Zeroizing::new(String::deserialize(deserializer)?);
        STANDARD.decode(text.as_bytes()).map_err(serde::de::Error::custom)
    }
}
