//! The Automation API's requests and answers, as documented; answers tolerate additions.

use std::{fmt, num::NonZeroU64, str::FromStr};

use reqwest::Url;
use serde::{Deserialize, Serialize};

/// A build job's id, passed on exactly as the API returned it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct JobId(String);

impl JobId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for JobId {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if (1..=64).contains(&text.len()) && text.bytes().all(plain) {
            Ok(Self(text.to_owned()))
        } else {
            Err("a job id has 1 to 64 letters, digits, - or _")
        }
    }
}

impl TryFrom<String> for JobId {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

/// A URL that is itself a credential: it never appears in output, errors or debug text.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct SignedUrl(Url);

impl SignedUrl {
    pub(crate) fn expose(&self) -> Url {
        self.0.clone()
    }
}

impl fmt::Debug for SignedUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignedUrl(…)")
    }
}

impl TryFrom<String> for SignedUrl {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match Url::parse(&text) {
            Ok(url) if matches!(url.scheme(), "https" | "http") => Ok(Self(url)),
            _ => Err("not an http(s) URL"),
        }
    }
}

/// Body of `POST /automate/upload`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UploadRequest {
    /// Base name with a lowercase extension.
    pub file_name: String,
    /// `android` or `ios`.
    pub platform: &'static str,
    /// `development`, `staging` or `production`.
    pub version: &'static str,
    /// Bytes.
    pub file_size: u64,
    /// `None` leaves the choice to the tenant's default, `none` skips signing-key metadata.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signing_key_id: Option<String>,
}

/// Answer of `POST /automate/upload`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct UploadGrant {
    /// The job that the upload starts.
    pub job_id: JobId,
    /// Where the service will find the bytes; named again when a multipart upload ends.
    pub file_path: String,
    /// Where the bytes go.
    #[serde(flatten)]
    pub target: UploadTarget,
}

/// One signed URL, or one per part.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "RawTarget")]
pub enum UploadTarget {
    /// The whole file in one PUT.
    Single(SignedUrl),
    /// Parts of `chunk_size` bytes, the last one shorter, each with a URL of its own.
    Multipart {
        /// Names the upload in complete and abort.
        upload_id: String,
        /// In part order.
        part_urls: Vec<SignedUrl>,
        /// Bytes of every part but the last.
        chunk_size: NonZeroU64,
    },
}

#[derive(Deserialize)]
struct RawTarget {
    #[serde(default)]
    multipart: bool,
    upload_url: Option<SignedUrl>,
    upload_id: Option<String>,
    part_urls: Option<Vec<SignedUrl>>,
    chunk_size: Option<NonZeroU64>,
    total_parts: Option<usize>,
}

impl TryFrom<RawTarget> for UploadTarget {
    type Error = &'static str;

    fn try_from(raw: RawTarget) -> Result<Self, Self::Error> {
        if !raw.multipart {
            return raw.upload_url.map(Self::Single).ok_or("upload_url is missing");
        }
        let part_urls = raw.part_urls.ok_or("part_urls is missing")?;
        if raw.total_parts.is_some_and(|total| total != part_urls.len()) {
            return Err("total_parts is not the number of part_urls");
        }
        Ok(Self::Multipart {
            upload_id: raw.upload_id.ok_or("upload_id is missing")?,
            part_urls,
            chunk_size: raw.chunk_size.ok_or("chunk_size is missing")?,
        })
    }
}

/// One uploaded part, as `POST /automate/upload/complete` wants it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UploadedPart {
    /// The storage's `ETag` header, quotes included.
    #[serde(rename = "ETag")]
    pub etag: String,
    /// From 1.
    #[serde(rename = "PartNumber")]
    pub part_number: usize,
}

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// Queued or being built.
    Processing,
    /// Ready for download.
    Completed,
    /// Over, without an output.
    Failed,
}

/// Answer of `GET /automate/status/{jobId}`. Serialised for `--json`, without the signed report URL.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// The job.
    pub job_id: JobId,
    /// Where it stands.
    pub status: JobState,
    /// `android` or `ios`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    /// Configuration version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Name of the uploaded file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_name: Option<String>,
    /// Unix seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<i64>,
    /// Unix seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<i64>,
    /// The current stage, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<String>,
    /// The current stage, for programs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<String>,
    /// 0 to 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percent: Option<f64>,
    /// An estimate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue_position: Option<u64>,
    /// An estimate, seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eta_seconds: Option<f64>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
    /// Why it failed, for programs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure_code: Option<String>,
    /// SHA-256 of the output, hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Bytes of the output.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// Signed URL of the build report.
    #[serde(default, skip_serializing)]
    pub report_url: Option<SignedUrl>,
}

/// Answer of `GET /automate/download/{jobId}`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct DownloadGrant {
    /// Name of the uploaded file.
    pub file_name: String,
    /// Where the protected file is.
    pub download_url: SignedUrl,
    /// SHA-256 of the output, hexadecimal.
    pub sha256: Option<String>,
    /// Bytes of the output.
    pub size: Option<u64>,
    /// Signed URL of the build report.
    pub report_url: Option<SignedUrl>,
    /// Signed URL of the mapping of renamed resources.
    pub mapping_url: Option<SignedUrl>,
}

/// The error envelope of the API.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct ErrorBody {
    pub(crate) error: Option<String>,
    pub(crate) code: Option<String>,
    pub(crate) request_id: Option<String>,
}
