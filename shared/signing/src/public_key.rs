//! Public keys and what verifies under them.

use aws_lc_rs::digest::{self, Algorithm};
use aws_lc_rs::signature::{self, ParsedPublicKey, VerificationAlgorithm};
use x509_parser::oid_registry::{
    OID_EC_P256, OID_KEY_TYPE_EC_PUBLIC_KEY, OID_NIST_EC_P384, OID_NIST_EC_P521, OID_PKCS1_RSAENCRYPTION,
};
use x509_parser::prelude::FromDer;
use x509_parser::x509::SubjectPublicKeyInfo;

/// How a signature is made from a digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Padding {
    /// RSASSA-PSS.
    RsaPss,
    /// RSASSA-PKCS1-v1_5.
    RsaPkcs1,
    /// ECDSA, which has none.
    Ecdsa,
}

/// Whether `signature` is one by the key in `info` (a DER `SubjectPublicKeyInfo`) over `message`; `None` for kinds of keys
/// and hash functions that are not verified here. RSA keys of unusual sizes count as wrong.
pub(crate) fn verify(
    info: &[u8],
    padding: Padding,
    digest: &Algorithm,
    message: &[u8],
    signature: &[u8],
) -> Option<bool> {
    let (_, info) = SubjectPublicKeyInfo::from_der(info).ok().filter(|(rest, _)| rest.is_empty())?;
    let key = ParsedPublicKey::new(algorithm(&info, padding, digest)?, &info.subject_public_key.data);
    Some(key.is_ok_and(|key| key.verify_sig(message, signature).is_ok()))
}

fn algorithm(
    info: &SubjectPublicKeyInfo<'_>,
    padding: Padding,
    digest: &Algorithm,
) -> Option<&'static dyn VerificationAlgorithm> {
    let by_digest: &[(&Algorithm, &'static dyn VerificationAlgorithm)] = match padding {
        Padding::RsaPss if info.algorithm.algorithm == OID_PKCS1_RSAENCRYPTION => &RSA_PSS,
        Padding::RsaPkcs1 if info.algorithm.algorithm == OID_PKCS1_RSAENCRYPTION => &RSA_PKCS1,
        Padding::Ecdsa if info.algorithm.algorithm == OID_KEY_TYPE_EC_PUBLIC_KEY => {
            // The library does not look at the byte that says how the point is written.
            info.subject_public_key.data.first().filter(|form| **form == UNCOMPRESSED)?;
            match info.algorithm.parameters.as_ref()?.as_oid().ok()? {
                curve if curve == OID_EC_P256 => &P256,
                curve if curve == OID_NIST_EC_P384 => &P384,
                curve if curve == OID_NIST_EC_P521 => &P521,
                _ => return None,
            }
        }
        _ => return None,
    };
    by_digest.iter().find(|(found, _)| *found == digest).map(|(_, algorithm)| *algorithm)
}

/// First byte of a point that is written with both coordinates (SEC 1, 2.3.3).
const UNCOMPRESSED: u8 = 4;

type ByDigest<const N: usize> = [(&'static Algorithm, &'static dyn VerificationAlgorithm); N];

const SHA1: &Algorithm = &digest::SHA1_FOR_LEGACY_USE_ONLY;
const RSA_PSS: ByDigest<2> =
    [(&digest::SHA256, &signature::RSA_PSS_2048_8192_SHA256), (&digest::SHA512, &signature::RSA_PSS_2048_8192_SHA512)];
/// Devices accept RSA 1024, and packages signed so are still around.
const RSA_PKCS1: ByDigest<4> = [
    (SHA1, &signature::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY),
    (&digest::SHA256, &signature::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY),
    (&digest::SHA384, &signature::RSA_PKCS1_2048_8192_SHA384),
    (&digest::SHA512, &signature::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY),
];
const P256: ByDigest<4> = [
    (SHA1, &signature::ECDSA_P256_SHA1_ASN1),
    (&digest::SHA256, &signature::ECDSA_P256_SHA256_ASN1),
    (&digest::SHA384, &signature::ECDSA_P256_SHA384_ASN1),
    (&digest::SHA512, &signature::ECDSA_P256_SHA512_ASN1),
];
const P384: ByDigest<3> = [
    (&digest::SHA256, &signature::ECDSA_P384_SHA256_ASN1),
    (&digest::SHA384, &signature::ECDSA_P384_SHA384_ASN1),
    (&digest::SHA512, &signature::ECDSA_P384_SHA512_ASN1),
];
const P521: ByDigest<4> = [
    (SHA1, &signature::ECDSA_P521_SHA1_ASN1),
    (&digest::SHA256, &signature::ECDSA_P521_SHA256_ASN1),
    (&digest::SHA384, &signature::ECDSA_P521_SHA384_ASN1),
    (&digest::SHA512, &signature::ECDSA_P521_SHA512_ASN1),
];
