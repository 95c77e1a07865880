//! The code directory: the digests of everything that is signed.

mod read;

pub(super) use read::{Directory, MIN_EXEC_SEGMENT};

use super::blob::{self, CODE_DIRECTORY};
use super::entitlements;
use super::error::Error;
use super::pages::{PAGE_BITS, PageHashes};
use super::sign::Code;

/// The version with the executable segment in it, which iOS 15 and later demand.
const VERSION: u32 = MIN_EXEC_SEGMENT;
/// Nobody's signature.
pub(super) const AD_HOC: u32 = 0x2;
// Hash functions.
const SHA1: u8 = 1;
const SHA256: u8 = 2;
/// Length of the fixed fields of that version, with those of a blob.
const FIXED: usize = 88;
/// The executable segment is that of an executable, and not of a library.
pub(super) const MAIN_BINARY: u64 = 0x1;

/// Where the code itself stands in a slice: its `__TEXT` segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExecSegment {
    /// Where it begins in the slice, in bytes.
    pub base: u64,
    /// Its length in bytes.
    pub limit: u64,
    /// Whether the file is an executable (`MH_EXECUTE`), and not a library or a bundle.
    pub is_main: bool,
}

/// The blob; `special` are the digests before the first page's, by number.
pub(super) fn write(code: &Code<'_>, flags: u32, special: &[(u32, [u8; 32])], pages: &PageHashes) -> Vec<u8> {
    let special_slots = special.iter().map(|(number, _)| *number).max().unwrap_or_default();
    let identifier = [code.identifier.as_bytes(), &[0]].concat();
    let team = code.team_id.map(|team| [team.as_bytes(), &[0]].concat()).unwrap_or_default();
    let team_offset = FIXED.saturating_add(identifier.len());
    let special_offset = team_offset.saturating_add(team.len());
    let hashes = special_offset.saturating_add(usize::try_from(special_slots).unwrap_or_default().saturating_mul(32));
    let number = |number: usize| blob::length(number).to_be_bytes();
    let mut content = Vec::with_capacity(pages.hashes.len().saturating_mul(32).saturating_add(hashes));
    for field in [VERSION, flags, blob::length(hashes), blob::length(FIXED), special_slots] {
        content.extend(field.to_be_bytes());
    }
    content.extend(number(pages.hashes.len()));
    content.extend(u32::try_from(code.code_limit).unwrap_or(u32::MAX).to_be_bytes());
    // Length of a digest, hash function, no platform, length of a page.
    content.extend([32, SHA256, 0, PAGE_BITS]);
    // Unused, and no scatter table.
    content.extend([0; 8]);
    content.extend(number(if team.is_empty() { 0 } else { team_offset }));
    // Unused, and no length beyond 32 bits.
    content.extend([0; 12]);
    let ExecSegment { base, limit, .. } = code.executable;
    for field in [base, limit, exec_flags(code)] {
        content.extend(field.to_be_bytes());
    }
    content.extend(identifier);
    content.extend(team);
    for slot in (1..=special_slots).rev() {
        let digest = special.iter().find(|(number, _)| *number == slot).map_or([0; 32], |(_, digest)| *digest);
        content.extend(digest);
    }
    content.extend(pages.hashes.as_flattened());
    blob::blob(CODE_DIRECTORY, &content)
}

/// Refuses code that no directory can describe.
pub(super) fn check(code: &Code<'_>) -> Result<(), Error> {
    let texts = [("the identifier", Some(code.identifier)), ("the team identifier", code.team_id)];
    for (field, text) in texts {
        if text.is_some_and(|text| text.is_empty() || text.contains('\0')) {
            return Err(Error::Text(field));
        }
    }
    let code_limit = code.code_limit;
    if u32::try_from(code_limit).is_err() { Err(Error::TooLarge { code_limit }) } else { Ok(()) }
}

fn exec_flags(code: &Code<'_>) -> u64 {
    if !code.executable.is_main {
        return 0;
    }
    code.entitlements.map(entitlements::exec_flags).unwrap_or_default() | MAIN_BINARY
}
