//! Configuration documents, which never change, and the heads that point at them.

use domain::configuration::{Configuration, ConfigurationHead};
use domain::error::Error;
use domain::id::{Sha256Hex, TenantId};
use domain::platform::ConfigVersion;

use crate::Store;
use crate::error::{failed, unreadable};
use crate::keys::{ArtifactKey, ItemKey};

impl Store {
    /// What a version points at, if it was ever configured.
    pub async fn configuration_head(
        &self,
        tenant: &TenantId,
        version: ConfigVersion,
    ) -> Result<Option<ConfigurationHead>, Error> {
        self.read(ItemKey::Configuration(tenant, version)).await
    }

    /// The document that a job pinned.
    pub async fn configuration(&self, tenant: &TenantId, digest: &Sha256Hex) -> Result<Configuration, Error> {
        let key = ArtifactKey::Configuration(tenant, digest).key();
        let request = self.clients.s3.get_object().bucket(&self.names.artifacts_bucket).key(key);
        let answer = request.send().await.map_err(failed("GetObject"))?;
        let bytes = answer.body.collect().await.map_err(|error| unreadable("a configuration", error))?.to_vec();
        if Sha256Hex::of(&bytes) != *digest {
            return Err(unreadable("a configuration", "its digest is another one"));
        }
        serde_json::from_slice(&bytes).map_err(|error| unreadable("a configuration", error))
    }

    /// Stores the document and points the version at it.
    pub async fn put_configuration(
        &self,
        tenant: &TenantId,
        version: ConfigVersion,
        configuration: &Configuration,
        revision: u64,
    ) -> Result<ConfigurationHead, Error> {
        let (bytes, digest) = configuration.to_document()?;
        let key = ArtifactKey::Configuration(tenant, &digest).key();
        let request = self.clients.s3.put_object().bucket(&self.names.artifacts_bucket).key(key);
        let request = request.content_type("application/json").body(bytes.into());
        request.send().await.map_err(failed("PutObject"))?;
        let head = configuration.head(digest, revision);
        self.write(ItemKey::Configuration(tenant, version), &head).await?;
        Ok(head)
    }
}
