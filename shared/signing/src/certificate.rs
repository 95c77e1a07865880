//! X.509 certificates, as far as package signatures look into them.

use std::fmt::Write;
use std::sync::Arc;

use aws_lc_rs::digest;
use x509_cert::certificate::{CertificateInner, Raw, Version};
use x509_cert::der::Decode;
use x509_cert::ext::pkix::{BasicConstraints, KeyUsage};
use x509_parser::extensions::{ParsedExtension, X509Extension};
use x509_parser::prelude::FromDer;
use x509_parser::time::ASN1Time;
use x509_parser::x509::SubjectPublicKeyInfo;

/// More certificates above a key than any real hierarchy has.
const MAX_ISSUERS: usize = 10;

/// A certificate together with what is read from it once.
#[derive(Clone, PartialEq, Eq)]
pub struct Certificate {
    der: Arc<[u8]>,
    subject: String,
    not_before: i64,
    not_after: i64,
    public_key: Arc<[u8]>,
}

/// The bytes are not exactly one X.509 certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an X.509 certificate")]
pub struct NotACertificate;

/// A certificate that is not valid at the moment asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ValidityError {
    /// Its time has not come.
    #[error("the certificate is not valid before {}", day(*.from))]
    NotYetValid {
        /// Start of validity in Unix seconds.
        from: i64,
    },
    /// Its time is over.
    #[error("the certificate expired on {}", day(*.on))]
    Expired {
        /// End of validity in Unix seconds.
        on: i64,
    },
}

/// The day of a moment in Unix seconds, by UTC, as messages show it.
pub(crate) fn day(seconds: i64) -> String {
    ASN1Time::from_timestamp(seconds).map_or_else(|_| seconds.to_string(), |time| time.to_datetime().date().to_string())
}

