//! Documents of tenants' own.

use domain::document::{DocumentId, URL_SECONDS};
use domain::error::Error;
use domain::id::TenantId;

use crate::Store;
use crate::artifacts::as_file;
use crate::keys::ArtifactKey;

impl Store {
    /// Stores the file of a document.
    pub async fn put_document(&self, tenant: &TenantId, id: &DocumentId, content: Vec<u8>) -> Result<(), Error> {
        let key = ArtifactKey::Document(tenant, id).key();
        self.put_object(key, "application/pdf", content.into(), None).await
    }

    /// Removes the file of a document.
    pub async fn delete_document(&self, tenant: &TenantId, id: &DocumentId) -> Result<(), Error> {
        self.delete_artifact(ArtifactKey::Document(tenant, id).key()).await
    }

    /// A URL that downloads the file of a document as `filename`, for [`URL_SECONDS`].
    pub async fn presign_document(&self, tenant: &TenantId, id: &DocumentId, filename: &str) -> Result<String, Error> {
        self.presign_get(&ArtifactKey::Document(tenant, id), Some(as_file(filename)), URL_SECONDS).await
    }
}
