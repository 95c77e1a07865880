//! Checks an output with the formats' readers and the signing crate's checkers, never with the engine that wrote it.
//!
//! What the engine believes about its output is not asked: the bytes are read again and compared with the input, the plan's controls and
//! the certificate. Each check has a name, and a failing one says it.

mod controls;
pub mod diff;
mod entries;
mod error;
mod ios;
mod layout;
mod manifest;
mod network;
mod parts;
mod resources;
mod signature;

use std::collections::BTreeSet;

use domain::policy::Policy;
use formats::limits::Limits;
use formats::source::Source;
use formats::zip::Archive;
use serde::Serialize;

pub use error::Error;

use parts::Parts;

/// What an output may have beyond the longest input, bytes: up to 16 KiB in front of each library, and a signing block or lines and digests
/// for each entry.
const GROWTH: u64 = 256 << 20;

/// What an output must be.
#[derive(Clone, Copy)]
pub struct Expected<'a> {
    /// The package that was uploaded.
    pub input: &'a dyn Source,
    /// What must be in effect.
    pub policy: &'a Policy,
    /// SHA-256 of the signer's certificate, lowercase hexadecimal; `None` where the output must be unsigned, an iOS app ad hoc.
    pub certificate_sha256: Option<&'a str>,
    /// The profile that the programs of an iOS app must have.
    pub profile: Option<&'a [u8]>,
    /// Bounds of what is read; the engine's.
    pub limits: &'a Limits,
}

/// The checks that an output passed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verification {
    /// Every check, in the order in which they were made; each of them passed.
    pub checks: Vec<Passed>,
}

/// A check that was passed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Passed {
    /// The check.
    pub check: Check,
    /// What was looked at, for people.
    pub detail: String,
}

/// One thing that is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// The archive is sound and has no undeclared bytes.
    Structure,
    /// Every entry unpacks to its declared length and CRC-32. Entries with the very bytes of the input are not unpacked again.
    Contents,
    /// Stored entries stand where devices map them, the resource table is stored.
    Alignment,
    /// Every signature holds and is the expected signer's; or there is none.
    Signatures,
    /// The app is the same as before: package, versions, platform versions.
    Identity,
    /// Nothing differs from the input but what a control of the policy changes.
    Entries,
    /// What the controls demand is in effect.
    Controls,
}

impl Check {
    /// The name in reports and messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Structure => "structure",
            Self::Contents => "contents",
            Self::Alignment => "alignment",
            Self::Signatures => "signatures",
            Self::Identity => "identity",
            Self::Entries => "entries",
            Self::Controls => "controls",
        }
    }

    fn failed(self, detail: impl Into<String>) -> Error {
        Error::Failed { check: self, detail: detail.into() }
    }
}

/// Checks `output`. `advance` is told about every piece of bytes that was read, from any thread; `false` ends the check with
/// [`Error::Stopped`].
///
/// # Errors
/// The first check that fails, or a source that cannot be read.
pub fn verify(
    output: &dyn Source,
    expected: &Expected<'_>,
    advance: &(dyn Fn(u64) -> bool + Sync),
) -> Result<Verification, Error> {
    let mut checks = Vec::new();
    let mut pass = |check, detail| checks.push(Passed { check, detail });

    let longest = Limits { package_bytes: expected.limits.package_bytes.saturating_add(GROWTH), ..*expected.limits };
    let after = Archive::read(output, &longest).map_err(|error| error::of_archive(Check::Structure, error))?;
    if ios::is_app(&after) {
        return Ok(Verification { checks: ios::verify(&after, expected, advance)? });
    }
    let has_block = expected.certificate_sha256.is_some() && !Parts::of(&after).is_bundle();
    pass(Check::Structure, layout::structure(&after, has_block)?);
    let manifests = manifest::Manifests::read(&after, expected)?;
    pass(Check::Alignment, layout::alignment(&after, &manifests)?);
    pass(Check::Signatures, signature::check(&after, &manifests, expected, advance)?);
    pass(Check::Identity, manifests.identity()?);
    let reference = manifests.application().and_then(|application| application.network_security_config.as_ref());
    let network_files: BTreeSet<String> =
        resources::files(&after, manifests.parts(), reference, expected.limits)?.into_iter().collect();
    let (diff, same) = entries::check(&manifests, &after, expected, &network_files, advance)?;
    pass(Check::Entries, same);
    pass(Check::Contents, layout::contents(&after, &diff, advance)?);
    pass(Check::Controls, controls::check(&after, &manifests, &diff, expected)?);
    Ok(Verification { checks })
}
