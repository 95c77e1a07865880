//! X.509 certificates as people paste them, and as DER.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use x509_parser::extensions::{ParsedExtension, X509Extension};
use x509_parser::prelude::X509Certificate;

/// Bytes of a PEM text at most.
pub(crate) const MAX_BYTES: usize = 64 * 1024;

pub(crate) const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";
const COLUMNS: usize = 64;

/// Why a text is not PEM.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotPem {
    #[error("must be at most {MAX_BYTES} characters long")]
    TooLong,
    #[error("must be PEM: nothing but blocks from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----")]
    NoBlock,
    #[error("certificate {0} is not Base64")]
    NotBase64(usize),
}

/// Cuts a text into the DER of its blocks (RFC 7468), which have white space around them and nothing else.
pub(crate) fn blocks(text: &str) -> Result<Vec<Vec<u8>>, NotPem> {
    if text.len() > MAX_BYTES {
        return Err(NotPem::TooLong);
    }
    let mut blocks = Vec::new();
    let mut rest = text.trim_ascii();
    while !rest.is_empty() {
        let block = rest.strip_prefix(BEGIN).and_then(|rest| rest.split_once(END));
        let (base64, after) = block.ok_or(NotPem::NoBlock)?;
        blocks.push(decode(base64).ok_or(NotPem::NotBase64(blocks.len() + 1))?);
        rest = after.trim_ascii_start();
    }
    Ok(blocks)
}

/// Reads Base64 that may have white space anywhere.
pub(crate) fn decode(base64: &str) -> Option<Vec<u8>> {
    let packed: String = base64.chars().filter(|sign| !sign.is_ascii_whitespace()).collect();
    STANDARD.decode(packed).ok()
}

/// Writes one block, in lines of 64 characters and without a line break at its end.
pub(crate) fn block(der: &[u8]) -> String {
    let base64 = STANDARD.encode(der);
    let lines: Vec<&str> = std::iter::successors(Some(base64.as_str()), |rest| rest.get(COLUMNS..))
        .filter(|rest| !rest.is_empty())
        .map(|rest| rest.get(..COLUMNS).unwrap_or(rest))
        .collect();
    format!("{BEGIN}\n{}\n{END}", lines.join("\n"))
}

/// One certificate and nothing behind it, whose critical extensions can be read.
pub(crate) fn certificate(der: &[u8]) -> Option<X509Certificate<'_>> {
    let (rest, certificate) = x509_parser::parse_x509_certificate(der).ok()?;
    let is_broken = |extension: &X509Extension<'_>| {
        extension.critical && matches!(extension.parsed_extension(), ParsedExtension::ParseError { .. })
    };
    let is_whole = rest.is_empty() && !certificate.extensions().iter().any(is_broken);
    is_whole.then_some(certificate)
}
