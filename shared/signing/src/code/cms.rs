//! The signed data over a code directory, and the attributes that only code signatures have.

mod check;

use formats::plist::{Dictionary, Value};
use x509_cert::der::Encode;
use x509_cert::der::asn1::{GeneralizedTime, UtcTime};

pub(super) use check::{Checked, check, claimed_signer};

use super::error::Error;
use crate::apk::DigestKind;
use crate::cms::algorithm::{RSA, SHA256_ECDSA, SIGNING_TIME};
use crate::cms::der::{NULL, OCTET_STRING, SEQUENCE, element};
use crate::cms::{Detached, algorithm_identifier, attribute, identifier, object_identifier};
use crate::key::{CannotSign, KeyKind};
use crate::{Certificate, Signer};

/// 1.2.840.113635.100.9.1: a property list with the first 20 bytes of each code directory's digest.
const CD_HASHES: &[u8] = b"\x2a\x86\x48\x86\xf7\x63\x64\x09\x01";
/// 1.2.840.113635.100.9.2: each code directory's digest, whole, behind its hash function.
const CD_DIGESTS: &[u8] = b"\x2a\x86\x48\x86\xf7\x63\x64\x09\x02";
/// The key in that property list.
const HASHES_KEY: &str = "cdhashes";

/// Length of the digest that names code, in bytes.
pub(super) const CD_HASH: usize = 20;

/// The first bytes of a code directory's digest, which name the code.
pub(super) fn cd_hash(digest: &[u8]) -> [u8; CD_HASH] {
    let mut hash = [0; CD_HASH];
    hash.iter_mut().zip(digest).for_each(|(to, from)| *to = *from);
    hash
}

/// Signed data over this directory; `sign` makes the signature, or something as long.
pub(super) fn write(
    directory: &[u8],
    chain: &[Certificate],
    signer: &Signer,
    signing_time: i64,
    sign: impl FnOnce(DigestKind, &[u8]) -> Result<Vec<u8>, CannotSign>,
) -> Result<Vec<u8>, Error> {
    let digest = DigestKind::Sha256.digest(directory);
    let signature = Detached {
        digest: DigestKind::Sha256,
        algorithm: match signer.kind() {
            KeyKind::Rsa(_) => algorithm_identifier(RSA, NULL),
            KeyKind::P256 | KeyKind::P384 | KeyKind::P521 => algorithm_identifier(SHA256_ECDSA, &[]),
        },
        certificates: &chain.iter().collect::<Vec<_>>(),
        attributes: Some(vec![
            attribute(SIGNING_TIME, vec![&time(signing_time)?]),
            attribute(CD_HASHES, vec![&element(OCTET_STRING, &[&hashes(&digest)?])]),
            attribute(CD_DIGESTS, vec![&algorithm_and_digest(&digest)]),
        ]),
    };
    signature.write(directory, sign).map_err(|_| Error::Key)
}

fn hashes(digest: &[u8]) -> Result<Vec<u8>, Error> {
    let hashes = Value::Array(vec![Value::Data(cd_hash(digest).to_vec())]);
    let mut xml = Vec::new();
    let list = Value::Dictionary(Dictionary::from_iter([(HASHES_KEY, hashes)]));
    // It holds no value that could not be written.
    list.to_writer_xml(&mut xml).map_err(|_| Error::Key)?;
    xml.push(b'\n');
    Ok(xml)
}

fn algorithm_and_digest(digest: &[u8]) -> Vec<u8> {
    let algorithm = object_identifier(identifier(DigestKind::Sha256));
    element(SEQUENCE, &[&algorithm, &element(OCTET_STRING, &[digest])])
}

/// UTC time up to 2049, generalized time from then on (RFC 5652, 11.3).
fn time(seconds: i64) -> Result<Vec<u8>, Error> {
    let unsupported = Error::SigningTime(seconds);
    let Ok(since) = u64::try_from(seconds).map(std::time::Duration::from_secs) else { return Err(unsupported) };
    let encoded = match UtcTime::from_unix_duration(since) {
        Ok(time) => time.to_der(),
        Err(_) => GeneralizedTime::from_unix_duration(since).and_then(|time| time.to_der()),
    };
    encoded.map_err(|_| unsupported)
}
