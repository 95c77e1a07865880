//! Checking CMS signatures over signature files as Android's package parsers do.

use aws_lc_rs::digest;

use super::file::File;
use crate::Certificate;
use crate::apk::{Problem, SignatureError};
use crate::cms::{Algorithms, Ber, Rejected, SignedData, SignerInfo};
use crate::public_key::Padding;

/// Devices below verify only the first of several signers.
const ALL_SIGNERS_FROM: u32 = 24;
/// Devices below do not compare the digest in signed attributes with the file.
const ATTRIBUTES_FROM: u32 = 19;

/// The certificates of the signer of `message`, its own first, where `file` is a signature that all devices from `min_sdk`
/// on verify.
pub(super) fn check(file: File<'_>, message: &[u8], min_sdk: u32) -> Result<Vec<Certificate>, SignatureError> {
    let signed = SignedData::read(&mut Ber::of(file.content)).map_err(|error| file.rejected(error))?;
    let tried = if min_sdk < ALL_SIGNERS_FROM { 1 } else { usize::MAX };
    for signer in signed.signers().take(tried) {
        let found = signer.and_then(|signer| check_signer(&signer, &signed, message, min_sdk));
        if let Some(certificate) = found.map_err(|error| file.rejected(error))? {
            return Ok(Certificate::chain(certificate, &signed.certificates));
        }
    }
    Err(file.reject("signature", 0, Problem::BadSignature))
}

/// The signer's certificate; `None` where the signature is none by its key over `message`.
fn check_signer<'c>(
    signer: &SignerInfo<'_>,
    signed: &'c SignedData<'_>,
    message: &[u8],
    min_sdk: u32,
) -> Result<Option<&'c Certificate>, Rejected> {
    let not_verified = || {
        let problem = Problem::NotA("one that all of the package's devices verify and that is verified here");
        signer.reject_algorithms(problem)
    };
    let algorithms = signer.algorithms().filter(|found| verified_from(found) <= min_sdk).ok_or_else(not_verified)?;
    let certificate = signer.certificate(&signed.certificates)?;
    if !certificate.may_sign() {
        let problem = Problem::NotA("one for signatures, or has critical extensions that are not known");
        return Err(signer.reject_certificate(problem));
    }
    if let Some(attributes) = signer.attributes().filter(|_| min_sdk < ATTRIBUTES_FROM) {
        let problem = Problem::NotA("verified by all of the package's devices");
        return Err(attributes.reject("signed attributes", problem));
    }
    let right = signer.verify(certificate, &algorithms, signed.content_type, message)?;
    Ok(right.ok_or_else(not_verified)?.then_some(certificate))
}

/// Lowest API level from which on all devices verify these algorithms.
fn verified_from(algorithms: &Algorithms) -> u32 {
    let sha1 = *algorithms.digest == digest::SHA1_FOR_LEGACY_USE_ONLY;
    match algorithms.padding {
        Padding::RsaPkcs1 if sha1 => 0,
        _ if !algorithms.names_digest => 18,
        Padding::Ecdsa if sha1 => 18,
        Padding::RsaPkcs1 if *algorithms.digest == digest::SHA256 => 18,
        _ => 21,
    }
}
