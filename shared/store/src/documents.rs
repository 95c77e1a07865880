//! Documents of tenants' own.

use domain::document::URL_SECONDS;
use domain::error::Error;
use domain::id::TenantId;

use crate::Store;
use crate::artifacts::as_file;
use crate::keys::ArtifactKey;

impl Store {
    /// Stores a document, over one of the same name.
    pub async fn put_document(&self, tenant: &TenantId, filename: &str, content: Vec<u8>) -> Result<(), Error> {
        let key = ArtifactKey::Document(tenant, filename).key();
        self.put_object(key, "application/pdf", content.into(), None).await
    }

    /// Removes a document.
    pub async fn delete_document(&self, tenant: &TenantId, filename: &str) -> Result<(), Error> {
        self.delete_artifact(ArtifactKey::Document(tenant, filename).key()).await
    }

    /// A URL that downloads a document under its name, for [`URL_SECONDS`].
    pub async fn presign_document(&self, tenant: &TenantId, filename: &str) -> Result<String, Error> {
        self.presign_get(&ArtifactKey::Document(tenant, filename), Some(as_file(filename)), URL_SECONDS).await
    }
}
