//! Fetches the pinned upload into a file, several ranges at a time.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use domain::error::Error;
use domain::id::Sha256Hex;
use domain::job::Failure;
use domain::phase::Phase;
use engine::{Observer as _, Stop};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use service::work::Assignment;
use store::Store;
use store::uploads::Pinned;
use tokio::sync::mpsc;

use crate::build::Ended;
use crate::digest;
use crate::watch::Watch;

/// Bytes of a range, and ranges at a time: together, with two more on their way to the digest, the memory that a download takes.
const RANGE: u64 = 8 << 20;
const AT_A_TIME: usize = 4;
/// A body that breaks off is fetched again so often; the SDK repeats only what fails before it.
const TRIES: u32 = 3;

/// Writes the whole upload to `file` and digests it. Anything but the pinned object ends the build.
pub(crate) async fn fetch(
    store: &Store,
    assignment: &Assignment,
    file: &File,
    watch: &Watch,
) -> Result<Sha256Hex, Ended> {
    let size = assignment.upload.size;
    let done = AtomicU64::new(0);
    let ranges = (0..size).step_by(usize::try_from(RANGE).unwrap_or(usize::MAX));
    let fetch_one = |offset: u64| {
        let done = &done;
        async move {
            let bytes = fetch_range(store, assignment, offset, RANGE.min(size - offset)).await?;
            tokio::task::block_in_place(|| file.write_all_at(&bytes, offset)).map_err(Error::internal)?;
            let fetched = u64::try_from(bytes.len()).unwrap_or(0);
            let done = done.fetch_add(fetched, Ordering::Relaxed) + fetched;
            watch.observe(engine::Progress { phase: Phase::Downloading, done, total: size })?;
            Ok::<_, Ended>(bytes)
        }
    };
    let (pieces, digested) = mpsc::channel(1);
    let fetch_all = async move {
        let mut fetched = stream::iter(ranges).map(fetch_one).buffered(AT_A_TIME);
        while let Some(piece) = fetched.try_next().await? {
            // The digest ends early only when it fails, and then says so itself.
            let _ = pieces.send(piece).await;
        }
        Ok(())
    };
    let ((), digest) = tokio::try_join!(fetch_all, digest::of_pieces(digested))?;
    Ok(digest)
}

async fn fetch_range(store: &Store, assignment: &Assignment, offset: u64, length: u64) -> Result<Bytes, Ended> {
    let Assignment { job, upload, .. } = assignment;
    let mut tries = 1;
    loop {
        match store.read_package(job, &upload.etag, offset, length).await {
            Ok(Pinned::Found(bytes)) => return Ok(bytes),
            Ok(Pinned::Replaced) => {
                return Err(broken(
                    "upload_replaced",
                    "The upload was replaced while the build was waiting or running",
                ));
            }
            Ok(Pinned::Missing) if job.signs_again.is_some() => {
                return Err(broken("build_deleted", "The build that was to be signed again was deleted"));
            }
            Ok(Pinned::Missing) => return Err(broken("upload_missing", "The upload is no longer in storage")),
            Err(error) if tries == TRIES => return Err(error.into()),
            Err(_) => tries += 1,
        }
    }
}

fn broken(code: &'static str, message: &'static str) -> Ended {
    Ended::Broken(Failure::new(code, message))
}

impl From<Error> for Ended {
    fn from(error: Error) -> Self {
        Self::Trouble(error)
    }
}

impl From<Stop> for Ended {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Cancelled => Self::Lost,
            Stop::Deadline => Self::late(),
        }
    }
}
