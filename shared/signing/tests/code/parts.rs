//! The parts of a signature, taken out by a reader of the tests' own.

pub(crate) const CODE_DIRECTORY: u32 = 0;
pub(crate) const REQUIREMENTS: u32 = 2;
pub(crate) const ENTITLEMENTS: u32 = 5;
pub(crate) const DER_ENTITLEMENTS: u32 = 7;
pub(crate) const SIGNATURE: u32 = 0x1_0000;

fn number(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

/// Where the blob of this number begins and ends.
pub(crate) fn range(signature: &[u8], wanted: u32) -> std::ops::Range<usize> {
    let entries = (0..number(signature, 8) as usize).map(|entry| 12 + entry * 8);
    let entry = entries.into_iter().find(|entry| number(signature, *entry) == wanted).expect("such a blob");
    let start = number(signature, entry + 4) as usize;
    start..start + number(signature, start + 4) as usize
}

pub(crate) fn part(signature: &[u8], wanted: u32) -> &[u8] {
    &signature[range(signature, wanted)]
}
