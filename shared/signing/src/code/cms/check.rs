//! Checking the signed data over a code directory.

use std::time::Duration;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256};
use formats::limits::Limits;
use formats::plist;
use x509_cert::der::Decode;
use x509_cert::der::asn1::{GeneralizedTime, UtcTime};

use super::{CD_DIGESTS, CD_HASHES, HASHES_KEY, cd_hash};
use crate::Certificate;
use crate::apk::Problem;
use crate::cms::algorithm::{self, DATA, SIGNING_TIME};
use crate::cms::der::{OBJECT_IDENTIFIER, OCTET_STRING};
use crate::cms::{Ber, Rejected, SignedData, SignerInfo, single_value};
use crate::code::directory::{Directory, MIN_EXEC_SEGMENT};

const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// What sound signed data says.
pub(in crate::code) struct Checked {
    /// The signer's own certificate, followed by its issuers as far as they are there.
    pub(in crate::code) certificates: Vec<Certificate>,
    /// When it was signed, in Unix seconds.
    pub(in crate::code) signing_time: Option<i64>,
}

/// The own certificate of the first signer, as the signed data claims; nothing of it is checked.
pub(in crate::code) fn claimed_signer(bytes: &[u8]) -> Option<Certificate> {
    let signed = SignedData::read(&mut Ber::of(bytes)).ok()?;
    signed.signers().next()?.ok()?.certificate(&signed.certificates).ok().cloned()
}

/// Checks signed data over the first of these directories that vouches for all of them.
pub(in crate::code) fn check(bytes: &[u8], directories: &[Directory<'_>]) -> Result<Checked, Rejected> {
    let mut file = Ber::of(bytes);
    let start = file;
    let signed = SignedData::read(&mut file)?;
    file.end("signed data")?;
    if signed.content_type != DATA || signed.content()?.is_some() {
        return Err(start.reject("encapsulated content", Problem::NotA("the code directory, elsewhere")));
    }
    let mut signers = signed.signers();
    let signer = signers.next().ok_or_else(|| start.reject("signer", Problem::Missing))??;
    if signers.next().is_some() {
        return Err(start.reject("signer", Problem::TooMany(1)));
    }
    let certificate = signer.certificate(&signed.certificates)?;
    let attributes = signer.attributes().ok_or_else(|| start.reject("signed attributes", Problem::Missing))?;
    check_signature(&signer, certificate, directories)?;
    check_hashes(&signer, attributes, directories)?;
    check_digests(&signer, attributes, directories)?;
    let certificates = Certificate::chain(certificate, &signed.certificates);
    Ok(Checked { certificates, signing_time: signing_time(&signer)? })
}

fn check_signature(
    signer: &SignerInfo<'_>,
    certificate: &Certificate,
    directories: &[Directory<'_>],
) -> Result<(), Rejected> {
    let unsupported = || signer.reject_algorithms(Problem::NotA("supported"));
    let algorithms = signer.algorithms().filter(|found| found.digest != &SHA1_FOR_LEGACY_USE_ONLY);
    let algorithms = algorithms.ok_or_else(unsupported)?;
    let directory = directories.first().map(|directory| directory.blob.whole).unwrap_or_default();
    match signer.verify(certificate, &algorithms, DATA, directory)? {
        Some(true) => Ok(()),
        Some(false) => Err(signer.reject_algorithms(Problem::BadSignature)),
        None => Err(unsupported()),
    }
}

/// The attribute with the first bytes of each directory's digest.
fn check_hashes(signer: &SignerInfo<'_>, attributes: Ber<'_>, directories: &[Directory<'_>]) -> Result<(), Rejected> {
    const FIELD: &str = "code directory hashes attribute";
    let missing = || attributes.reject(FIELD, Problem::Missing);
    let list = single_value(signer.attribute(CD_HASHES, FIELD)?.ok_or_else(missing)?, OCTET_STRING, FIELD)?.content;
    let limits = Limits { document_bytes: 1 << 16, values: 64, depth: 4, ..Limits::default() };
    let broken = |_| list.reject(FIELD, Problem::NotA("a list of hashes"));
    let list_of_hashes = plist::read_dictionary(list.bytes(), &limits).map_err(broken)?;
    let found: Vec<&[u8]> = plist::required(&list_of_hashes, HASHES_KEY).map_err(broken)?;
    let expected = directories.iter().map(|directory| cd_hash(directory.digest(directory.blob.whole).as_ref()));
    let same = found.into_iter().eq(expected.collect::<Vec<_>>().iter().map(|hash| hash.as_slice()));
    if same { Ok(()) } else { Err(list.reject(FIELD, Problem::Disagrees("the code directories"))) }
}

/// The attribute with the whole digests, which signatures with newer directories have as well.
fn check_digests(signer: &SignerInfo<'_>, attributes: Ber<'_>, directories: &[Directory<'_>]) -> Result<(), Rejected> {
    const FIELD: &str = "code directory digests attribute";
    let Some(values) = signer.attribute(CD_DIGESTS, FIELD)? else {
        let is_new = directories.iter().any(|directory| directory.version >= MIN_EXEC_SEGMENT);
        return if is_new { Err(attributes.reject(FIELD, Problem::Missing)) } else { Ok(()) };
    };
    let mut found = Vec::new();
    for value in values.sequences(FIELD, directories.len())? {
        let mut fields = value.content;
        let algorithm = fields.expect(OBJECT_IDENTIFIER, FIELD)?.content.bytes();
        found.push((algorithm, fields.expect(OCTET_STRING, FIELD)?.content.bytes().to_vec()));
        fields.end(FIELD)?;
    }
    let mut expected: Vec<_> = directories.iter().map(algorithm_and_digest).collect();
    expected.sort_unstable();
    found.sort_unstable();
    if found == expected { Ok(()) } else { Err(values.reject(FIELD, Problem::Disagrees("the code directories"))) }
}

fn algorithm_and_digest(directory: &Directory<'_>) -> (&'static [u8], Vec<u8>) {
    let algorithm = if directory.algorithm == &SHA256 { algorithm::SHA256 } else { algorithm::SHA1 };
    (algorithm, directory.digest(directory.blob.whole).as_ref().to_vec())
}

fn signing_time(signer: &SignerInfo<'_>) -> Result<Option<i64>, Rejected> {
    const FIELD: &str = "signing time attribute";
    let Some(values) = signer.attribute(SIGNING_TIME, FIELD)? else { return Ok(None) };
    let is_general = values.bytes().first() == Some(&GENERALIZED_TIME);
    let time = single_value(values, if is_general { GENERALIZED_TIME } else { UTC_TIME }, FIELD)?;
    let since = if is_general {
        GeneralizedTime::from_der(time.whole).map(|time| time.to_unix_duration())
    } else {
        UtcTime::from_der(time.whole).map(|time| time.to_unix_duration())
    };
    let seconds = since.as_ref().map(Duration::as_secs).ok().and_then(|seconds| i64::try_from(seconds).ok());
    seconds.map(Some).ok_or_else(|| values.reject(FIELD, Problem::NotA("a time")))
}
