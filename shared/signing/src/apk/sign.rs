//! Making the signing block of a package.

use super::digest::ContentDigests;
use super::error::SigningError;
use super::lineage::Lineage;
use super::{Scheme, block, v2, v3};
use crate::Signer;

/// Schemes that a package is signed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schemes {
    /// JAR signing, which [`v1::sign`](super::v1::sign) makes before the block.
    pub v1: bool,
    /// APK Signature Scheme v2.
    pub v2: bool,
    /// APK Signature Scheme v3.
    pub v3: bool,
}

impl Schemes {
    /// The schemes that a package needs which runs on devices from this API level on: v2 and v3 always, v1 where some of
    /// them read nothing else.
    pub fn for_min_sdk(min_sdk: u32) -> Self {
        Self { v1: min_sdk < Scheme::V2.read_from(), v2: true, v3: true }
    }

    /// Lowest API level whose devices read one of the schemes.
    fn read_from(self) -> Option<u32> {
        let all = [(self.v1, Scheme::V1), (self.v2, Scheme::V2), (self.v3, Scheme::V3)];
        all.into_iter().filter(|(chosen, _)| *chosen).map(|(_, scheme)| scheme.read_from()).min()
    }
}

/// The complete APK Signing Block for a package with these contents, a multiple of 4096 bytes long.
///
/// `min_sdk` is the lowest API level that the package's manifest names; it is refused where the oldest of its devices
/// would find no signature. A `lineage` goes with the schemes that [`Lineage::schemes`] names. What the block says about scheme v1 is nothing: that is made by the caller, where `schemes`
/// names it. The block comes before the central directory, whose offset in the end record then grows by the
/// block's length. The same contents and key always give the same bytes.
pub fn sign_block(
    digests: &ContentDigests,
    signer: &Signer,
    schemes: Schemes,
    min_sdk: u32,
    lineage: Option<&Lineage>,
) -> Result<Vec<u8>, SigningError> {
    if lineage.map(|lineage| lineage.schemes(signer, min_sdk)).transpose()?.is_some_and(|needed| needed != schemes) {
        return Err(SigningError::LineageNeedsV3);
    }
    let read_from = schemes.read_from().ok_or(SigningError::NoScheme)?;
    if min_sdk < read_from {
        return Err(SigningError::MinSdk { min_sdk, read_from });
    }
    if !(schemes.v2 || schemes.v3) {
        return Err(SigningError::NoScheme);
    }
    let mut pairs = Vec::new();
    if schemes.v2 {
        pairs.push((block::V2_ID, v2::sign(digests, signer, schemes.v3)?));
    }
    if schemes.v3 {
        pairs.push((block::V3_ID, v3::sign(digests, signer, lineage)?));
    }
    Ok(block::build(&pairs))
}
