//! The artifacts bucket: outputs and reports, each under the attempt that made it, and how every object there is put and got.

use std::path::Path;

use aws_sdk_s3::primitives::ByteStream;
use domain::error::Error;
use domain::file_name::FileName;
use domain::id::{JobId, Sha256Hex, TenantId};
use domain::job::{Job, Output, State, Upload};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::Store;
use crate::error::{failed, unreadable};
use crate::keys::ArtifactKey;
use crate::uploads::signed_life;

/// The lifecycle rule of the bucket finds what expires by this tag: it knows no wildcard in the middle of a key.
const TAG: &str = "kind=build";

/// What RFC 8187 lets stand in an extended header value.
const UNESCAPED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

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
        self.presign_artifact(&key, Some(attachment(&job.file_name))).await
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

    /// A URL that downloads an object, with this `Content-Disposition`.
    pub(crate) async fn presign_artifact(
        &self,
        key: &ArtifactKey<'_>,
        disposition: Option<String>,
    ) -> Result<String, Error> {
        let request = self.clients.s3.get_object().bucket(&self.names.artifacts_bucket).key(key.key());
        let request = request.set_response_content_disposition(disposition);
        let signed = request.presigned(signed_life()?).await.map_err(failed("GetObject"))?;
        Ok(signed.uri().to_owned())
    }

    /// Removes what attempts of an ended job left behind; the published output, its report and the icon that the job tells of stay until
    /// the build is deleted.
    pub async fn delete_unpublished(&self, job: &Job) -> Result<(), Error> {
        let prefix = ArtifactKey::Builds(&job.tenant, job.id).key();
        let published = match &job.state {
            State::Completed { output } => Some(format!("{prefix}{}/", output.attempt)),
            _ => None,
        };
        let shows_icon = job.is_visible() && job.app.as_ref().is_some_and(|app| app.has_icon);
        let icon = shows_icon.then(|| ArtifactKey::Icon(&job.tenant, job.id).key());
        let stays = |key: &String| {
            icon.as_ref() == Some(key) || published.as_ref().is_some_and(|published| key.starts_with(published))
        };
        let request = self.clients.s3.list_objects_v2().bucket(&self.names.artifacts_bucket).prefix(prefix);
        let objects = request.send().await.map_err(failed("ListObjectsV2"))?.contents.unwrap_or_default();
        for key in objects.into_iter().filter_map(|object| object.key) {
            if !stays(&key) {
                let request = self.clients.s3.delete_object().bucket(&self.names.artifacts_bucket).key(key);
                request.send().await.map_err(failed("DeleteObject"))?;
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
fn attachment(name: &FileName) -> String {
    let plain: String = name.as_str().chars().map(|c| if c.is_ascii() { c } else { '_' }).collect();
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{}", utf8_percent_encode(name.as_str(), &UNESCAPED))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exact_name_and_a_plain_one_are_in_the_disposition() {
        let disposition = attachment(&"Größe (1).apk".parse().unwrap());
        assert_eq!(
            disposition,
            "attachment; filename=\"Gr__e (1).apk\"; filename*=UTF-8''Gr%C3%B6%C3%9Fe%20%281%29.apk"
        );
    }
}
