//! Signing keys: what lists show, and the key material in an envelope.

use domain::error::Error;
use domain::id::{SigningKeyId, TenantId};
use domain::platform::Platform;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::Store;
use crate::error::unreadable;
use crate::keys::ItemKey;
use crate::secrets::{Envelope, Purpose};

/// What may be shown of a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SigningKeyRecord {
    /// Its id.
    pub signing_key_id: SigningKeyId,
    /// What it signs.
    pub platform: Platform,
    /// For people.
    pub name: String,
    /// The certificate's subject.
    pub subject: String,
    /// SHA-256 of the certificate, lowercase hexadecimal.
    pub fingerprint: String,
    /// End of the certificate's validity, Unix seconds.
    pub not_after: i64,
}

/// Key material as the customer brought it.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub struct KeyMaterial {
    /// PKCS#12 (RFC 7292).
    #[serde(with = "serde_bytes")]
    pub pkcs12: Vec<u8>,
    /// Its password.
    pub password: String,
    /// The entry to use.
    pub alias: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct StoredKey {
    #[serde(flatten)]
    record: SigningKeyRecord,
    material: Envelope,
}

impl Store {
    /// The key, if the tenant has it.
    pub async fn signing_key(&self, tenant: &TenantId, id: &SigningKeyId) -> Result<Option<SigningKeyRecord>, Error> {
        self.read(ItemKey::SigningKey(tenant, id)).await
    }

    /// The key with its material, opened.
    pub async fn signing_key_material(
        &self,
        tenant: &TenantId,
        id: &SigningKeyId,
    ) -> Result<Option<(SigningKeyRecord, KeyMaterial)>, Error> {
        let Some(stored) = self.read::<StoredKey>(ItemKey::SigningKey(tenant, id)).await? else { return Ok(None) };
        let plain = self.open(tenant, Purpose::SigningKey, stored.material).await?;
        let material = serde_json::from_slice(&plain).map_err(|error| unreadable("key material", error))?;
        Ok(Some((stored.record, material)))
    }

    /// Creates or replaces a key.
    pub async fn put_signing_key(
        &self,
        tenant: &TenantId,
        record: SigningKeyRecord,
        material: &KeyMaterial,
    ) -> Result<(), Error> {
        let plain = Zeroizing::new(serde_json::to_vec(material).map_err(Error::internal)?);
        let material = self.seal(tenant, Purpose::SigningKey, &plain).await?;
        let id = record.signing_key_id.clone();
        self.write(ItemKey::SigningKey(tenant, &id), &StoredKey { record, material }).await
    }
}