impl Certificate {
    /// Reads one DER certificate; bytes behind it are refused.
    pub fn from_der(der: &[u8]) -> Result<Self, NotACertificate> {
        // This library is strict about the encoding, the other one knows more of what stands in it.
        let strict = CertificateInner::<Raw>::from_der(der).map_err(|_| NotACertificate)?;
        let strict = strict.tbs_certificate();
        strict.get_extension::<BasicConstraints>().map_err(|_| NotACertificate)?;
        strict.get_extension::<KeyUsage>().map_err(|_| NotACertificate)?;
        let (rest, parsed) = x509_parser::parse_x509_certificate(der).map_err(|_| NotACertificate)?;
        // Both name the algorithm of the issuer's signature, but only one is signed: RFC 5280, 4.1.1.2 wants them the same.
        let same_algorithm = parsed.signature_algorithm == parsed.tbs_certificate.signature;
        let broken = |extension: &X509Extension<'_>| {
            extension.critical && matches!(extension.parsed_extension(), ParsedExtension::ParseError { .. })
        };
        let old_with_extensions = strict.version() != Version::V3 && strict.extensions().is_some();
        if !rest.is_empty() || !same_algorithm || old_with_extensions || parsed.extensions().iter().any(broken) {
            return Err(NotACertificate);
        }
        Ok(Self {
            der: der.into(),
            subject: parsed.subject().to_string(),
            not_before: parsed.validity().not_before.timestamp(),
            not_after: parsed.validity().not_after.timestamp(),
            public_key: parsed.public_key().raw.into(),
        })
    }

    /// The certificate as it stands in the keystore or the package.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// SHA-256 of the DER bytes in lowercase hexadecimal, the form `apksigner verify --print-certs` prints.
    pub fn sha256(&self) -> String {
        hex(digest::digest(&digest::SHA256, &self.der).as_ref())
    }

    /// Distinguished name of the subject, as text.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// Start of validity in Unix seconds.
    pub fn not_before(&self) -> i64 {
        self.not_before
    }

    /// End of validity in Unix seconds.
    pub fn not_after(&self) -> i64 {
        self.not_after
    }

    /// Whether the certificate is valid at `now`, in Unix seconds; at both ends it is (RFC 5280, 4.1.2.5).
    pub(crate) fn check_validity(&self, now: i64) -> Result<(), ValidityError> {
        match now {
            _ if now < self.not_before => Err(ValidityError::NotYetValid { from: self.not_before }),
            _ if now > self.not_after => Err(ValidityError::Expired { on: self.not_after }),
            _ => Ok(()),
        }
    }

    /// The first common name in the subject's name.
    pub(crate) fn common_name(&self) -> Option<String> {
        let (_, parsed) = x509_parser::parse_x509_certificate(&self.der).ok()?;
        Some(parsed.subject().iter_common_name().next()?.as_str().ok()?.to_owned())
    }

    /// The first organization in the subject's name.
    pub(crate) fn organization(&self) -> Option<String> {
        let (_, parsed) = x509_parser::parse_x509_certificate(&self.der).ok()?;
        Some(parsed.subject().iter_organization().next()?.as_str().ok()?.to_owned())
    }

    /// Whether there is an extension with this object identifier (the bytes of its content).
    pub(crate) fn has_extension(&self, identifier: &[u8]) -> bool {
        let Ok((_, parsed)) = x509_parser::parse_x509_certificate(&self.der) else { return false };
        parsed.extensions().iter().any(|extension| extension.oid.as_bytes() == identifier)
    }

    /// Organizational units in the subject's name. Those that are written in an encoding that nobody uses are left out.
    pub(crate) fn organizational_units(&self) -> Vec<String> {
        let Ok((_, parsed)) = x509_parser::parse_x509_certificate(&self.der) else { return Vec::new() };
        let units = parsed.subject().iter_organizational_unit();
        units.filter_map(|unit| Some(unit.as_str().ok()?.to_owned())).collect()
    }

    /// DER of the `SubjectPublicKeyInfo`, which the signature schemes carry beside the certificate.
    pub fn public_key_info(&self) -> &[u8] {
        &self.public_key
    }

    /// The key bits inside `SubjectPublicKeyInfo`: PKCS#1 for RSA, a SEC 1 point for EC.
    pub(crate) fn public_key_bits(&self) -> Option<Vec<u8>> {
        let (_, info) = SubjectPublicKeyInfo::from_der(&self.public_key).ok()?;
        Some(info.subject_public_key.data.to_vec())
    }

    /// The issuer's name in DER and the serial number's bytes, which together name a certificate in CMS.
    pub(crate) fn issuer_and_serial(&self) -> Option<(Vec<u8>, Vec<u8>)> {
        let (_, parsed) = x509_parser::parse_x509_certificate(&self.der).ok()?;
        Some((parsed.issuer().as_raw().to_vec(), parsed.raw_serial().to_vec()))
    }

    /// Whether this is the issuer's name (in DER) and the serial number (its bytes) of the certificate.
    pub(crate) fn is_named(&self, issuer: &[u8], serial: &[u8]) -> bool {
        self.issuer_and_serial().is_some_and(|(own, number)| own == issuer && number == serial)
    }

    /// Whether devices take the certificate for JAR signatures: its key usage, if given, must name signatures, and there
    /// must be no critical extension that they do not know.
    pub(crate) fn may_sign(&self) -> bool {
        let Ok((_, parsed)) = x509_parser::parse_x509_certificate(&self.der) else { return false };
        parsed.extensions().iter().all(|extension| match extension.parsed_extension() {
            ParsedExtension::KeyUsage(usage) => usage.digital_signature() || usage.non_repudiation(),
            ParsedExtension::UnsupportedExtension { .. } | ParsedExtension::ParseError { .. } => !extension.critical,
            _ => true,
        })
    }

    /// This certificate, followed by its issuers as far as `others` have them.
    pub(crate) fn chain(own: &Self, others: &[Self]) -> Vec<Self> {
        let mut chain = vec![own.clone()];
        while let Some(issuer) = chain
            .last()
            .and_then(|last| others.iter().find(|candidate| candidate.issued(last) && !chain.contains(candidate)))
        {
            chain.push(issuer.clone());
            if chain.len() > MAX_ISSUERS {
                break;
            }
        }
        chain
    }

    /// Whether the other's issuer has the name of this one's subject.
    pub(crate) fn issued(&self, other: &Self) -> bool {
        let parse = |der| x509_parser::parse_x509_certificate(der).ok().map(|(_, parsed)| parsed);
        let (Some(issuer), Some(subject)) = (parse(&self.der), parse(&other.der)) else { return false };
        issuer.subject().as_raw() == subject.issuer().as_raw()
    }
}

impl std::fmt::Debug for Certificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Certificate").field("subject", &self.subject).field("sha256", &self.sha256()).finish()
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
