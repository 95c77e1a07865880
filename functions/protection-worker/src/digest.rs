//! SHA-256 of whole files, taken while they travel: the network is slower than the digest.

use std::fs::File;
use std::os::unix::fs::FileExt as _;

use aws_lc_rs::digest::{Context, SHA256};
use bytes::Bytes;
use domain::error::Error;
use domain::id::Sha256Hex;
use engine::Stop;
use tokio::sync::mpsc::Receiver;

use crate::build::Ended;
use crate::thread;

/// Bytes of a file that are read at a time.
const PIECE: usize = 1 << 20;

/// The digest of the pieces that come through `pieces`, in their order.
pub(crate) async fn of_pieces(mut pieces: Receiver<Bytes>) -> Result<Sha256Hex, Ended> {
    let digested = thread::run(move || {
        let mut context = Context::new(&SHA256);
        while let Some(piece) = pieces.blocking_recv() {
            context.update(&piece);
        }
        finish(context)
    });
    digested.await.map_err(Error::internal)?
}

/// The digest of a file. `go_on` is asked after every piece.
pub(crate) async fn of_file(
    file: File,
    go_on: impl Fn() -> Result<(), Stop> + Send + 'static,
) -> Result<Sha256Hex, Ended> {
    let digested = thread::run(move || {
        let mut context = Context::new(&SHA256);
        let mut piece = vec![0; PIECE];
        let mut offset = 0;
        loop {
            let length = file.read_at(&mut piece, offset).map_err(Error::internal)?;
            if length == 0 {
                return finish(context);
            }
            context.update(piece.get(..length).unwrap_or_default());
            offset = offset.saturating_add(u64::try_from(length).unwrap_or(u64::MAX));
            go_on()?;
        }
    });
    digested.await.map_err(Error::internal)?
}

fn finish(context: Context) -> Result<Sha256Hex, Ended> {
    let digest = context.finish().as_ref().try_into().map_err(Error::internal)?;
    Ok(Sha256Hex::from_digest(digest))
}
