//! Bodies of the calls that upload a package, which both APIs have (page 000; contracts, "Applications and builds").

use domain::error::Error;
use domain::id::JobId;
use domain::upload::{NamedPart, PART_BYTES, URL_SECONDS};
use domain::upload_request::UploadRequest;
use serde::{Deserialize, Serialize};
use service::admission::{UploadTarget, UploadTicket};
use service::completion::UploadClaim;
use utoipa::ToSchema;

use crate::JsonObject;

/// What is to be protected, and how.
#[derive(Debug, Deserialize, ToSchema)]
pub struct UploadFields {
    /// Base file name; path components are stripped. Lowercase `.apk`, `.aab` or `.ipa`.
    #[schema(
        required = true,
        nullable = false,
        example = "app-release.apk",
        pattern = r"[^/\\ .][^/\\]*\.(apk|aab|ipa)$"
    )]
    file_name: Option<String>,
    /// `android` or `ios`.
    #[schema(required = true, nullable = false, example = "android", pattern = "^(android|ios)$")]
    platform: Option<String>,
    /// Configuration version: dev, development, stg, staging, prod or production, in any case.
    #[schema(
        required = true,
        nullable = false,
        example = "prod",
        pattern = "^([dD][eE][vV]([eE][lL][oO][pP][mM][eE][nN][tT])?|[sS][tT]([aA][gG][iI][nN])?[gG]|[pP][rR][oO][dD]([uU][cC][tT][iI][oO][nN])?)$"
    )]
    version: Option<String>,
    /// Bytes, at most 2147483648. From 104857600 on the answer has instructions for a multipart upload.
    #[schema(example = 52_428_800, minimum = 1, maximum = 2_147_483_648_u64)]
    file_size: Option<u64>,
    /// A signing key of the tenant; absent for the tenant's default, `none` for an unsigned output.
    #[schema(example = "none", pattern = "^[A-Za-z0-9_-]{1,64}$")]
    signing_key_id: Option<String>,
}

/// Where to put the package.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum UploadAnswer {
    /// One PUT.
    Single(SinglePart),
    /// One PUT for each part, then the upload's `complete`.
    Multipart(Multipart),
}

/// One PUT.
#[derive(Debug, Serialize, ToSchema)]
pub struct SinglePart {
    /// The same as `upload_url`.
    #[schema(format = "uri", example = "https://apps.apptego.com/signed-upload-url")]
    url: String,
    /// Takes the package with one PUT. A secret while it works.
    #[schema(format = "uri", example = "https://apps.apptego.com/signed-upload-url")]
    upload_url: String,
    #[serde(flatten)]
    job: JobFields,
}

/// One PUT for each part, then the upload's `complete`.
#[derive(Debug, Serialize, ToSchema)]
pub struct Multipart {
    /// Always true.
    multipart: bool,
    /// Names the upload in `complete` and `abort`.
    #[schema(example = "multipart-upload-id")]
    upload_id: String,
    /// Takes one PUT each, part 1 first. Secrets while they work.
    #[schema(example = json!(["https://apps.apptego.com/signed-part-1", "https://apps.apptego.com/signed-part-2"]))]
    part_urls: Vec<String>,
    /// Bytes of every part but the last.
    #[schema(example = 10_485_760)]
    chunk_size: u64,
    /// Length of `part_urls`.
    #[schema(example = 2)]
    total_parts: usize,
    #[serde(flatten)]
    job: JobFields,
}

/// The job that waits for the package.
#[derive(Debug, Serialize, ToSchema)]
pub struct JobFields {
    /// Where the upload is stored; named in `complete` and `abort`.
    #[schema(example = "9f1c0a4e7b8d4a4db52e6a6d5c5c1f11/uploads/android/production/1700000000/app-release.apk")]
    file_path: String,
    /// Unix seconds, the number behind `job_id`.
    #[schema(example = 1_700_000_000)]
    start_time: i64,
    /// Seconds for which the URLs work.
    #[schema(example = 3600)]
    expires_in: u32,
    /// The key that will sign; null leaves the output unsigned.
    #[schema(required = true)]
    signing_key_id: Option<String>,
    /// Names the job in every other call.
    #[schema(example = "1700000000", pattern = "^[1-9][0-9]{0,10}$")]
    job_id: String,
}

