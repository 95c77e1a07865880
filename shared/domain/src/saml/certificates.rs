//! The certificates that an identity provider signs with.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use x509_parser::oid_registry::{OID_EC_P256, OID_NIST_EC_P384, OID_NIST_EC_P521};
use x509_parser::prelude::X509Certificate;
use x509_parser::public_key::{PublicKey, RSAPublicKey};

use crate::error::Error;
use crate::pem;
use crate::time::at;

/// Bytes of the text at most.
pub const MAX_BYTES: usize = pem::MAX_BYTES;
/// Certificates at most: the one in use, the next one, and those that a provider forgot.
pub const MAX_CERTIFICATES: usize = 5;
/// Bits of an RSA key, from NIST SP 800-131A's lower bound to what the verifying library takes.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// One to [`MAX_CERTIFICATES`] certificates as PEM (RFC 7468): lines of 64 characters, nothing between the blocks, no
/// block twice. They are judged when they come in; reading them back judges nothing, or one that expired would make the
/// settings unreadable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Certificates(String);

impl Certificates {
    /// Reads PEM blocks with white space around them and nothing else. None of the certificates may have expired; one
    /// that is not valid yet is taken, because a provider hands out its next certificate before it signs with it.
    pub fn parse(text: &str, now: Timestamp) -> Result<Self, Error> {
        let blocks = blocks(text)?;
        let certificates = blocks.into_iter().zip(1..).map(|(der, number)| {
            let certificate =
                Certificate::from_der(der).map_err(|why| invalid(format!("certificate {number} {why}")))?;
            match certificate.is_expired(now) {
                true => Err(invalid(format!("certificate {number} expired at {}", certificate.not_after()))),
                false => Ok(certificate),
            }
        });
        Ok(Self::of(&certificates.collect::<Result<Vec<_>, _>>()?))
    }

    /// Writes certificates that were judged.
    pub(super) fn of(certificates: &[Certificate]) -> Self {
        let mut blocks: Vec<String> = Vec::new();
        for certificate in certificates {
            let block = pem::block(&certificate.der);
            if !blocks.contains(&block) {
                blocks.push(block);
            }
        }
        Self(blocks.join("\n"))
    }

    /// How many they are.
    pub fn count(&self) -> usize {
        self.0.matches(pem::BEGIN).count()
    }

    /// The PEM text, without a line break at its end.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Cuts the text into the DER of its blocks.
fn blocks(text: &str) -> Result<Vec<Vec<u8>>, Error> {
    let blocks = pem::blocks(text).map_err(|why| invalid(why.to_string()))?;
    match blocks.len() {
        0 => Err(Error::invalid("x509_cert", "X.509 certificate is missing")),
        1..=MAX_CERTIFICATES => Ok(blocks),
        _ => Err(invalid(format!("must have at most {MAX_CERTIFICATES} certificates"))),
    }
}

fn invalid(what: impl AsRef<str>) -> Error {
    Error::invalid("x509_cert", format!("X.509 certificate: {}", what.as_ref()))
}

/// A certificate with a key that signatures may be verified with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Certificate {
    der: Vec<u8>,
    subject: Vec<u8>,
    issuer: Vec<u8>,
    not_after: i64,
}

/// Why a certificate is of no use. `Display` goes on after "certificate 2".
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unusable {
    #[error("is not an X.509 certificate")]
    Malformed,
    #[error("has a key that is not accepted: it must be RSA with 2048 to 8192 bits, or EC on P-256, P-384 or P-521")]
    Key,
}

impl Certificate {
    /// Reads one certificate and nothing behind it.
    pub(super) fn from_der(der: Vec<u8>) -> Result<Self, Unusable> {
        let parsed = pem::certificate(&der).ok_or(Unusable::Malformed)?;
        if !has_accepted_key(&parsed) {
            return Err(Unusable::Key);
        }
        let (subject, issuer) = (parsed.subject().as_raw().to_vec(), parsed.issuer().as_raw().to_vec());
        let not_after = parsed.validity().not_after.timestamp();
        Ok(Self { der, subject, issuer, not_after })
    }

    /// Its last second.
    pub(super) fn not_after(&self) -> Timestamp {
        at(self.not_after)
    }

    /// Whether its last second is over (RFC 5280, 4.1.2.5: that one still counts).
    pub(super) fn is_expired(&self, now: Timestamp) -> bool {
        now.as_second() > self.not_after
    }

    /// Whether it stands above the other one. Of two that issued themselves under one name neither does: they are a
    /// provider's old and new certificate.
    pub(super) fn is_above(&self, other: &Self) -> bool {
        other.issuer == self.subject && other.issuer != other.subject
    }
}

fn has_accepted_key(certificate: &X509Certificate<'_>) -> bool {
    let info = certificate.public_key();
    match info.parsed() {
        Ok(PublicKey::RSA(key)) => is_accepted_rsa(&key),
        Ok(PublicKey::EC(point)) => {
            let curve = info.algorithm.parameters.as_ref().and_then(|curve| curve.as_oid().ok());
            let sizes = [(OID_EC_P256, 32), (OID_NIST_EC_P384, 48), (OID_NIST_EC_P521, 66)];
            let size = sizes.into_iter().find(|(oid, _)| curve.as_ref() == Some(oid)).map(|(_, size)| size);
            // SEC 1, 2.3.3: both coordinates, uncompressed.
            size.is_some_and(|size| matches!(point.data(), [4, both @ ..] if both.len() == 2 * size))
        }
        _ => false,
    }
}

fn is_accepted_rsa(key: &RSAPublicKey<'_>) -> bool {
    let is_odd = |number: &[u8]| number.last().is_some_and(|last| last & 1 == 1);
    let exponent = key.try_exponent().is_ok_and(|exponent| (3..1 << 33).contains(&exponent));
    let positive = key.modulus.first().is_some_and(|first| first & 0x80 == 0);
    positive && RSA_BITS.contains(&bits(key.modulus)) && is_odd(key.modulus) && exponent && is_odd(key.exponent)
}

/// Bits of a number, highest byte first, without its leading zeros.
fn bits(number: &[u8]) -> usize {
    let first = number.iter().position(|byte| *byte != 0).unwrap_or(number.len());
    let significant = number.get(first..).unwrap_or_default();
    let zeros = significant.first().map_or(0, |byte| byte.leading_zeros());
    significant.len() * 8 - usize::try_from(zeros).unwrap_or_default()
}
