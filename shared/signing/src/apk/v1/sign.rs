//! Making the three files of a v1 signature.

use std::collections::BTreeMap;

use super::manifest::Text;
use super::{APK_SIGNED, FOLDER, MANIFEST, block};
use crate::Signer;
use crate::apk::algorithm::DigestKind;
use crate::apk::{Schemes, SigningError};
use crate::key::KeyKind;

/// Android 4.3, the first that verifies SHA-256 and ECDSA in JAR signatures.
const SHA256_FROM: u32 = 18;
const CREATED_BY: (&str, &str) = ("Created-By", "1.0 (AppTego)");
const SIGNATURE_FILE: &str = "META-INF/CERT.SF";

/// Hash function of the entries' digests for a package that runs from `min_sdk` on.
///
/// # Errors
/// Keys that the oldest of these devices cannot verify: EC below API 18. Certificates that they do not take: with a key usage
/// that leaves signatures out, or with critical extensions that they do not know.
pub fn digest_kind(signer: &Signer, min_sdk: u32) -> Result<DigestKind, SigningError> {
    if !signer.certificate().may_sign() {
        return Err(SigningError::CertificateUse);
    }
    match signer.kind() {
        _ if min_sdk >= SHA256_FROM => Ok(DigestKind::Sha256),
        KeyKind::Rsa(_) => Ok(DigestKind::Sha1),
        key => Err(SigningError::KeyForOldDevices { key, min_sdk, needed: SHA256_FROM }),
    }
}

/// Whether the entry of this name gets a digest: not folders, and not the files of signatures themselves.
pub fn is_digested(name: &str) -> bool {
    !name.ends_with('/') && !is_signature_file(name)
}

/// Whether the entry of this name is a part of JAR signatures, which hold only for the package that they came with.
pub fn is_signature_file(name: &str) -> bool {
    let Some(file) = name.strip_prefix(FOLDER).filter(|file| !file.contains('/')) else { return false };
    let file = file.to_ascii_lowercase();
    let extensions = [".sf", ".rsa", ".dsa", ".ec"];
    file == "manifest.mf" || file.starts_with("sig-") || extensions.iter().any(|extension| file.ends_with(extension))
}

/// MANIFEST.MF, CERT.SF and CERT.RSA or CERT.EC, in the order in which they are written, for the entries given by name and
/// digest of their uncompressed content.
///
/// Entries that are not digested ([`is_digested`]) are passed over. `schemes` are all that the package is signed with. The
/// same entries, in any order, and key always give the same bytes.
///
/// # Errors
/// See [`digest_kind`]; names that a manifest cannot hold or that come twice; digests of another length.
pub fn sign<'a>(
    entries: impl IntoIterator<Item = (&'a str, &'a [u8])>,
    signer: &Signer,
    min_sdk: u32,
    schemes: Schemes,
) -> Result<Vec<(String, Vec<u8>)>, SigningError> {
    let kind = digest_kind(signer, min_sdk)?;
    let mut manifest = Text::default();
    manifest.attribute("Manifest-Version", "1.0");
    manifest.attribute(CREATED_BY.0, CREATED_BY.1);
    manifest.end_section();
    let mut sections = Text::default();
    for (name, digest) in sorted(entries, kind)? {
        let section = Text::section(name, kind, digest);
        sections.append(&Text::section(name, kind, &kind.digest(section.bytes())));
        manifest.append(&section);
    }
    let manifest = manifest.into_bytes();

    let mut signature_file = Text::default();
    signature_file.attribute("Signature-Version", "1.0");
    signature_file.attribute(CREATED_BY.0, CREATED_BY.1);
    signature_file.digest("-Manifest", kind, &kind.digest(&manifest));
    if let Some(higher) = higher(schemes) {
        signature_file.attribute(APK_SIGNED, higher);
    }
    signature_file.end_section();
    signature_file.append(&sections);
    let signature_file = signature_file.into_signature_file();

    let (extension, signed) = block::sign(&signature_file, signer, kind)?;
    let signature = format!("META-INF/CERT.{extension}");
    Ok(vec![(MANIFEST.to_owned(), manifest), (SIGNATURE_FILE.to_owned(), signature_file), (signature, signed)])
}

fn sorted<'a>(
    entries: impl IntoIterator<Item = (&'a str, &'a [u8])>,
    kind: DigestKind,
) -> Result<BTreeMap<&'a str, &'a [u8]>, SigningError> {
    let mut sorted = BTreeMap::new();
    for (name, digest) in entries.into_iter().filter(|(name, _)| is_digested(name)) {
        if digest.len() != kind.algorithm().output_len() {
            return Err(SigningError::MissingDigest);
        }
        if name.contains(['\r', '\n', '\0']) || sorted.insert(name, digest).is_some() {
            return Err(SigningError::EntryName(name.to_owned()));
        }
    }
    Ok(sorted)
}

fn higher(schemes: Schemes) -> Option<&'static str> {
    match (schemes.v2, schemes.v3) {
        (true, true) => Some("2, 3"),
        (true, false) => Some("2"),
        (false, true) => Some("3"),
        (false, false) => None,
    }
}
