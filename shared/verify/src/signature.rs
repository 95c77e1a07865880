//! Who signed the output.

use formats::zip::Archive;
use signing::apk::{self, Layout, Scheme, SignatureError, VerifiedSigner};

use crate::{Check, Error, Expected};

/// The schemes that a signed output must carry: v2 for devices of API 24 to 27, v3 for those from API 28 on.
const SCHEMES: [Scheme; 2] = [Scheme::V2, Scheme::V3];

/// Signed by the expected signer under every scheme, or not at all.
pub(crate) fn check(archive: &Archive<'_>, expected: &Expected<'_>) -> Result<String, Error> {
    let source = archive.source();
    let failed = |error| match error {
        SignatureError::Read { source, .. } => Error::Source(source),
        error => Check::Signatures.failed(error.to_string()),
    };
    let block = apk::signing_block_range(source, archive.directory_offset()).map_err(failed)?;
    let (block, wanted) = match (block, expected.certificate_sha256) {
        (None, None) => return Ok("unsigned, as asked for".to_owned()),
        (Some(_), None) => return Err(Check::Signatures.failed("it is signed, and should not be")),
        (None, Some(_)) => return Err(Check::Signatures.failed("it is not signed")),
        (Some(block), Some(wanted)) => (block, wanted),
    };
    if block != archive.before_directory() {
        return Err(Check::Signatures.failed("undeclared bytes stand before the signing block"));
    }
    let layout = Layout {
        signing_block: block,
        central_directory: archive.directory_offset(),
        end_record: archive.end_offset(),
    };
    let signatures = apk::verify_apk(source, &layout).map_err(failed)?;
    if signatures.schemes() != SCHEMES {
        return Err(Check::Signatures.failed("it does not carry exactly the schemes v2 and v3"));
    }
    if signatures.signers.iter().any(|signer| own_certificate(signer).as_deref() != Some(wanted)) {
        return Err(Check::Signatures.failed(format!("it is not signed with the certificate {wanted}")));
    }
    Ok(format!("v2 and v3, certificate {wanted}"))
}

fn own_certificate(signer: &VerifiedSigner) -> Option<String> {
    signer.certificates.first().map(|certificate| certificate.sha256())
}
