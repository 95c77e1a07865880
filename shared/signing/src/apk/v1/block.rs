//! CMS signatures (RFC 5652) over signature files: without content and without signed attributes, as all devices read them.

use crate::apk::SigningError;
use crate::apk::algorithm::DigestKind;
use crate::cms::algorithm::{DATA, EC, RSA, SHA1, SHA256, SHA512, SIGNED_DATA};
use crate::cms::der::{self, CONTEXT_0, INTEGER, NULL, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, SET};
use crate::key::KeyKind;
use crate::{Certificate, Signer};

/// The extension of the file and its content: a signature over `message`.
pub(super) fn sign(message: &[u8], signer: &Signer, kind: DigestKind) -> Result<(&'static str, Vec<u8>), SigningError> {
    // Old devices take the plain key's identifier for the algorithm, and get the hash function from beside it.
    let (extension, algorithm) = match signer.kind() {
        KeyKind::Rsa(_) => ("RSA", RSA),
        KeyKind::P256 | KeyKind::P384 | KeyKind::P521 => ("EC", EC),
    };
    let signature = signer.key().sign(kind, message).map_err(|_| SigningError::Key)?;
    let digest_algorithm = algorithm_identifier(match kind {
        DigestKind::Sha1 => SHA1,
        DigestKind::Sha256 => SHA256,
        DigestKind::Sha512 => SHA512,
    });
    let (issuer, serial) = signer.certificate().issuer_and_serial().ok_or(SigningError::Key)?;
    let signer_info = der::element(
        SEQUENCE,
        &[
            &version_1(),
            &der::element(SEQUENCE, &[&issuer, &der::element(INTEGER, &[&serial])]),
            &digest_algorithm,
            &algorithm_identifier(algorithm),
            &der::element(OCTET_STRING, &[&signature]),
        ],
    );
    let signed_data = der::element(
        SEQUENCE,
        &[
            &version_1(),
            &der::element(SET, &[&digest_algorithm]),
            &der::element(SEQUENCE, &[&object_identifier(DATA)]),
            &der::set_of(CONTEXT_0, signer.chain().map(Certificate::der).collect()),
            &der::element(SET, &[&signer_info]),
        ],
    );
    let content = der::element(CONTEXT_0, &[&signed_data]);
    Ok((extension, der::element(SEQUENCE, &[&object_identifier(SIGNED_DATA), &content])))
}

fn version_1() -> Vec<u8> {
    der::element(INTEGER, &[&[1]])
}

fn object_identifier(content: &[u8]) -> Vec<u8> {
    der::element(OBJECT_IDENTIFIER, &[content])
}

fn algorithm_identifier(algorithm: &[u8]) -> Vec<u8> {
    der::element(SEQUENCE, &[&object_identifier(algorithm), NULL])
}
