//! The artifacts bucket: outputs and reports, each under the attempt that made it, and how every object there is put and got.

use std::path::Path;

use aws_sdk_s3::operation::get_object::GetObjectError;
use aws_sdk_s3::primitives::ByteStream;
use domain::error::Error;
use domain::id::{JobId, Sha256Hex, TenantId};
use domain::job::{Job, Output, State, Upload};
use domain::upload::URL_SECONDS;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::Store;
use crate::error::{failed, unreadable};
use crate::keys::ArtifactKey;
use crate::uploads::{signed_for, signed_life};

/// The lifecycle rule of the bucket finds what expires by this tag: it knows no wildcard in the middle of a key.
const TAG: &str = "kind=build";

/// What RFC 8187 lets stand in an extended header value.
const UNESCAPED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What a client put to a signed URL, for a call to take.
#[derive(Debug)]
pub enum Handed {
    /// Its bytes.
    Content(Vec<u8>),
    /// It has more bytes than it may have.
    TooLarge,
    /// Nothing was put there, or it has expired.
    Missing,
}

impl Store {
    /// Stores the output of an attempt from a file. Nobody sees it before the job names the attempt.
    pub async fn put_output(&self, job: &Job, attempt: u32, file: &Path) -> Result<(), Error> {
        let key = ArtifactKey::Output(&job.tenant, job.id, attempt, &job.file_name).key();
        let body = ByteStream::from_path(file).await.map_err(|error| unreadable("the output file", error))?;
        self.put_artifact(key, "application/octet-stream", body).await
    }

    /// Stores the build report of an attempt.
    pub async fn put_report(&self, job: &Job, attempt: u32, json: Vec<u8>) -> Result<(), Error> {
        let key = ArtifactKey::Report(&job.tenant, job.id, attempt).key();
        self.put_artifact(key, "application/json", json.into()).await
    }

    /// Stores the mapping of renamed resources of an attempt.
    pub async fn put_mapping(&self, job: &Job, attempt: u32, json: Vec<u8>) -> Result<(), Error> {
        let key = ArtifactKey::Mapping(&job.tenant, job.id, attempt).key();
        self.put_artifact(key, "application/json", json.into()).await
    }

    /// A URL that downloads the output under its own name.
    pub async fn presign_output(&self, job: &Job, output: &Output) -> Result<String, Error> {
        let key = ArtifactKey::Output(&job.tenant, job.id, output.attempt, &job.file_name);
        self.presign_artifact(&key, Some(as_file(job.file_name.as_str()))).await
    }

    /// A URL that downloads the build report.
    pub async fn presign_report(&self, job: &Job, output: &Output) -> Result<String, Error> {
        self.presign_artifact(&ArtifactKey::Report(&job.tenant, job.id, output.attempt), None).await
    }

    /// A URL that downloads the mapping of renamed resources; `None` for an output without one.
    pub async fn presign_mapping(&self, job: &Job, output: &Output) -> Result<Option<String>, Error> {
        if !output.has_mapping {
            return Ok(None);
        }
        self.presign_artifact(&ArtifactKey::Mapping(&job.tenant, job.id, output.attempt), None).await.map(Some)
    }

    /// Stores the icon of a build's app. Every attempt reads the same package, and with it the same icon.
    pub async fn put_icon(&self, job: &Job, bytes: Vec<u8>, content_type: &str) -> Result<(), Error> {
        self.put_artifact(ArtifactKey::Icon(&job.tenant, job.id).key(), content_type, bytes.into()).await
    }

    /// A URL that shows the icon of a build's app.
    pub async fn presign_icon(&self, tenant: &TenantId, job: JobId) -> Result<String, Error> {
        self.presign_artifact(&ArtifactKey::Icon(tenant, job), None).await
    }

    /// The output of a finished build as it is pinned to be signed again; `None` where it is gone.
    pub async fn head_output(&self, job: &Job, output: &Output) -> Result<Option<Upload>, Error> {
        let key = ArtifactKey::Output(&job.tenant, job.id, output.attempt, &job.file_name).key();
        self.head_object(&self.names.artifacts_bucket, key).await
    }

    /// A URL that downloads an object, with this `Content-Disposition`, for an hour.
    pub(crate) async fn presign_artifact(
        &self,
        key: &ArtifactKey<'_>,
        disposition: Option<String>,
    ) -> Result<String, Error> {
        self.presign_get(key, disposition, URL_SECONDS).await
    }

    /// The same, for so many seconds.
    pub(crate) async fn presign_get(
        &self,
        key: &ArtifactKey<'_>,
        disposition: Option<String>,
        seconds: u32,
    ) -> Result<String, Error> {
        let request = self.clients.s3.get_object().bucket(&self.names.artifacts_bucket).key(key.key());
        let request = request.set_response_content_disposition(disposition);
        let signed = request.presigned(signed_for(seconds)?).await.map_err(failed("GetObject"))?;
        Ok(signed.uri().to_owned())
    }

