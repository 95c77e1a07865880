//! The protected file: written beside its destination, checked, then renamed. There is never a partial file.

use std::{
    io::{Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use reqwest::{Method, Response, StatusCode, header};
use serde::Serialize;
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use crate::{
    client::Client,
    console::{Console, Meter},
    error::Error,
    upload::hex,
    wire::{DownloadGrant, JobId},
};

const DOING: &str = "downloading";

/// A file that was downloaded and checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct SavedFile {
    /// Where it is.
    pub(crate) file: PathBuf,
    /// SHA-256, hexadecimal.
    pub(crate) sha256: String,
    /// Bytes.
    pub(crate) size: u64,
}

/// Downloads a completed job's output to `out`. A broken transfer goes on where it stopped.
///
/// # Errors
/// See [`Error`]; `out` is then as it was before. Bytes that are not those announced are [`Error::Mismatch`].
pub(crate) async fn fetch(client: &Client, job: &JobId, out: &Path, console: &Console) -> Result<SavedFile, Error> {
    let mut partial = Partial::beside(out)?;
    let mut announced = None;
    let grant = client
        .pacing
        .retry(async || {
            // A new URL for each attempt: the old one may be what failed.
            let grant = client.request_download(job).await?;
            let version = (grant.sha256.clone(), grant.size);
            if announced.replace(version.clone()).is_some_and(|before| before != version) {
                partial.restart()?;
            }
            partial.receive(client, &grant, console).await?;
            Ok(grant)
        })
        .await?;
    if grant.sha256.is_none() {
        console.warn("warning: the service announced no SHA-256; the file could not be checked");
    }
    partial.keep(out, grant.sha256.as_deref())
}

/// Bytes received so far.
struct Partial {
    file: NamedTempFile,
    hasher: Sha256,
    size: u64,
}

impl Partial {
    fn beside(out: &Path) -> Result<Self, Error> {
        let folder = folder_of(out);
        let mut builder = tempfile::Builder::new();
        builder.prefix(".apptego-").suffix(".part");
        #[cfg(unix)]
        {
            use std::{fs::Permissions, os::unix::fs::PermissionsExt};
            // As for any new file: what the umask leaves of it.
            builder.permissions(Permissions::from_mode(0o666));
        }
        let file = builder.tempfile_in(folder).map_err(Error::file("write into", folder))?;
        Ok(Self { file, hasher: Sha256::new(), size: 0 })
    }

    fn restart(&mut self) -> Result<(), Error> {
        self.hasher = Sha256::new();
        self.size = 0;
        let file = self.file.as_file_mut();
        file.set_len(0)
            .and_then(|()| file.seek(SeekFrom::Start(0)))
            .map(drop)
            .map_err(Error::file("write", self.file.path()))
    }

    async fn receive(&mut self, client: &Client, grant: &DownloadGrant, console: &Console) -> Result<(), Error> {
        if self.size > 0 && grant.size == Some(self.size) {
            return Ok(());
        }
        let mut request = client.stored(Method::GET, &grant.download_url);
        if self.size > 0 {
            request = request.header(header::RANGE, format!("bytes={}-", self.size));
        }
        let response = client.send_stored(DOING, request).await?;
        if !continues_at(&response, self.size) {
            self.restart()?;
        }
        let total = grant.size.or_else(|| response.content_length().map(|length| length + self.size)).unwrap_or(0);
        let meter = console.meter(DOING, total);
        meter.add(self.size);
        self.append(response, grant.size, &meter).await?;
        match grant.size {
            Some(size) if size != self.size => {
                // The connection was closed early without an error: as good as a broken one.
                let cause = format!("{} of {size} bytes arrived", self.size);
                Err(Error::Unreachable { doing: DOING, cause })
            }
            _ => Ok(()),
        }
    }

    async fn append(&mut self, mut response: Response, limit: Option<u64>, meter: &Meter) -> Result<(), Error> {
        while let Some(chunk) = response.chunk().await.map_err(|error| Error::transport(DOING, error))? {
            let length = u64::try_from(chunk.len()).unwrap_or(u64::MAX);
            self.size = self.size.saturating_add(length);
            if limit.is_some_and(|limit| self.size > limit) {
                return Err(Error::Mismatch("the download is longer than announced; nothing was kept".to_owned()));
            }
            self.hasher.update(&chunk);
            self.file.write_all(&chunk).map_err(Error::file("write", self.file.path()))?;
            meter.add(length);
        }
        Ok(())
    }

    fn keep(self, out: &Path, expected: Option<&str>) -> Result<SavedFile, Error> {
        let sha256 = hex(&self.hasher.finalize());
        if let Some(expected) = expected.filter(|expected| !expected.eq_ignore_ascii_case(&sha256)) {
            let text = format!("the download has SHA-256 {sha256}, announced was {expected}; nothing was kept");
            return Err(Error::Mismatch(text));
        }
        self.file.as_file().sync_all().map_err(Error::file("write", out))?;
        self.file.persist(out).map_err(|error| Error::file("write", out)(error.error))?;
        Ok(SavedFile { file: out.to_owned(), sha256, size: self.size })
    }
}

/// Whether the answer holds the bytes from `offset` on, rather than the whole file again.
fn continues_at(response: &Response, offset: u64) -> bool {
    let range = response.headers().get(header::CONTENT_RANGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    offset == 0 || response.status() == StatusCode::PARTIAL_CONTENT && range.starts_with(&format!("bytes {offset}-"))
}

/// The folder that a file is in; `.` for a bare name.
pub(crate) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
