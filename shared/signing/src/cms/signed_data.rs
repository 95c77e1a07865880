//! Reading signed data and checking the signatures in it.

use std::borrow::Cow;

use aws_lc_rs::digest;

use super::Rejected;
use super::algorithm::{Algorithms, CONTENT_TYPE, MESSAGE_DIGEST, SIGNED_DATA};
use super::ber::{Ber, Element};
use super::der::{CONTEXT_0, CONTEXT_1, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, SET};
use crate::apk::Problem;
use crate::{Certificate, public_key};

const MAX_SIGNERS: usize = 16;
const MAX_CERTIFICATES: usize = 64;
const MAX_ATTRIBUTES: usize = 32;
/// An octet string in parts, as it is written where its length is not known beforehand.
const OCTET_STRING_IN_PARTS: u8 = OCTET_STRING | 0x20;

pub(crate) struct SignedData<'a> {
    pub(crate) content_type: &'a [u8],
    /// What is signed, where it stands inside.
    content: Option<Ber<'a>>,
    pub(crate) certificates: Vec<Certificate>,
    signers: Vec<Element<'a>>,
}

impl<'a> SignedData<'a> {
    /// Takes the content info at the start of `file`.
    pub(crate) fn read(file: &mut Ber<'a>) -> Result<Self, Rejected> {
        let start = *file;
        let mut content_info = file.expect(SEQUENCE, "content info")?.content;
        if content_info.object_identifier("content type")? != SIGNED_DATA {
            return Err(start.reject("content type", Problem::NotA("signed data")));
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
        let content = encapsulated.optional(CONTEXT_0, "encapsulated content")?.map(|element| element.content);
        encapsulated.end("encapsulated content")?;
        let certificates = match fields.optional(CONTEXT_0, "certificates")? {
            Some(certificates) => read_certificates(certificates.content)?,
            None => Vec::new(),
        };
        fields.optional(CONTEXT_1, "revocation lists")?;
        let signers = fields.expect(SET, "signers")?.content.sequences("signer", MAX_SIGNERS)?;
        fields.end("signed data")?;
        Ok(Self { content_type, content, certificates, signers })
    }

    /// The signers, each read as it is come to.
    pub(crate) fn signers(&self) -> impl Iterator<Item = Result<SignerInfo<'a>, Rejected>> {
        self.signers.iter().map(|signer| SignerInfo::read(signer.content))
    }

    /// The bytes inside that are signed; `None` where they stand elsewhere.
    pub(crate) fn content(&self) -> Result<Option<Cow<'a, [u8]>>, Rejected> {
        let Some(mut content) = self.content else { return Ok(None) };
        let start = content;
        let string = content.next("content")?.ok_or_else(|| start.reject("content", Problem::Empty))?;
        content.end("content")?;
        match string.tag {
            OCTET_STRING => Ok(Some(Cow::Borrowed(string.content.bytes()))),
            OCTET_STRING_IN_PARTS => {
                let mut parts = string.content;
                let mut whole = Vec::new();
                while !parts.bytes().is_empty() {
                    whole.extend_from_slice(parts.expect(OCTET_STRING, "part of the content")?.content.bytes());
                }
                Ok(Some(Cow::Owned(whole)))
            }
            _ => Err(start.reject("content", Problem::NotA("an octet string"))),
        }
    }
}

fn read_certificates(certificates: Ber<'_>) -> Result<Vec<Certificate>, Rejected> {
    let elements = certificates.sequences("certificate", MAX_CERTIFICATES)?;
    elements
        .into_iter()
        .map(|element| {
            let not_one = |_| element.content.reject("certificate", Problem::NotA("an X.509 certificate"));
            Certificate::from_der(element.whole).map_err(not_one)
        })
        .collect()
}

