//! What a tenant has in both buckets, found and removed by its prefix.

use aws_sdk_s3::types::{Delete, ObjectIdentifier};
use domain::error::Error;
use domain::id::TenantId;

use crate::Store;
use crate::error::{failed, unreadable};
use crate::keys::object_prefix;

/// One of the buckets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bucket {
    /// Into which customers upload.
    Uploads,
    /// For everything else.
    Artifacts,
}

/// A multipart upload that was neither completed nor aborted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfinished {
    /// The key that its object would have.
    pub key: String,
    upload_id: String,
}

impl Store {
    /// A page of the keys of a tenant's objects. Empty where there are no more.
    pub async fn tenant_objects(&self, bucket: Bucket, tenant: &TenantId) -> Result<Vec<String>, Error> {
        let request = self.clients.s3.list_objects_v2().bucket(self.name_of(bucket)).prefix(object_prefix(tenant));
        let objects = request.send().await.map_err(failed("ListObjectsV2"))?.contents.unwrap_or_default();
        Ok(objects.into_iter().filter_map(|object| object.key).collect())
    }

    /// Removes a page of objects.
    pub async fn remove_objects(&self, bucket: Bucket, keys: &[String]) -> Result<(), Error> {
        let object = |key: &String| ObjectIdentifier::builder().key(key).build().map_err(Error::internal);
        let objects = keys.iter().map(object).collect::<Result<Vec<_>, _>>()?;
        let delete = Delete::builder().set_objects(Some(objects)).quiet(true).build().map_err(Error::internal)?;
        let request = self.clients.s3.delete_objects().bucket(self.name_of(bucket)).delete(delete);
        let answer = request.send().await.map_err(failed("DeleteObjects"))?;
        match answer.errors().first() {
            Some(error) => Err(unreadable("DeleteObjects", error.code().unwrap_or("no code"))),
            None => Ok(()),
        }
    }

    /// A page of a tenant's multipart uploads that were not finished. Empty where there are no more.
    pub async fn unfinished_uploads(&self, bucket: Bucket, tenant: &TenantId) -> Result<Vec<Unfinished>, Error> {
        let request = self.clients.s3.list_multipart_uploads().bucket(self.name_of(bucket));
        let answer = request.prefix(object_prefix(tenant)).send().await.map_err(failed("ListMultipartUploads"))?;
        let uploads = answer.uploads.unwrap_or_default().into_iter();
        Ok(uploads.filter_map(|upload| Some(Unfinished { key: upload.key?, upload_id: upload.upload_id? })).collect())
    }

    /// Drops a multipart upload; nothing happens where there is none.
    pub async fn drop_unfinished(&self, bucket: Bucket, unfinished: &Unfinished) -> Result<(), Error> {
        self.abort_upload(self.name_of(bucket), &unfinished.key, &unfinished.upload_id).await
    }

    fn name_of(&self, bucket: Bucket) -> &str {
        match bucket {
            Bucket::Uploads => &self.names.uploads_bucket,
            Bucket::Artifacts => &self.names.artifacts_bucket,
        }
    }
}
