//! The signature around a profile.

use std::borrow::Cow;

use super::error::ProfileError;
use crate::apk::Problem;
use crate::cms::algorithm::DATA;
use crate::cms::{Ber, Rejected, SignedData, SignerInfo};

impl From<Rejected> for ProfileError {
    fn from(Rejected { field, offset, problem }: Rejected) -> Self {
        Self::Damaged { field, offset, problem }
    }
}

/// The property list inside, which every signer named there must have signed.
pub(super) fn content(bytes: &[u8]) -> Result<Cow<'_, [u8]>, ProfileError> {
    if bytes.trim_ascii_start().starts_with(b"<") || bytes.starts_with(b"bplist") {
        return Err(ProfileError::NotSigned);
    }
    let mut file = Ber::of(bytes);
    let signed = SignedData::read(&mut file)?;
    file.end("profile")?;
    if signed.content_type != DATA {
        return Err(Ber::of(bytes).reject("encapsulated content type", Problem::NotA("data")).into());
    }
    let content = signed.content()?.ok_or_else(|| Ber::of(bytes).reject("content", Problem::Missing))?;
    let mut signers = 0_u32;
    for signer in signed.signers() {
        check(&signer?, &signed, &content)?;
        signers = signers.saturating_add(1);
    }
    if signers == 0 { Err(ProfileError::Unsigned) } else { Ok(content) }
}

fn check(signer: &SignerInfo<'_>, signed: &SignedData<'_>, content: &[u8]) -> Result<(), ProfileError> {
    let algorithms = signer.algorithms().ok_or(ProfileError::UnsupportedSignature)?;
    let certificate = signer.certificate(&signed.certificates)?;
    match signer.verify(certificate, &algorithms, signed.content_type, content)? {
        Some(true) => Ok(()),
        Some(false) => Err(ProfileError::BadSignature),
        None => Err(ProfileError::UnsupportedSignature),
    }
}
