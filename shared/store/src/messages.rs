//! Texts of custom messages, each under its digest, and uploads of those that fit no request.

use aws_sdk_s3::operation::get_object::GetObjectError;
use domain::custom_message::{MAX_BYTES, MessageUploadId};
use domain::error::Error;
use domain::id::{Sha256Hex, TenantId};

use crate::Store;
use crate::error::{failed, unreadable};
use crate::keys::ArtifactKey;
use crate::uploads::signed_life;

/// What was found of an upload.
#[derive(Debug)]
pub enum UploadedText {
    /// Its text.
    Text(String),
    /// It is larger than a message may be.
    TooLarge,
    /// It is not UTF-8.
    NotUtf8,
    /// Nothing was uploaded, or it has expired.
    Missing,
}

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
        let key = ArtifactKey::MessageUpload(tenant, id).key();
        let request = self.clients.s3.put_object().bucket(&self.names.artifacts_bucket).key(key);
        let signed = request.presigned(signed_life()?).await.map_err(failed("PutObject"))?;
        Ok(signed.uri().to_owned())
    }

    /// The text that was uploaded.
    pub async fn uploaded_message(&self, tenant: &TenantId, id: &MessageUploadId) -> Result<UploadedText, Error> {
        let key = ArtifactKey::MessageUpload(tenant, id).key();
        let request = self.clients.s3.get_object().bucket(&self.names.artifacts_bucket).key(key);
        let answer = match request.send().await {
            Ok(answer) => answer,
            Err(error) if error.as_service_error().is_some_and(GetObjectError::is_no_such_key) => {
                return Ok(UploadedText::Missing);
            }
            Err(error) => return Err(failed("GetObject")(error)),
        };
        let size = answer.content_length().and_then(|size| usize::try_from(size).ok());
        if size.is_none_or(|size| size > MAX_BYTES) {
            return Ok(UploadedText::TooLarge);
        }
        let bytes = answer.body.collect().await.map_err(|error| unreadable("GetObject", error))?.to_vec();
        Ok(String::from_utf8(bytes).map_or(UploadedText::NotUtf8, UploadedText::Text))
    }

    /// Removes an upload whose text was taken.
    pub async fn delete_message_upload(&self, tenant: &TenantId, id: &MessageUploadId) -> Result<(), Error> {
        let key = ArtifactKey::MessageUpload(tenant, id).key();
        let request = self.clients.s3.delete_object().bucket(&self.names.artifacts_bucket).key(key);
        request.send().await.map_err(failed("DeleteObject"))?;
        Ok(())
    }
}
