//! Bytes to the storage: one PUT or many parts, each with retries, never with the key.

use std::{
    fs::File,
    io::{self, Read},
    num::NonZeroU64,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use reqwest::{Body, Method, header};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncSeekExt};

use crate::{
    client::Client,
    console::{Console, Meter},
    error::Error,
    wire::{SignedUrl, UploadGrant, UploadTarget, UploadedPart},
};

/// Parts in flight at once.
const PARALLEL_PARTS: usize = 4;
/// Bytes read from the file at a time.
const READ_SIZE: u64 = 128 << 10;
/// The slowest line worth waiting for, bytes per second: a slower one would outlast the hour that a signed URL lives.
const SLOWEST_LINE: u64 = 32 << 10;

/// A local file as it was when the upload began.
#[derive(Debug, Clone)]
pub(crate) struct LocalFile {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// Bytes.
    pub(crate) size: u64,
}

impl LocalFile {
    /// Looks at the file.
    ///
    /// # Errors
    /// [`Error::File`] when it cannot be read, [`Error::Usage`] when it is empty or no regular file.
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        let metadata = File::open(path).and_then(|file| file.metadata()).map_err(Error::file("read", path))?;
        if !metadata.is_file() || metadata.len() == 0 {
            return Err(Error::Usage(format!("{} is empty or not a regular file", path.display())));
        }
        Ok(Self { path: path.to_owned(), size: metadata.len() })
    }

    /// SHA-256 of the content, hexadecimal. Blocks.
    ///
    /// # Errors
    /// [`Error::File`].
    pub(crate) fn digest(&self) -> Result<String, Error> {
        let read = || {
            let mut file = File::open(&self.path)?;
            let mut hasher = Sha256::new();
            let mut buffer = vec![0; 256 << 10];
            loop {
                match file.read(&mut buffer)? {
                    0 => return Ok(hex(&hasher.finalize())),
                    read => hasher.update(buffer.get(..read).unwrap_or_default()),
                }
            }
        };
        read().map_err(Error::file("read", &self.path))
    }
}

/// Puts the file where the grant says and, for a multipart upload, completes it.
///
/// # Errors
/// See [`Error`]; the job is then still open, to be aborted by the caller.
pub(crate) async fn send(
    client: &Client,
    grant: &UploadGrant,
    file: &LocalFile,
    console: &Console,
) -> Result<(), Error> {
    let meter = Arc::new(console.meter("uploading", file.size));
    match &grant.target {
        UploadTarget::Single(url) => put(client, file, (0, file.size), url, &meter).await.map(drop),
        UploadTarget::Multipart { upload_id, part_urls, chunk_size } => {
            let parts = put_parts(client, file, part_urls, *chunk_size, &meter).await?;
            client.complete(&grant.file_path, upload_id, &parts).await
        }
    }
}

async fn put_parts(
    client: &Client,
    file: &LocalFile,
    urls: &[SignedUrl],
    chunk_size: NonZeroU64,
    meter: &Arc<Meter>,
) -> Result<Vec<UploadedPart>, Error> {
    let doing = "uploading";
    let chunk = chunk_size.get();
    if u64::try_from(urls.len()) != Ok(file.size.div_ceil(chunk)) {
        let what = format!("{} part URLs of {chunk} bytes for a file of {} bytes", urls.len(), file.size);
        return Err(Error::Unexpected { doing, what });
    }
    let starts = (0..file.size).step_by(usize::try_from(chunk).unwrap_or(usize::MAX));
    let parts = starts.zip(urls).enumerate().map(async |(index, (start, url))| {
        let etag = put(client, file, (start, chunk.min(file.size - start)), url, meter).await?;
        let etag = etag.ok_or_else(|| Error::Unexpected { doing, what: "a part's answer has no ETag".to_owned() })?;
        Ok(UploadedPart { etag, part_number: index + 1 })
    });
    stream::iter(parts).buffered(PARALLEL_PARTS).try_collect().await
}

/// Puts `length` bytes from `start` on and returns the `ETag`.
async fn put(
    client: &Client,
    file: &LocalFile,
    (start, length): (u64, u64),
    url: &SignedUrl,
    meter: &Arc<Meter>,
) -> Result<Option<String>, Error> {
    let attempt = async || {
        let sent = Arc::new(AtomicU64::new(0));
        let request = client
            .stored(Method::PUT, url)
            .header(header::CONTENT_TYPE, "application/octet-stream")
            // Signed URLs take no chunked bodies.
            .header(header::CONTENT_LENGTH, length)
            .timeout(Duration::from_secs(60 + length / SLOWEST_LINE))
            .body(stream_range(file.path.clone(), start, length, Arc::clone(meter), Arc::clone(&sent)));
        let outcome = client.send_stored("uploading", request).await;
        if outcome.is_err() {
            meter.retract(sent.load(Ordering::Relaxed));
        }
        let etag = outcome?.headers().get(header::ETAG).and_then(|etag| etag.to_str().ok()).map(str::to_owned);
        Ok(etag)
    };
    client.pacing.retry(attempt).await
}

fn stream_range(path: PathBuf, start: u64, length: u64, meter: Arc<Meter>, sent: Arc<AtomicU64>) -> Body {
    let read = move |(file, left): (Option<tokio::fs::File>, u64)| {
        let (path, meter, sent) = (path.clone(), Arc::clone(&meter), Arc::clone(&sent));
        async move {
            if left == 0 {
                return Ok::<_, io::Error>(None);
            }
            let mut file = match file {
                Some(file) => file,
                None => open_at(&path, start).await?,
            };
            let mut chunk = Vec::new();
            (&mut file).take(READ_SIZE.min(left)).read_to_end(&mut chunk).await?;
            if chunk.is_empty() {
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the file became shorter during the upload"));
            }
            let count = u64::try_from(chunk.len()).unwrap_or(left);
            sent.fetch_add(count, Ordering::Relaxed);
            meter.add(count);
            Ok(Some((Bytes::from(chunk), (Some(file), left.saturating_sub(count)))))
        }
    };
    Body::wrap_stream(stream::try_unfold((None, length), read))
}

async fn open_at(path: &Path, start: u64) -> io::Result<tokio::fs::File> {
    let mut file = tokio::fs::File::open(path).await?;
    file.seek(io::SeekFrom::Start(start)).await?;
    Ok(file)
}

/// Lowercase hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
