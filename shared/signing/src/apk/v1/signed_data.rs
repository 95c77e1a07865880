//! Checking CMS signatures (RFC 5652) over signature files as Android's package parsers do.

use aws_lc_rs::digest;

use super::algorithm::{Algorithms, CONTENT_TYPE, MESSAGE_DIGEST, SIGNED_DATA};
use super::ber::{Ber, Element};
use super::der::{CONTEXT_0, CONTEXT_1, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, SET};
use super::file::File;
use crate::apk::{Problem, SignatureError};
use crate::{Certificate, public_key};

/// Devices below verify only the first of several signers.
const ALL_SIGNERS_FROM: u32 = 24;
/// Devices below do not compare the digest in signed attributes with the file.
const ATTRIBUTES_FROM: u32 = 19;
const MAX_SIGNERS: usize = 16;
const MAX_CERTIFICATES: usize = 64;
const MAX_ATTRIBUTES: usize = 32;

/// The certificates of the signer of `message`, its own first, where `file` is a signature that all devices from `min_sdk`
/// on verify.
pub(super) fn check(file: File<'_>, message: &[u8], min_sdk: u32) -> Result<Vec<Certificate>, SignatureError> {
    let signed = SignedData::read(file)?;
    let tried = if min_sdk < ALL_SIGNERS_FROM { 1 } else { MAX_SIGNERS };
    for signer in signed.signers.iter().take(tried) {
        let signer = SignerInfo::read(signer.content)?;
        if let Some(certificate) = signer.check(&signed, message, min_sdk)? {
            return Ok(Certificate::chain(certificate, &signed.certificates));
        }
    }
    Err(file.reject("signature", 0, Problem::BadSignature))
}

struct SignedData<'a> {
    content_type: &'a [u8],
    certificates: Vec<Certificate>,
    signers: Vec<Element<'a>>,
}

impl<'a> SignedData<'a> {
    fn read(file: File<'a>) -> Result<Self, SignatureError> {
        let mut content_info = Ber::of(file).expect(SEQUENCE, "content info")?.content;
        if content_info.object_identifier("content type")? != SIGNED_DATA {
            return Err(file.reject("content type", 0, Problem::NotA("signed data")));
        }
        let mut content = content_info.expect(CONTEXT_0, "content")?.content;
        let mut fields = content.expect(SEQUENCE, "signed data")?.content;
        fields.expect(INTEGER, "version")?;
        for mut algorithm in
            fields.expect(SET, "digest algorithms")?.content.sequences("digest algorithm", MAX_SIGNERS)?
        {
            read_algorithm(&mut algorithm.content, "digest algorithm")?;
        }
        let mut encapsulated = fields.expect(SEQUENCE, "encapsulated content")?.content;
        let content_type = encapsulated.object_identifier("encapsulated content type")?;
        encapsulated.optional(CONTEXT_0, "encapsulated content")?;
        encapsulated.end("encapsulated content")?;
        let certificates = match fields.optional(CONTEXT_0, "certificates")? {
            Some(certificates) => read_certificates(certificates.content)?,
            None => Vec::new(),
        };
        fields.optional(CONTEXT_1, "revocation lists")?;
        let signers = fields.expect(SET, "signers")?.content.sequences("signer", MAX_SIGNERS)?;
        fields.end("signed data")?;
        Ok(Self { content_type, certificates, signers })
    }
}

fn read_certificates(certificates: Ber<'_>) -> Result<Vec<Certificate>, SignatureError> {
    let elements = certificates.sequences("certificate", MAX_CERTIFICATES)?;
    elements
        .into_iter()
        .map(|element| {
            let not_one = |_| element.content.reject("certificate", Problem::NotA("an X.509 certificate"));
            Certificate::from_der(element.whole).map_err(not_one)
        })
        .collect()
}

struct SignerInfo<'a> {
    issuer: &'a [u8],
    serial: Ber<'a>,
    /// Where the algorithms stand.
    start: Ber<'a>,
    digest_algorithm: &'a [u8],
    attributes: Option<Element<'a>>,
    signature_algorithm: &'a [u8],
    signature: &'a [u8],
}

