//! SHA-256 of many messages at once, one in each lane of the processor's vector registers.

use std::sync::LazyLock;

use aws_lc_rs::digest::{Context, SHA256};

/// Fewer messages are done sooner one after the other.
const WORTHWHILE: usize = 4;

/// The digests of messages of one length, each with `prefix` in front of it.
pub(crate) fn sha256_each(prefix: &[u8], messages: &[&[u8]]) -> Vec<[u8; 32]> {
    if messages.len() >= WORTHWHILE && *LANES_ARE_RIGHT {
        in_lanes(prefix, messages)
    } else {
        messages.iter().map(|message| sha256(prefix, message)).collect()
    }
}

/// The number of messages that one thread digests in hardly more time than a single one.
pub(crate) fn at_once() -> usize {
    if *LANES_ARE_RIGHT { tape_sha256::lane_width() } else { 1 }
}

/// Whether the implementation that was chosen for this processor agrees with the other library on a short known input. Where it does
/// not, it is not used.
static LANES_ARE_RIGHT: LazyLock<bool> = LazyLock::new(|| {
    let lengths = 0..u8::try_from(tape_sha256::lane_width().saturating_mul(3)).unwrap_or(u8::MAX);
    let messages: Vec<Vec<u8>> = lengths.map(|length| (0..length).rev().collect()).collect();
    let messages: Vec<&[u8]> = messages.iter().map(Vec::as_slice).collect();
    let expected = messages.iter().map(|message| sha256(b"known", message));
    in_lanes(b"known", &messages).into_iter().eq(expected)
});

fn in_lanes(prefix: &[u8], messages: &[&[u8]]) -> Vec<[u8; 32]> {
    let mut digests = vec![[0; 32]; messages.len()];
    tape_sha256::hash_many_prefixed(prefix, messages, &mut digests);
    digests
}

fn sha256(prefix: &[u8], message: &[u8]) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    context.update(prefix);
    context.update(message);
    let mut digest = [0; 32];
    digest.copy_from_slice(context.finish().as_ref());
    digest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lanes_are_used_and_give_the_digests_of_the_other_library() {
        assert!(*LANES_ARE_RIGHT, "{}", tape_sha256::backend());
        let bytes: Vec<u8> = (0..40 * 4096_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        for length in [4096, 1000, 64, 1] {
            let messages: Vec<&[u8]> = bytes.chunks_exact(length).take(40).collect();
            for count in [0, 1, WORTHWHILE - 1, WORTHWHILE, 16, 17, 33, 40] {
                let some = &messages[..count];
                let expected: Vec<_> = some.iter().map(|message| sha256(b"-", message)).collect();
                assert_eq!(sha256_each(b"-", some), expected, "{count} messages of {length} bytes");
            }
        }
    }
}
