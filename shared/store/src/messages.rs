//! Texts of custom messages, each under its digest, and uploads of those that fit no request.

use domain::custom_message::{MAX_BYTES, MessageUploadId};
use domain::error::Error;
use domain::id::{Sha256Hex, TenantId};

use crate::Store;
use crate::artifacts::Handed;
use crate::error::unreadable;
use crate::keys::ArtifactKey;

impl Store {
    /// Stores a text under its digest, which the caller has made.
    pub async fn put_message(&self, tenant: &TenantId, digest: &Sha256Hex, text: &str) -> Result<(), Error> {
        let key = ArtifactKey::Message(tenant, digest).key();
        self.put_object(key, "text/html; charset=utf-8", text.as_bytes().to_vec().into(), None).await
    }

    /// The text under a digest.
    pub async fn message(&self, tenant: &TenantId, digest: &Sha256Hex) -> Result<String, Error> {
        let bytes = self.named_object(ArtifactKey::Message(tenant, digest).key(), digest).await?;
        String::from_utf8(bytes).map_err(|error| unreadable("a custom message", error))
    }

    /// A URL that downloads the text under a digest.
    pub async fn presign_message(&self, tenant: &TenantId, digest: &Sha256Hex) -> Result<String, Error> {
        // As a file: no browser runs what a tenant wrote on the storage's own origin.
        let as_file = "attachment; filename=\"message.html\"".to_owned();
        self.presign_artifact(&ArtifactKey::Message(tenant, digest), Some(as_file)).await
    }

    /// A URL that takes a text with one PUT. What is not used within a day expires.
    pub async fn presign_message_upload(&self, tenant: &TenantId, id: &MessageUploadId) -> Result<String, Error> {
        self.presign_put(&ArtifactKey::MessageUpload(tenant, id)).await
    }

    /// The text that was uploaded, as bytes.
    pub async fn uploaded_message(&self, tenant: &TenantId, id: &MessageUploadId) -> Result<Handed, Error> {
        self.handed(&ArtifactKey::MessageUpload(tenant, id), MAX_BYTES).await
    }

    /// Removes an upload whose text was taken.
    pub async fn delete_message_upload(&self, tenant: &TenantId, id: &MessageUploadId) -> Result<(), Error> {
        self.delete_artifact(ArtifactKey::MessageUpload(tenant, id).key()).await
    }
}