pub(crate) struct SignerInfo<'a> {
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
    fn read(mut fields: Ber<'a>) -> Result<Self, Rejected> {
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

    /// `None` where they are not verified here.
    pub(crate) fn algorithms(&self) -> Option<Algorithms> {
        Algorithms::of(self.digest_algorithm, self.signature_algorithm)
    }

    /// Where the signed attributes stand, if there are any.
    pub(crate) fn attributes(&self) -> Option<Ber<'a>> {
        self.attributes.map(|attributes| attributes.content)
    }

    /// The values of the signed attribute of this kind, if there is one.
    pub(crate) fn attribute(&self, kind: &[u8], field: &'static str) -> Result<Option<Ber<'a>>, Rejected> {
        self.attributes().map_or(Ok(None), |attributes| values(attributes, kind, field))
    }

    /// An error about the algorithms.
    pub(crate) fn reject_algorithms(&self, problem: Problem) -> Rejected {
        self.start.reject("signature algorithm", problem)
    }

    /// An error about the certificate.
    pub(crate) fn reject_certificate(&self, problem: Problem) -> Rejected {
        self.serial.reject("certificate", problem)
    }

    /// The signer's own certificate.
    pub(crate) fn certificate<'c>(&self, certificates: &'c [Certificate]) -> Result<&'c Certificate, Rejected> {
        let mut certificates = certificates.iter();
        let found = certificates.find(|one| one.is_named(self.issuer, self.serial.bytes()));
        found
            .ok_or_else(|| self.serial.reject("serial number", Problem::NotA("that of a certificate in the signature")))
    }

    /// Whether the key of `certificate` signed `message`, content of this type; `None` for keys that are not verified here.
    pub(crate) fn verify(
        &self,
        certificate: &Certificate,
        algorithms: &Algorithms,
        content_type: &[u8],
        message: &[u8],
    ) -> Result<Option<bool>, Rejected> {
        let mut message = message;
        let as_set;
        if let Some(attributes) = &self.attributes {
            let digest = digest::digest(algorithms.digest, message);
            if !vouch_for(attributes.content, content_type, digest.as_ref())? {
                return Ok(Some(false));
            }
            // They are signed as the set that they are, without the tag that they have in the file.
            as_set = [&[SET], attributes.whole.get(1..).unwrap_or_default()].concat();
            message = &as_set;
        }
        let key = certificate.public_key_info();
        Ok(public_key::verify(key, algorithms.padding, algorithms.digest, message, self.signature))
    }
}

/// The identifier in the content of an algorithm; its parameters say nothing that is not known.
fn read_algorithm<'a>(algorithm: &mut Ber<'a>, field: &'static str) -> Result<&'a [u8], Rejected> {
    let identifier = algorithm.object_identifier(field)?;
    algorithm.next(field)?;
    algorithm.end(field)?;
    Ok(identifier)
}

/// Whether the signed attributes name this content type and this digest of the signed file.
fn vouch_for(attributes: Ber<'_>, content_type: &[u8], digest: &[u8]) -> Result<bool, Rejected> {
    let single = |wanted: &[u8], tag, field| {
        let values = values(attributes, wanted, field)?.ok_or_else(|| attributes.reject(field, Problem::Empty))?;
        single_value(values, tag, field)
    };
    let content_type_attribute = single(CONTENT_TYPE, OBJECT_IDENTIFIER, "content type attribute")?;
    let digest_attribute = single(MESSAGE_DIGEST, OCTET_STRING, "message digest attribute")?;
    Ok(content_type_attribute.content.bytes() == content_type && digest_attribute.content.bytes() == digest)
}

/// The values of the attribute of this kind, if there is one.
fn values<'a>(attributes: Ber<'a>, wanted: &[u8], field: &'static str) -> Result<Option<Ber<'a>>, Rejected> {
    let mut found = None;
    for attribute in attributes.sequences("signed attribute", MAX_ATTRIBUTES)? {
        let mut fields = attribute.content;
        if fields.object_identifier("signed attribute")? != wanted {
            continue;
        }
        if found.replace(fields.expect(SET, field)?.content).is_some() {
            return Err(attribute.content.reject(field, Problem::Duplicate));
        }
    }
    Ok(found)
}

/// The only value of an attribute.
pub(crate) fn single_value<'a>(mut values: Ber<'a>, tag: u8, field: &'static str) -> Result<Element<'a>, Rejected> {
    let start = values;
    let value = values.expect(tag, field)?;
    if values.next(field)?.is_some() { Err(start.reject(field, Problem::Duplicate)) } else { Ok(value) }
}