impl UploadFields {
    /// Reads the fields.
    pub fn parse(&self) -> Result<UploadRequest, Error> {
        UploadRequest::parse(
            self.file_name.as_deref(),
            self.platform.as_deref(),
            self.version.as_deref(),
            self.file_size,
            self.signing_key_id.as_deref(),
        )
    }
}

impl From<UploadTicket> for UploadAnswer {
    fn from(ticket: UploadTicket) -> Self {
        let job = JobFields {
            file_path: ticket.job.upload_path().to_string(),
            start_time: ticket.job.id.start_time(),
            expires_in: URL_SECONDS,
            signing_key_id: ticket.job.signing_key_id.map(String::from),
            job_id: ticket.job.id.to_string(),
        };
        match ticket.target {
            UploadTarget::Single { url } => Self::Single(SinglePart { url: url.clone(), upload_url: url, job }),
            UploadTarget::Multipart { upload_id, part_urls } => Self::Multipart(Multipart {
                multipart: true,
                upload_id,
                chunk_size: PART_BYTES,
                total_parts: part_urls.len(),
                part_urls,
                job,
            }),
        }
    }
}

/// The upload to be completed.
#[derive(Debug, Deserialize, ToSchema)]
pub struct CompleteFields {
    /// As answered by `upload`.
    #[schema(
        required = true,
        nullable = false,
        example = "9f1c0a4e7b8d4a4db52e6a6d5c5c1f11/uploads/android/production/1700000000/app-release.apk"
    )]
    file_path: Option<String>,
    /// As answered by `upload`.
    #[schema(required = true, nullable = false, min_length = 1, example = "multipart-upload-id")]
    upload_id: Option<String>,
    /// Every part, in order.
    #[schema(required = true, nullable = false, value_type = Option<Vec<PartFields>>)]
    parts: Option<Vec<JsonObject<PartFields>>>,
}

/// A part that was uploaded.
#[derive(Debug, Deserialize, ToSchema)]
pub struct PartFields {
    /// The `ETag` header that the part's PUT answered, with or without quotes.
    #[serde(rename = "ETag")]
    #[schema(example = "\"d41d8cd98f00b204e9800998ecf8427e\"")]
    etag: String,
    /// From 1 on.
    #[serde(rename = "PartNumber")]
    #[schema(example = 1, minimum = 1)]
    part_number: i64,
}

/// The upload is complete.
#[derive(Debug, Serialize, ToSchema)]
pub struct Completed {
    /// Always true.
    success: bool,
    /// The job, as answered by `upload`.
    #[schema(example = "1700000000")]
    job_id: String,
}

impl CompleteFields {
    /// Reads the fields.
    pub fn parse(self) -> Result<(UploadClaim, Vec<NamedPart>), Error> {
        let claim = read_claim(self.file_path, self.upload_id)?;
        let parts = self.parts.ok_or_else(|| Error::invalid("parts", "Parts are missing"))?;
        let parts = parts.into_iter().map(|JsonObject(part)| part.try_into()).collect::<Result<Vec<_>, Error>>()?;
        Ok((claim, parts))
    }
}

impl From<JobId> for Completed {
    fn from(job: JobId) -> Self {
        Self { success: true, job_id: job.to_string() }
    }
}

/// The upload to be dropped.
#[derive(Debug, Deserialize, ToSchema)]
pub struct AbortFields {
    /// As answered by `upload`.
    #[schema(
        required = true,
        nullable = false,
        example = "9f1c0a4e7b8d4a4db52e6a6d5c5c1f11/uploads/android/production/1700000000/app-release.apk"
    )]
    file_path: Option<String>,
    /// As answered by `upload`.
    #[schema(required = true, nullable = false, min_length = 1, example = "multipart-upload-id")]
    upload_id: Option<String>,
}

impl AbortFields {
    /// Reads the fields.
    pub fn parse(self) -> Result<UploadClaim, Error> {
        read_claim(self.file_path, self.upload_id)
    }
}

/// The two fields that name an upload.
fn read_claim(file_path: Option<String>, upload_id: Option<String>) -> Result<UploadClaim, Error> {
    Ok(UploadClaim {
        file_path: file_path.ok_or_else(|| Error::invalid("file_path", "File path is missing"))?,
        upload_id: upload_id.ok_or_else(|| Error::invalid("upload_id", "Upload ID is missing"))?,
    })
}

impl TryFrom<PartFields> for NamedPart {
    type Error = Error;

    fn try_from(part: PartFields) -> Result<Self, Error> {
        Ok(Self { number: part.part_number, etag: part.etag.parse()? })
    }
}
