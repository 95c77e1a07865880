//! What a signature says of the code, before anything of it is checked.

use formats::plist::Dictionary;

use super::blob::{Blob, Blobs, DER_ENTITLEMENTS, ENTITLEMENTS, slot};
use super::cms;
use super::directory::Directory;
use super::entitlements::{self, read_der};
use super::error::Error;
use crate::Certificate;
use crate::apk::Problem;

/// What a signature claims.
#[derive(Debug, Clone, PartialEq)]
pub struct Claims {
    /// What the code is called.
    pub identifier: String,
    /// The team that signed.
    pub team_id: Option<String>,
    /// Whether nobody's key signed.
    pub is_ad_hoc: bool,
    /// Flags of the code directory (`CS_…` in XNU's `cs_blobs.h`).
    pub flags: u32,
    /// What the code asks to be allowed.
    pub entitlements: Option<Dictionary>,
    /// The signer's own certificate; `None` where nobody's key signed, and where the signed data cannot be understood.
    pub certificate: Option<Certificate>,
}

/// Reads a signature, which other bytes may follow in the space that is reserved for it.
///
/// # Errors
/// The first defect that keeps the claims from being read. Nothing is checked beyond.
pub fn read(bytes: &[u8]) -> Result<Claims, Error> {
    let blobs = Blobs::read(bytes)?;
    let directory = primary(&blobs)?;
    let xml = blobs.find(slot::ENTITLEMENTS).map(read_xml).transpose()?.flatten();
    let entitlements = match xml {
        Some(entitlements) => Some(entitlements),
        None => blobs.find(slot::DER_ENTITLEMENTS).map(read_der_blob).transpose()?,
    };
    Ok(Claims {
        identifier: directory.identifier.to_owned(),
        team_id: directory.team_id.map(str::to_owned),
        is_ad_hoc: directory.is_ad_hoc(),
        flags: directory.flags,
        entitlements,
        certificate: blobs.find(slot::SIGNATURE).and_then(|blob| cms::claimed_signer(blob.content.rest())),
    })
}

/// The first code directory.
pub(super) fn primary<'a>(blobs: &Blobs<'a>) -> Result<Directory<'a>, Error> {
    let missing = || Error::rejected("code directory", 0, Problem::Missing);
    Directory::read(*blobs.find(slot::CODE_DIRECTORY).ok_or_else(missing)?)
}

/// The entitlements in XML; a blob without any is as good as none.
pub(super) fn read_xml(blob: &Blob<'_>) -> Result<Option<Dictionary>, Error> {
    blob.expect(ENTITLEMENTS, "magic number of the entitlements")?;
    if blob.content.is_empty() {
        return Ok(None);
    }
    entitlements::read_xml(blob.content.rest()).map(Some).map_err(Error::Entitlements)
}

/// The entitlements in DER.
pub(super) fn read_der_blob(blob: &Blob<'_>) -> Result<Dictionary, Error> {
    blob.expect(DER_ENTITLEMENTS, "magic number of the DER entitlements")?;
    read_der(blob.content.rest()).map_err(Error::within(blob.content.offset()))
}