impl<'a> SignerInfo<'a> {
    fn read(mut fields: Ber<'a>) -> Result<Self, SignatureError> {
        fields.expect(INTEGER, "version of signer")?;
        let mut identifier = fields.expect(SEQUENCE, "issuer and serial number")?.content;
        let issuer = identifier.expect(SEQUENCE, "issuer")?.whole;
        let serial = identifier.expect(INTEGER, "serial number")?.content;
        identifier.end("issuer and serial number")?;
        let start = fields;
        let digest_algorithm =
            read_algorithm(&mut fields.expect(SEQUENCE, "digest algorithm")?.content, "digest algorithm")?;
        let attributes = fields.optional(CONTEXT_0, "signed attributes")?;
        let signature_algorithm =
            read_algorithm(&mut fields.expect(SEQUENCE, "signature algorithm")?.content, "signature algorithm")?;
        let signature = fields.expect(OCTET_STRING, "signature")?.content.bytes();
        fields.optional(CONTEXT_1, "unsigned attributes")?;
        fields.end("signer")?;
        Ok(Self { issuer, serial, start, digest_algorithm, attributes, signature_algorithm, signature })
    }

    /// The signer's certificate; `None` where the signature is none by its key over `message`.
    fn check<'c>(
        &self,
        signed: &'c SignedData<'_>,
        message: &[u8],
        min_sdk: u32,
    ) -> Result<Option<&'c Certificate>, SignatureError> {
        let not_verified = || {
            let problem = Problem::NotA("one that all of the package's devices verify and that is verified here");
            self.start.reject("signature algorithm", problem)
        };
        let algorithms = Algorithms::of(self.digest_algorithm, self.signature_algorithm);
        let algorithms = algorithms.filter(|found| found.from <= min_sdk).ok_or_else(not_verified)?;
        let mut certificates = signed.certificates.iter();
        let Some(certificate) = certificates.find(|one| one.is_named(self.issuer, self.serial.bytes())) else {
            return Err(self.serial.reject("serial number", Problem::NotA("that of a certificate in the signature")));
        };
        if !certificate.may_sign() {
            let problem = Problem::NotA("one for signatures, or has critical extensions that are not known");
            return Err(self.serial.reject("certificate", problem));
        }
        let mut message = message;
        let as_set;
        if let Some(attributes) = &self.attributes {
            if min_sdk < ATTRIBUTES_FROM {
                let problem = Problem::NotA("verified by all of the package's devices");
                return Err(attributes.content.reject("signed attributes", problem));
            }
            let digest = digest::digest(algorithms.digest, message);
            if !vouch_for(attributes.content, signed.content_type, digest.as_ref())? {
                return Ok(None);
            }
            // They are signed as the set that they are, without the tag that they have in the file.
            as_set = [&[SET], attributes.whole.get(1..).unwrap_or_default()].concat();
            message = &as_set;
        }
        let key = certificate.public_key_info();
        let right = public_key::verify(key, algorithms.padding, algorithms.digest, message, self.signature);
        Ok(right.ok_or_else(not_verified)?.then_some(certificate))
    }
}

/// The identifier in the content of an algorithm; its parameters say nothing that is not known.
fn read_algorithm<'a>(algorithm: &mut Ber<'a>, field: &'static str) -> Result<&'a [u8], SignatureError> {
    let identifier = algorithm.object_identifier(field)?;
    algorithm.next(field)?;
    algorithm.end(field)?;
    Ok(identifier)
}

/// Whether the signed attributes name this content type and this digest of the signed file.
fn vouch_for(attributes: Ber<'_>, content_type: &[u8], digest: &[u8]) -> Result<bool, SignatureError> {
    let all = attributes.sequences("signed attribute", MAX_ATTRIBUTES)?;
    let single = |wanted: &[u8], tag, field| {
        let mut found = None;
        for attribute in &all {
            let mut fields = attribute.content;
            if fields.object_identifier("signed attribute")? != wanted {
                continue;
            }
            let mut values = fields.expect(SET, field)?.content;
            let value = values.expect(tag, field)?.content;
            if found.replace(value).is_some() || values.next(field)?.is_some() {
                return Err(attribute.content.reject(field, Problem::Duplicate));
            }
        }
        found.ok_or_else(|| attributes.reject(field, Problem::Empty))
    };
    let content_type_attribute = single(CONTENT_TYPE, OBJECT_IDENTIFIER, "content type attribute")?;
    let digest_attribute = single(MESSAGE_DIGEST, OCTET_STRING, "message digest attribute")?;
    Ok(content_type_attribute.bytes() == content_type && digest_attribute.bytes() == digest)
}