    /// A URL that takes an object with one PUT.
    pub(crate) async fn presign_put(&self, key: &ArtifactKey<'_>) -> Result<String, Error> {
        let request = self.clients.s3.put_object().bucket(&self.names.artifacts_bucket).key(key.key());
        let signed = request.presigned(signed_life()?).await.map_err(failed("PutObject"))?;
        Ok(signed.uri().to_owned())
    }

    /// What was put to a URL of [`Self::presign_put`]. Of more than `most` bytes none is read.
    pub(crate) async fn handed(&self, key: &ArtifactKey<'_>, most: usize) -> Result<Handed, Error> {
        let request = self.clients.s3.get_object().bucket(&self.names.artifacts_bucket).key(key.key());
        let answer = match request.send().await {
            Ok(answer) => answer,
            Err(error) if error.as_service_error().is_some_and(GetObjectError::is_no_such_key) => {
                return Ok(Handed::Missing);
            }
            Err(error) => return Err(failed("GetObject")(error)),
        };
        let size = answer.content_length().and_then(|size| usize::try_from(size).ok());
        if size.is_none_or(|size| size > most) {
            return Ok(Handed::TooLarge);
        }
        let bytes = answer.body.collect().await.map_err(|error| unreadable("GetObject", error))?;
        Ok(Handed::Content(bytes.to_vec()))
    }

    /// Removes an object, if it is there.
    pub(crate) async fn delete_artifact(&self, key: String) -> Result<(), Error> {
        let request = self.clients.s3.delete_object().bucket(&self.names.artifacts_bucket).key(key);
        request.send().await.map_err(failed("DeleteObject"))?;
        Ok(())
    }

    /// Removes what attempts of an ended job left behind; the published output, its report and the icon stay until the build is deleted.
    pub async fn delete_unpublished(&self, job: &Job) -> Result<(), Error> {
        let prefix = ArtifactKey::Builds(&job.tenant, job.id).key();
        let published = match &job.state {
            State::Completed { output } => Some(format!("{prefix}{}/", output.attempt)),
            _ => None,
        };
        let has_icon = job.is_visible() && job.app.as_ref().is_some_and(|app| app.has_icon);
        let icon = has_icon.then(|| ArtifactKey::Icon(&job.tenant, job.id).key());
        let stays = |key: &str| {
            icon.as_deref() == Some(key) || published.as_ref().is_some_and(|published| key.starts_with(published))
        };
        self.delete_artifacts(prefix, |key| !stays(key)).await
    }

    /// Removes those objects below a prefix that `go`.
    pub(crate) async fn delete_artifacts(&self, prefix: String, go: impl Fn(&str) -> bool) -> Result<(), Error> {
        let request = self.clients.s3.list_objects_v2().bucket(&self.names.artifacts_bucket).prefix(prefix);
        let objects = request.send().await.map_err(failed("ListObjectsV2"))?.contents.unwrap_or_default();
        for key in objects.into_iter().filter_map(|object| object.key) {
            if go(&key) {
                self.delete_artifact(key).await?;
            }
        }
        Ok(())
    }

    async fn put_artifact(&self, key: String, content_type: &str, body: ByteStream) -> Result<(), Error> {
        self.put_object(key, content_type, body, Some(TAG)).await
    }

    /// Stores an object. Without tags it never expires.
    pub(crate) async fn put_object(
        &self,
        key: String,
        content_type: &str,
        body: ByteStream,
        tags: Option<&str>,
    ) -> Result<(), Error> {
        let request = self.clients.s3.put_object().bucket(&self.names.artifacts_bucket).key(key);
        let request = request.set_tagging(tags.map(str::to_owned)).content_type(content_type);
        request.body(body).send().await.map_err(failed("PutObject"))?;
        Ok(())
    }

    /// An object whose name bears the digest of its bytes.
    pub(crate) async fn named_object(&self, key: String, digest: &Sha256Hex) -> Result<Vec<u8>, Error> {
        let request = self.clients.s3.get_object().bucket(&self.names.artifacts_bucket).key(key);
        let answer = request.send().await.map_err(failed("GetObject"))?;
        let bytes = answer.body.collect().await.map_err(|error| unreadable("GetObject", error))?.to_vec();
        if Sha256Hex::of(&bytes) == *digest {
            Ok(bytes)
        } else {
            Err(unreadable("an object", "its digest is not the one that names it"))
        }
    }
}

/// `Content-Disposition` with the name for every client (RFC 6266: plain for old ones, RFC 8187 for the exact name).
pub(crate) fn as_file(name: &str) -> String {
    let plain: String = name.chars().map(|c| if c.is_ascii() && c != '"' { c } else { '_' }).collect();
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{}", utf8_percent_encode(name, &UNESCAPED))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exact_name_and_a_plain_one_are_in_the_disposition() {
        let disposition = as_file("Größe (1).apk");
        assert_eq!(
            disposition,
            "attachment; filename=\"Gr__e (1).apk\"; filename*=UTF-8''Gr%C3%B6%C3%9Fe%20%281%29.apk"
        );
    }
}
