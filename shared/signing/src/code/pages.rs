//! Digests of the pages of the code, taken as it passes.

use crate::lanes;

/// Length of a page in bytes. Apple's own tool takes 16 KiB on its new processors; every system takes this one.
pub(super) const PAGE: usize = 1 << PAGE_BITS;
pub(super) const PAGE_BITS: u8 = 12;
/// Pages that are hashed together.
const TOGETHER: usize = 64;

/// Takes the code from its first byte to its last, in portions of any length.
#[derive(Debug)]
pub struct PageHasher {
    hashes: Vec<[u8; 32]>,
    /// What came last and is less than [`TOGETHER`] pages.
    pending: Vec<u8>,
    bytes: u64,
}

/// SHA-256 of each page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageHashes {
    pub(super) hashes: Vec<[u8; 32]>,
    /// Length of the code that was hashed, in bytes.
    pub(super) bytes: u64,
}

impl PageHasher {
    /// A hasher for code of `code_limit` bytes.
    pub fn new(code_limit: u64) -> Self {
        Self { hashes: Vec::with_capacity(pages(code_limit)), pending: Vec::new(), bytes: 0 }
    }

    /// Takes the next bytes.
    pub fn update(&mut self, mut bytes: &[u8]) {
        self.bytes = self.bytes.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        if !self.pending.is_empty() {
            let room = (TOGETHER * PAGE).saturating_sub(self.pending.len()).min(bytes.len());
            let (now, later) = bytes.split_at(room);
            self.pending.extend_from_slice(now);
            bytes = later;
            if self.pending.len() < TOGETHER * PAGE {
                return;
            }
            let mut pending = std::mem::take(&mut self.pending);
            self.hash(&pending);
            pending.clear();
            self.pending = pending;
        }
        let whole = bytes.chunks_exact(TOGETHER * PAGE);
        self.pending.extend_from_slice(whole.remainder());
        whole.for_each(|pages| self.hash(pages));
    }

    /// The digests of all pages, of which the last one may be shorter than the others.
    pub fn finish(mut self) -> PageHashes {
        let pending = std::mem::take(&mut self.pending);
        let (whole, last) = pending.split_at(pending.len().saturating_sub(pending.len() % PAGE));
        self.hash(whole);
        if !last.is_empty() {
            self.hashes.extend(lanes::sha256_each(&[], &[last]));
        }
        PageHashes { hashes: self.hashes, bytes: self.bytes }
    }

    fn hash(&mut self, pages: &[u8]) {
        self.hashes.extend(lanes::sha256_each(&[], &pages.chunks_exact(PAGE).collect::<Vec<_>>()));
    }
}

impl PageHashes {
    /// As many digests as such code has, of nothing.
    pub(super) fn placeholder(code_limit: u64) -> Self {
        Self { hashes: vec![[0; 32]; pages(code_limit)], bytes: code_limit }
    }
}

/// Number of pages; the capacity of what holds their digests, and never more than 4 GiB of code have.
fn pages(code_limit: u64) -> usize {
    usize::try_from(code_limit.min(u32::MAX.into())).unwrap_or_default().div_ceil(PAGE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apk::DigestKind;

    #[test]
    fn each_page_has_its_digest_whatever_the_portions() {
        let code: Vec<u8> = (0..700_001_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        for length in [0, 1, PAGE - 1, PAGE, PAGE + 1, TOGETHER * PAGE, code.len()] {
            let code = &code[..length];
            let expected: Vec<_> = code.chunks(PAGE).flat_map(|page| DigestKind::Sha256.digest(page)).collect();
            for portion in [1000, PAGE, 5000, TOGETHER * PAGE - 1, 1 << 20] {
                let mut hasher = PageHasher::new(length as u64);
                code.chunks(portion).for_each(|bytes| hasher.update(bytes));
                let hashes = hasher.finish();
                assert_eq!(hashes.hashes.as_flattened(), expected, "{length} bytes in portions of {portion}");
                assert_eq!(hashes.bytes, length as u64);
            }
        }
    }
}
