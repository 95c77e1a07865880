//! Digests of single chunks: SHA-256 of many at once, one in each lane of the processor's vector registers.

use std::sync::LazyLock;

use aws_lc_rs::digest::Context;

use super::{CHUNK, DigestKind};

/// What is hashed in front of a chunk, before its length.
const PREFIX: u8 = 0xa5;
/// Fewer messages are done sooner one after the other.
const WORTHWHILE: usize = 4;

/// Digests of consecutive chunks.
pub(super) type Digests = Vec<Vec<u8>>;

/// The digests of consecutive chunks, of which the last one may be shorter than the others.
pub(super) fn digest_chunks(kind: DigestKind, chunks: &[&[u8]]) -> Digests {
    let full = chunks.iter().take_while(|chunk| chunk.len() == CHUNK).count();
    let (full, rest) = chunks.split_at_checked(full).unwrap_or_default();
    let mut digests = match kind {
        DigestKind::Sha256 if full.len() >= WORTHWHILE && *LANES_ARE_RIGHT => in_lanes(&header(CHUNK), full),
        _ => one_by_one(kind, full),
    };
    digests.extend(one_by_one(kind, rest));
    digests
}

/// The number of chunks that one thread digests in hardly more time than a single one.
pub(super) fn at_once(kind: DigestKind) -> usize {
    if kind == DigestKind::Sha256 && *LANES_ARE_RIGHT { tape_sha256::lane_width() } else { 1 }
}

/// Whether the implementation that was chosen for this processor agrees with the other library on a short known input. Where it does
/// not, it is not used.
static LANES_ARE_RIGHT: LazyLock<bool> = LazyLock::new(|| {
    let lengths = 0..u8::try_from(tape_sha256::lane_width().saturating_mul(3)).unwrap_or(u8::MAX);
    let messages: Vec<Vec<u8>> = lengths.map(|length| (0..length).rev().collect()).collect();
    let messages: Vec<&[u8]> = messages.iter().map(Vec::as_slice).collect();
    let expected = messages.iter().map(|message| digest(DigestKind::Sha256, b"known", message));
    in_lanes(b"known", &messages).into_iter().eq(expected)
});

fn in_lanes(prefix: &[u8], messages: &[&[u8]]) -> Digests {
    let mut digests = vec![[0; 32]; messages.len()];
    tape_sha256::hash_many_prefixed(prefix, messages, &mut digests);
    digests.into_iter().map(Vec::from).collect()
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
    fn lanes_are_used_and_give_the_digests_of_the_other_library() {
        assert!(*LANES_ARE_RIGHT, "{}", tape_sha256::backend());
        let bytes: Vec<u8> =
            (0..40 * CHUNK as u32 + 77).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        let chunks: Vec<&[u8]> = bytes.chunks(CHUNK).collect();
        for kind in [DigestKind::Sha256, DigestKind::Sha512] {
            for count in [0, 1, WORTHWHILE - 1, WORTHWHILE, 16, 17, 33, chunks.len()] {
                let last = &chunks[chunks.len() - count..];
                assert_eq!(digest_chunks(kind, last), one_by_one(kind, last), "{count} chunks, {kind:?}");
            }
        }
    }
}
