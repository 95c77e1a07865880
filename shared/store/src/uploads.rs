//! The uploads bucket: signed URLs, multipart uploads, and reads pinned to the object that arrived.

use std::time::Duration;

use aws_sdk_s3::operation::abort_multipart_upload::AbortMultipartUploadError;
use aws_sdk_s3::operation::complete_multipart_upload::CompleteMultipartUploadError;
use aws_sdk_s3::operation::get_object::GetObjectError;
use aws_sdk_s3::operation::head_object::HeadObjectError;
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use aws_smithy_types::error::metadata::ProvideErrorMetadata as _;
use bytes::Bytes;
use domain::error::Error;
use domain::job::{Job, OutputId, Upload};
use domain::upload::{ETag, NamedPart, Parts, StoredPart, URL_SECONDS, UploadPath};

use crate::Store;
use crate::error::{failed, unreadable};
use crate::keys::ArtifactKey;

/// What a read of a pinned object found.
#[derive(Debug)]
pub enum Pinned<T> {
    /// The object.
    Found(T),
    /// Another object under its key.
    Replaced,
    /// Nothing under its key.
    Missing,
}

/// What became of a multipart upload that was to be completed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Completion {
    /// The object is there, with this tag.
    Completed(ETag),
    /// There is no such upload: it was completed or aborted before, or never made.
    NoSuchUpload,
    /// S3 refused the parts.
    Refused,
}

pub(crate) fn signed_life() -> Result<PresigningConfig, Error> {
    signed_for(URL_SECONDS)
}

/// How long a signed URL works.
pub(crate) fn signed_for(seconds: u32) -> Result<PresigningConfig, Error> {
    PresigningConfig::expires_in(Duration::from_secs(u64::from(seconds))).map_err(Error::internal)
}

impl Store {
    /// A URL that takes the object with one PUT.
    pub async fn presign_upload(&self, path: &UploadPath) -> Result<String, Error> {
        self.clients.log_credential_life(Duration::from_secs(u64::from(URL_SECONDS))).await;
        let request = self.clients.s3.put_object().bucket(&self.names.uploads_bucket).key(path.to_string());
        let signed = request.presigned(signed_life()?).await.map_err(failed("PutObject"))?;
        Ok(signed.uri().to_owned())
    }

    /// One URL for each part, in order.
    pub async fn presign_parts(&self, path: &UploadPath, upload_id: &str, parts: Parts) -> Result<Vec<String>, Error> {
        self.clients.log_credential_life(Duration::from_secs(u64::from(URL_SECONDS))).await;
        let mut urls = Vec::new();
        for number in 1..=parts.count {
            let request = self.clients.s3.upload_part().bucket(&self.names.uploads_bucket).key(path.to_string());
            let request = request.upload_id(upload_id).part_number(i32::try_from(number).map_err(Error::internal)?);
            let signed = request.presigned(signed_life()?).await.map_err(failed("UploadPart"))?;
            urls.push(signed.uri().to_owned());
        }
        Ok(urls)
    }

    /// Begins a multipart upload and returns its id.
    pub async fn create_multipart(&self, path: &UploadPath) -> Result<String, Error> {
        let request =
            self.clients.s3.create_multipart_upload().bucket(&self.names.uploads_bucket).key(path.to_string());
        let answer = request.send().await.map_err(failed("CreateMultipartUpload"))?;
        answer.upload_id.ok_or_else(|| unreadable("CreateMultipartUpload", "no upload id"))
    }

    /// The parts that storage holds; `None` where there is no such upload.
    pub async fn stored_parts(&self, path: &UploadPath, upload_id: &str) -> Result<Option<Vec<StoredPart>>, Error> {
        let request = self.clients.s3.list_parts().bucket(&self.names.uploads_bucket).key(path.to_string());
        let answer = match request.upload_id(upload_id).send().await {
            Ok(answer) => answer,
            Err(error) if error.as_service_error().and_then(|e| e.code()) == Some("NoSuchUpload") => return Ok(None),
            Err(error) => return Err(failed("ListParts")(error)),
        };
        let read = |part: &aws_sdk_s3::types::Part| {
            let number = u32::try_from(part.part_number()?).ok()?;
            let size = u64::try_from(part.size()?).ok()?;
            Some(StoredPart { number, size, etag: part.e_tag()?.parse().ok()? })
        };
        Ok(Some(answer.parts().iter().filter_map(read).collect()))
    }

    /// Joins the parts, which the caller has checked.
    pub async fn complete_multipart(
        &self,
        path: &UploadPath,
        upload_id: &str,
        parts: &[NamedPart],
    ) -> Result<Completion, Error> {
        let part = |part: &NamedPart| {
            let number = i32::try_from(part.number).unwrap_or(0);
            CompletedPart::builder().part_number(number).e_tag(part.etag.quoted()).build()
        };
        let parts = CompletedMultipartUpload::builder().set_parts(Some(parts.iter().map(part).collect())).build();
        let request = self.clients.s3.complete_multipart_upload().bucket(&self.names.uploads_bucket);
        let request = request.key(path.to_string()).upload_id(upload_id).multipart_upload(parts);
        let error = match request.send().await {
            Ok(answer) => {
                let etag = answer.e_tag.as_deref().unwrap_or_default().parse();
                return etag.map(Completion::Completed).map_err(|_| unreadable("CompleteMultipartUpload", "no ETag"));
            }
            Err(error) => error,
        };
        match error.as_service_error().and_then(CompleteMultipartUploadError::code) {
            Some("NoSuchUpload") => Ok(Completion::NoSuchUpload),
            Some("InvalidPart" | "InvalidPartOrder" | "EntityTooSmall") => Ok(Completion::Refused),
            _ => Err(failed("CompleteMultipartUpload")(error)),
        }
    }

