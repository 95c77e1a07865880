//! Live policies: signed objects, what was published of a version, and each tenant's signing key.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::error::Error;
use domain::id::{Sha256Hex, TenantId};
use domain::live_policy::Publications;
use domain::platform::ConfigVersion;
use domain::tenant::Tenant;
use serde::{Deserialize, Serialize};

use crate::Store;
use crate::changes::{Change, Part, Record};
use crate::error::unreadable;
use crate::keys::{ArtifactKey, ItemKey};
use crate::secrets::{Envelope, Purpose};
use crate::table::number;

/// The key that signs a tenant's policies (Ed25519, RFC 8032).
#[derive(Debug)]
pub struct PolicyKey(Ed25519KeyPair);

impl PolicyKey {
    /// The 32 bytes that apps check signatures with.
    pub fn public_key(&self) -> &[u8] {
        self.0.public_key().as_ref()
    }

    /// The 64 bytes of a signature.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.0.sign(message).as_ref().to_vec()
    }
}

#[derive(Serialize, Deserialize)]
struct StoredPolicyKey {
    /// PKCS#8 (RFC 8410).
    sealed: Envelope,
}

impl Store {
    /// The tenant's key, made where it has none yet.
    pub async fn policy_key(&self, tenant: &TenantId) -> Result<PolicyKey, Error> {
        if let Some(stored) = self.read::<StoredPolicyKey>(ItemKey::PolicyKey(tenant)).await? {
            return self.open_policy_key(tenant, stored).await;
        }
        let pkcs8 = Ed25519KeyPair::generate_pkcs8(&aws_lc_rs::rand::SystemRandom::new());
        let pkcs8 = pkcs8.map_err(|error| unreadable("a new key", error))?;
        let sealed = self.seal(tenant, Purpose::PolicyKey, pkcs8.as_ref()).await?;
        // Whether this one is kept or another request was faster: the key is the one that is read.
        self.transact(vec![self.create(&ItemKey::PolicyKey(tenant), &StoredPolicyKey { sealed }, [])?]).await?;
        let stored = self.read(ItemKey::PolicyKey(tenant)).await?;
        self.open_policy_key(tenant, stored.ok_or_else(|| unreadable("a policy key", "it is gone"))?).await
    }

    async fn open_policy_key(&self, tenant: &TenantId, stored: StoredPolicyKey) -> Result<PolicyKey, Error> {
        let pkcs8 = self.open(tenant, Purpose::PolicyKey, stored.sealed).await?;
        Ed25519KeyPair::from_pkcs8(&pkcs8).map(PolicyKey).map_err(|error| unreadable("a policy key", error))
    }

    /// What was published of a version; nothing before the first time.
    pub async fn publications(&self, tenant: &TenantId, version: ConfigVersion) -> Result<Publications, Error> {
        Ok(self.read(ItemKey::Publications(tenant, version)).await?.unwrap_or_default())
    }

    /// Stores a signed policy, which nothing points at yet; returns its name.
    pub async fn put_policy(&self, tenant: &TenantId, signed: Vec<u8>) -> Result<Sha256Hex, Error> {
        let digest = Sha256Hex::of(&signed);
        let key = ArtifactKey::Policy(tenant, &digest).key();
        self.put_object(key, "application/json", signed.into(), None).await?;
        Ok(digest)
    }

    /// A signed policy that was published.
    pub async fn policy(&self, tenant: &TenantId, digest: &Sha256Hex) -> Result<Vec<u8>, Error> {
        self.named_object(ArtifactKey::Policy(tenant, digest).key(), digest).await
    }

    /// Publishes: replaces what was published of a version, if its newest number is still `seen`.
    pub async fn publish(
        &self,
        tenant: &Tenant,
        version: ConfigVersion,
        (seen, publications): (u64, &Publications),
        record: Record<'_>,
    ) -> Result<Change, Error> {
        let put = self.put(&ItemKey::Publications(&tenant.id, version), publications, [])?;
        let put = put.condition_expression("attribute_not_exists(pk) OR policy_version = :seen");
        let put = put.expression_attribute_values(":seen", number(seen)).build().map_err(Error::internal)?;
        let put = (Part::Version, TransactWriteItem::builder().put(put).build());
        self.change(vec![self.tenant_unchanged(tenant)?, put], record).await
    }
}
