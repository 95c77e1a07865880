//! Making code signatures.

use formats::plist::Dictionary;

use super::blob::{self, DER_ENTITLEMENTS, EMBEDDED_SIGNATURE, ENTITLEMENTS, WRAPPER, slot};
use super::directory::{self, AD_HOC, ExecSegment};
use super::entitlements::{write_der, write_xml};
use super::error::Error;
use super::pages::PageHashes;
use super::{cms, issuers, requirements};
use crate::apk::DigestKind;
use crate::key::CannotSign;
use crate::{Certificate, Signer};

/// Signatures begin and end at multiples of this.
const ALIGNMENT: u64 = 16;

/// What is signed: one slice of an executable or a library, with what is sealed beside its pages.
#[derive(Debug, Clone, Copy)]
pub struct Code<'a> {
    /// What the code is called, in a bundle its `CFBundleIdentifier`.
    pub identifier: &'a str,
    /// The team that signs, where one does.
    pub team_id: Option<&'a str>,
    /// What it asks to be allowed. Those of anything but an executable count for nothing.
    pub entitlements: Option<&'a Dictionary>,
    /// SHA-256 of the bundle's `Info.plist`.
    pub info_plist: Option<&'a [u8; 32]>,
    /// SHA-256 of the bundle's `_CodeSignature/CodeResources`.
    pub code_resources: Option<&'a [u8; 32]>,
    /// Where the slice has its code.
    pub executable: ExecSegment,
    /// Number of bytes that are signed: where the signature begins in the slice.
    pub code_limit: u64,
}

/// Who signs.
#[derive(Debug, Clone, Copy)]
pub enum By<'a> {
    /// Nobody: the signature shows that nothing changed, and not who made it. Devices run no such code.
    AdHoc,
    /// The owner of a key.
    Key {
        /// The key with its certificates. Where Apple issued them and the keystore lacks Apple's own, these are added.
        signer: &'a Signer,
        /// When, in Unix seconds. The same moment gives the same bytes.
        signing_time: i64,
    },
}

/// A signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// The signature, filled up with zeros to what [`signature_length`] says.
    pub bytes: Vec<u8>,
    /// The digest that names the code.
    pub cd_hash: [u8; cms::CD_HASH],
}

/// Length in bytes of the space to reserve behind the code: a multiple of 16 that every signature of this code fits into.
///
/// # Errors
/// As [`sign`].
pub fn signature_length(code: &Code<'_>, by: &By<'_>) -> Result<u64, Error> {
    let pages = PageHashes::placeholder(code.code_limit);
    let longest = |signer: &Signer, _, _: &[u8]| Ok(vec![0; signer.key().longest_signature()]);
    let (signature, _) = assemble(code, &pages, by, longest)?;
    Ok(reserved(&signature))
}

/// Signs code whose pages have these digests.
///
/// # Errors
/// When the code cannot be described: its length, an identifier that is empty or has a NUL in it, an entitlement of a type that DER
/// has no form for. When the pages are those of other code. When the key does not sign, or not at that time.
pub fn sign(code: &Code<'_>, pages: &PageHashes, by: &By<'_>) -> Result<Signed, Error> {
    let Code { code_limit, .. } = *code;
    if pages.bytes != code_limit {
        return Err(Error::Pages { hashed: pages.bytes, code_limit });
    }
    let length = signature_length(code, by)?;
    let (mut bytes, cd_hash) = assemble(code, pages, by, |signer, kind, message| signer.key().sign(kind, message))?;
    bytes.resize(usize::try_from(length).unwrap_or_default().max(bytes.len()), 0);
    Ok(Signed { bytes, cd_hash })
}

/// The signature and the digest of its code directory; `make` makes what the key has to.
fn assemble(
    code: &Code<'_>,
    pages: &PageHashes,
    by: &By<'_>,
    make: impl FnOnce(&Signer, DigestKind, &[u8]) -> Result<Vec<u8>, CannotSign>,
) -> Result<(Vec<u8>, [u8; cms::CD_HASH]), Error> {
    directory::check(code)?;
    let (flags, chain) = match by {
        By::AdHoc => (AD_HOC, Vec::new()),
        By::Key { signer, .. } => (0, issuers::chain(signer)),
    };
    let sealed = sealed(code, &chain)?;
    let directory = directory::write(code, flags, &special_digests(code, &sealed), pages);
    let signature = match *by {
        By::AdHoc => Vec::new(),
        By::Key { signer, signing_time } => {
            cms::write(&directory, &chain, signer, signing_time, |kind, message| make(signer, kind, message))?
        }
    };
    let cd_hash = cms::cd_hash(&DigestKind::Sha256.digest(&directory));
    let mut blobs = vec![(slot::CODE_DIRECTORY, directory)];
    blobs.extend(sealed);
    blobs.push((slot::SIGNATURE, blob::blob(WRAPPER, &signature)));
    Ok((blob::index(EMBEDDED_SIGNATURE, &blobs), cd_hash))
}

/// The blobs that the code directory has digests of, in order.
fn sealed(code: &Code<'_>, chain: &[Certificate]) -> Result<Vec<(u32, Vec<u8>)>, Error> {
    let mut blobs = vec![(slot::REQUIREMENTS, requirements::write(code.identifier, chain))];
    if let Some(entitlements) = code.entitlements {
        blobs.push((slot::ENTITLEMENTS, blob::blob(ENTITLEMENTS, &write_xml(entitlements)?)));
        if code.executable.is_main {
            blobs.push((slot::DER_ENTITLEMENTS, blob::blob(DER_ENTITLEMENTS, &write_der(entitlements)?)));
        }
    }
    Ok(blobs)
}

fn special_digests(code: &Code<'_>, blobs: &[(u32, Vec<u8>)]) -> Vec<(u32, [u8; 32])> {
    let files = [(slot::INFO_PLIST, code.info_plist), (slot::CODE_RESOURCES, code.code_resources)];
    let files = files.into_iter().filter_map(|(number, digest)| Some((number, *digest?)));
    let blobs = blobs.iter().map(|(number, blob)| {
        let mut digest = [0; 32];
        digest.copy_from_slice(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, blob).as_ref());
        (*number, digest)
    });
    files.chain(blobs).collect()
}

fn reserved(signature: &[u8]) -> u64 {
    let length = u64::try_from(signature.len()).ok();
    length.and_then(|length| length.checked_next_multiple_of(ALIGNMENT)).unwrap_or(u64::MAX)
}
