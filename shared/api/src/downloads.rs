//! The answer to a download, which both APIs have (page 000; contracts, "Applications and builds").

use domain::upload::URL_SECONDS;
use serde::Serialize;
use service::status::Download;
use utoipa::ToSchema;

/// A protected package to be fetched.
#[derive(Debug, Serialize, ToSchema)]
pub struct PackageDownload {
    /// The name that the package was uploaded with; the download bears it too.
    #[schema(example = "app-release.apk")]
    file_name: String,
    /// Answers the package to one GET. A secret while it works.
    #[schema(format = "uri", example = "https://apps.apptego.com/signed-download-url")]
    download_url: String,
    /// Seconds for which the URLs work.
    #[schema(example = 3600)]
    expires_in: u32,
    /// SHA-256 of the package, lowercase hexadecimal.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    sha256: String,
    /// Bytes of the package.
    size: u64,
    /// A signed URL of the build report: what was applied, control by control. A secret while it works.
    #[schema(format = "uri")]
    report_url: String,
    /// A signed URL of the mapping of renamed resources; absent where none was renamed. A secret while it works.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "uri")]
    mapping_url: Option<String>,
}

impl From<Download> for PackageDownload {
    fn from(Download { job, output, url, report_url, mapping_url }: Download) -> Self {
        Self {
            file_name: job.file_name.into(),
            download_url: url,
            expires_in: URL_SECONDS,
            sha256: output.sha256.into(),
            size: output.size,
            report_url,
            mapping_url,
        }
    }
}
