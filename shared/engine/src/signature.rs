//! Who signs the output and under which schemes, and who had signed the input.

use formats::source::Source;
use formats::zip::{self, Archive};
use signing::apk::{DigestKind, Lineage, Schemes, SignatureError, claimed_certificates, claimed_lineage, v1};
use signing::{Certificate, Signer};

use crate::module::Form;
use crate::{Error, Plan};

/// Who had signed the input, as its signing block says, or in an app bundle its JAR signature; one that cannot be understood says nothing.
/// Nothing of it is checked against the package: it is not kept.
#[derive(Debug)]
pub(crate) struct Previous {
    /// `None` where there is a block that cannot be understood.
    pub(crate) certificates: Option<Vec<Certificate>>,
    /// The keys that the app was signed with before.
    pub(crate) lineage: Option<Lineage>,
}

impl Previous {
    pub(crate) fn read(source: &dyn Source, archive: &Archive<'_>, form: Form) -> Result<Self, Error> {
        if form == Form::Bundle {
            let certificates = understood(v1::claimed_certificates(archive))?;
            return Ok(Self { certificates, lineage: None });
        }
        let directory = archive.directory_offset();
        let certificates = understood(claimed_certificates(source, directory))?;
        let lineage = understood(claimed_lineage(source, directory))?.flatten();
        Ok(Self { certificates, lineage })
    }
}

/// A block that cannot be understood is no reason to refuse the package: the report says that there was one.
fn understood<T>(read: Result<T, SignatureError>) -> Result<Option<T>, Error> {
    match read {
        Ok(value) => Ok(Some(value)),
        Err(SignatureError::Read { source, .. } | SignatureError::Content(zip::Error::Io(source))) => {
            Err(Error::Source(source))
        }
        Err(_) => Ok(None),
    }
}

/// Who signs the output, and how.
#[derive(Clone, Debug)]
pub(crate) struct Signature<'a> {
    pub(crate) signer: &'a Signer,
    pub(crate) schemes: Schemes,
    /// The lowest API level that the package installs on.
    pub(crate) min_sdk: u32,
    /// The input's lineage, which is carried over.
    pub(crate) lineage: Option<Lineage>,
    /// The digest that scheme v1 takes of every entry, where that scheme is made.
    pub(crate) entry_digest: Option<DigestKind>,
}

impl<'a> Signature<'a> {
    /// The signature that the plan's key makes for a package with this lowest API level; `None` where the output stays unsigned.
    ///
    /// # Errors
    /// A key that the devices of the package do not take, or that cannot carry the input's lineage over.
    pub(crate) fn plan(plan: &Plan<'a>, form: Form, min_sdk: u32, previous: &Previous) -> Result<Option<Self>, Error> {
        let Some(signer) = plan.android_key() else { return Ok(None) };
        // A bundle is checked by Google Play and by Java's tools, whatever devices its packages are for.
        let min_sdk = if form == Form::Bundle { v1::BUNDLE_SDK } else { min_sdk };
        let schemes = match &previous.lineage {
            _ if form == Form::Bundle => Schemes { v1: true, v2: false, v3: false },
            Some(lineage) => lineage.schemes(signer, min_sdk).map_err(Error::Signing)?,
            None => Schemes::for_min_sdk(min_sdk),
        };
        let entry_digest = schemes.v1.then(|| v1::digest_kind(signer, min_sdk)).transpose().map_err(Error::Signing)?;
        Ok(Some(Self { signer, schemes, min_sdk, lineage: previous.lineage.clone(), entry_digest }))
    }
}
