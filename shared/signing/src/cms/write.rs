//! Writing signed data: one signer, the content elsewhere.

use super::algorithm::{CONTENT_TYPE, DATA, MESSAGE_DIGEST, SHA1, SHA256, SHA512, SIGNED_DATA};
use super::der::{self, CONTEXT_0, INTEGER, NULL, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, SET};
use crate::Certificate;
use crate::apk::DigestKind;
use crate::key::CannotSign;

/// What is signed how, and what is sent along.
pub(crate) struct Detached<'a> {
    pub(crate) digest: DigestKind,
    /// Identifier of the signature algorithm, with its parameters.
    pub(crate) algorithm: Vec<u8>,
    /// The signer's own certificate first.
    pub(crate) certificates: &'a [&'a Certificate],
    /// Further signed attributes; `None` where the message is signed itself, without any.
    pub(crate) attributes: Option<Vec<Vec<u8>>>,
}

impl Detached<'_> {
    /// The signed data over `message`, signed by whatever `sign` does with a hash function and bytes.
    pub(crate) fn write(
        self,
        message: &[u8],
        sign: impl FnOnce(DigestKind, &[u8]) -> Result<Vec<u8>, CannotSign>,
    ) -> Result<Vec<u8>, CannotSign> {
        let (issuer, serial) = self.certificates.first().and_then(|own| own.issuer_and_serial()).ok_or(CannotSign)?;
        let attributes = self.attributes.map(|further| signed_attributes(self.digest, message, further));
        // They are signed as the set that they are, without the tag that they have in the file.
        let signature = match &attributes {
            Some(attributes) => sign(self.digest, &sorted(SET, attributes))?,
            None => sign(self.digest, message)?,
        };
        let digest_algorithm = algorithm_identifier(identifier(self.digest), NULL);
        let signer_info = der::element(
            SEQUENCE,
            &[
                &version_1(),
                &der::element(SEQUENCE, &[&issuer, &der::element(INTEGER, &[&serial])]),
                &digest_algorithm,
                &attributes.map(|attributes| sorted(CONTEXT_0, &attributes)).unwrap_or_default(),
                &self.algorithm,
                &der::element(OCTET_STRING, &[&signature]),
            ],
        );
        let signed_data = der::element(
            SEQUENCE,
            &[
                &version_1(),
                &der::element(SET, &[&digest_algorithm]),
                &der::element(SEQUENCE, &[&object_identifier(DATA)]),
                &der::set_of(CONTEXT_0, self.certificates.iter().map(|one| one.der()).collect()),
                &der::element(SET, &[&signer_info]),
            ],
        );
        let content = der::element(CONTEXT_0, &[&signed_data]);
        Ok(der::element(SEQUENCE, &[&object_identifier(SIGNED_DATA), &content]))
    }
}

/// An algorithm with its parameters, which some have none of.
pub(crate) fn algorithm_identifier(algorithm: &[u8], parameters: &[u8]) -> Vec<u8> {
    der::element(SEQUENCE, &[&object_identifier(algorithm), parameters])
}

/// An attribute with these values.
pub(crate) fn attribute(kind: &[u8], values: Vec<&[u8]>) -> Vec<u8> {
    der::element(SEQUENCE, &[&object_identifier(kind), &der::set_of(SET, values)])
}

pub(crate) fn object_identifier(content: &[u8]) -> Vec<u8> {
    der::element(OBJECT_IDENTIFIER, &[content])
}

/// The identifier of a hash function.
pub(crate) fn identifier(kind: DigestKind) -> &'static [u8] {
    match kind {
        DigestKind::Sha1 => SHA1,
        DigestKind::Sha256 => SHA256,
        DigestKind::Sha512 => SHA512,
    }
}

fn signed_attributes(digest: DigestKind, message: &[u8], mut further: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    further.push(attribute(CONTENT_TYPE, vec![&object_identifier(DATA)]));
    further.push(attribute(MESSAGE_DIGEST, vec![&der::element(OCTET_STRING, &[&digest.digest(message)])]));
    further
}

fn sorted(tag: u8, attributes: &[Vec<u8>]) -> Vec<u8> {
    der::set_of(tag, attributes.iter().map(Vec::as_slice).collect())
}

fn version_1() -> Vec<u8> {
    der::element(INTEGER, &[&[1]])
}