    /// Drops a multipart upload; nothing happens where there is none.
    pub async fn abort_multipart(&self, path: &UploadPath, upload_id: &str) -> Result<(), Error> {
        self.abort_upload(&self.names.uploads_bucket, &path.to_string(), upload_id).await
    }

    /// As [`Self::abort_multipart`], in any bucket.
    pub(crate) async fn abort_upload(&self, bucket: &str, key: &str, upload_id: &str) -> Result<(), Error> {
        let request = self.clients.s3.abort_multipart_upload().bucket(bucket).key(key);
        match request.upload_id(upload_id).send().await {
            Ok(_) => Ok(()),
            Err(error)
                if error.as_service_error().is_some_and(AbortMultipartUploadError::is_no_such_upload)
                    || error.as_service_error().and_then(|e| e.code()) == Some("NoSuchUpload") =>
            {
                Ok(())
            }
            Err(error) => Err(failed("AbortMultipartUpload")(error)),
        }
    }

    /// The object under `path`, if there is one.
    pub async fn head_upload(&self, path: &UploadPath) -> Result<Option<Upload>, Error> {
        self.head_object(&self.names.uploads_bucket, path.to_string()).await
    }

    pub(crate) async fn head_object(&self, bucket: &str, key: String) -> Result<Option<Upload>, Error> {
        let request = self.clients.s3.head_object().bucket(bucket).key(key);
        let answer = match request.send().await {
            Ok(answer) => answer,
            Err(error) if error.as_service_error().is_some_and(HeadObjectError::is_not_found) => return Ok(None),
            Err(error) => return Err(failed("HeadObject")(error)),
        };
        let etag = answer.e_tag.as_deref().unwrap_or_default().parse();
        let size = u64::try_from(answer.content_length.unwrap_or_default());
        match (etag, size) {
            (Ok(etag), Ok(size)) => Ok(Some(Upload { etag, size })),
            _ => Err(unreadable("HeadObject", "no ETag or size")),
        }
    }

    /// Removes the object under `path`, if there is one.
    pub async fn delete_upload(&self, path: &UploadPath) -> Result<(), Error> {
        let request = self.clients.s3.delete_object().bucket(&self.names.uploads_bucket).key(path.to_string());
        request.send().await.map_err(failed("DeleteObject"))?;
        Ok(())
    }

    /// `length` bytes from `offset` on of the package that was pinned for a job: its upload, or the output that it signs again.
    pub async fn read_package(
        &self,
        job: &Job,
        pinned: &ETag,
        offset: u64,
        length: u64,
    ) -> Result<Pinned<Bytes>, Error> {
        let Some(OutputId { job: signed, attempt }) = job.signs_again else {
            return self.read_upload(&job.upload_path(), pinned, offset, length).await;
        };
        let output = ArtifactKey::Output(&job.tenant, signed, attempt, &job.file_name);
        self.read_pinned(&self.names.artifacts_bucket, output.key(), (pinned, offset, length)).await
    }

    /// As [`Self::read_package`], of an upload.
    pub async fn read_upload(
        &self,
        path: &UploadPath,
        pinned: &ETag,
        offset: u64,
        length: u64,
    ) -> Result<Pinned<Bytes>, Error> {
        self.read_pinned(&self.names.uploads_bucket, path.to_string(), (pinned, offset, length)).await
    }

    async fn read_pinned(
        &self,
        bucket: &str,
        key: String,
        (pinned, offset, length): (&ETag, u64, u64),
    ) -> Result<Pinned<Bytes>, Error> {
        let last = offset.saturating_add(length).saturating_sub(1);
        let request = self.clients.s3.get_object().bucket(bucket).key(key);
        let answer = match request.if_match(pinned.quoted()).range(format!("bytes={offset}-{last}")).send().await {
            Ok(answer) => answer,
            Err(error) if error.as_service_error().is_some_and(GetObjectError::is_no_such_key) => {
                return Ok(Pinned::Missing);
            }
            Err(error) if error.as_service_error().and_then(|e| e.code()) == Some("PreconditionFailed") => {
                return Ok(Pinned::Replaced);
            }
            Err(error) => return Err(failed("GetObject")(error)),
        };
        let bytes = answer.body.collect().await.map_err(|error| unreadable("GetObject", error))?.into_bytes();
        if u64::try_from(bytes.len()) == Ok(length) {
            Ok(Pinned::Found(bytes))
        } else {
            Err(unreadable("GetObject", "fewer bytes than asked for"))
        }
    }
}
