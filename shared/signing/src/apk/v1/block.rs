//! CMS signatures (RFC 5652) over signature files: without content and without signed attributes, as all devices read them.

use crate::apk::SigningError;
use crate::apk::algorithm::DigestKind;
use crate::cms::algorithm::{EC, RSA};
use crate::cms::der::NULL;
use crate::cms::{Detached, algorithm_identifier};
use crate::key::KeyKind;
use crate::{Certificate, Signer};

/// The extension of the file and its content: a signature over `message`.
pub(super) fn sign(message: &[u8], signer: &Signer, kind: DigestKind) -> Result<(&'static str, Vec<u8>), SigningError> {
    // Old devices take the plain key's identifier for the algorithm, and get the hash function from beside it.
    let (extension, algorithm) = match signer.kind() {
        KeyKind::Rsa(_) => ("RSA", RSA),
        KeyKind::P256 | KeyKind::P384 | KeyKind::P521 => ("EC", EC),
    };
    let certificates: Vec<&Certificate> = signer.chain().collect();
    let algorithm = algorithm_identifier(algorithm, NULL);
    let signature = Detached { digest: kind, algorithm, certificates: &certificates, attributes: None };
    let signature = signature.write(message, |kind, message| signer.key().sign(kind, message));
    Ok((extension, signature.map_err(|_| SigningError::Key)?))
}
