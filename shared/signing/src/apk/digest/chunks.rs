//! Digests of single chunks.

use aws_lc_rs::digest::Context;

use super::{CHUNK, DigestKind};
use crate::lanes;

/// What is hashed in front of a chunk, before its length.
const PREFIX: u8 = 0xa5;

/// Digests of consecutive chunks.
pub(super) type Digests = Vec<Vec<u8>>;

/// The digests of consecutive chunks, of which the last one may be shorter than the others.
pub(super) fn digest_chunks(kind: DigestKind, chunks: &[&[u8]]) -> Digests {
    let full = chunks.iter().take_while(|chunk| chunk.len() == CHUNK).count();
    let (full, rest) = chunks.split_at_checked(full).unwrap_or_default();
    let mut digests = match kind {
        DigestKind::Sha256 => lanes::sha256_each(&header(CHUNK), full).into_iter().map(Vec::from).collect(),
        DigestKind::Sha1 | DigestKind::Sha512 => one_by_one(kind, full),
    };
    digests.extend(one_by_one(kind, rest));
    digests
}

/// The number of chunks that one thread digests in hardly more time than a single one.
pub(super) fn at_once(kind: DigestKind) -> usize {
    if kind == DigestKind::Sha256 { lanes::at_once() } else { 1 }
}

fn one_by_one(kind: DigestKind, chunks: &[&[u8]]) -> Digests {
    chunks.iter().map(|chunk| digest(kind, &header(chunk.len()), chunk)).collect()
}

fn header(length: usize) -> [u8; 5] {
    let [a, b, c, d] = u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes();
    [PREFIX, a, b, c, d]
}

fn digest(kind: DigestKind, prefix: &[u8], message: &[u8]) -> Vec<u8> {
    let mut context = Context::new(kind.algorithm());
    context.update(prefix);
    context.update(message);
    context.finish().as_ref().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_chunks_have_the_digests_that_each_has_alone() {
        let bytes: Vec<u8> =
            (0..40 * CHUNK as u32 + 77).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        let chunks: Vec<&[u8]> = bytes.chunks(CHUNK).collect();
        for kind in [DigestKind::Sha256, DigestKind::Sha512] {
            for count in [0, 1, 3, 4, 16, 17, 33, chunks.len()] {
                let last = &chunks[chunks.len() - count..];
                assert_eq!(digest_chunks(kind, last), one_by_one(kind, last), "{count} chunks, {kind:?}");
            }
        }
    }
}
