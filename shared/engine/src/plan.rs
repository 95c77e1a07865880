//! What is to be done with a package.

use domain::file_name::FileName;
use domain::platform::Platform;
use domain::policy::Policy;
use formats::limits::Limits;
use signing::Signer;

use crate::{Error, controls};

/// What is to be done with a package.
#[derive(Clone, Debug)]
pub struct Plan<'a> {
    /// The name under which the package was uploaded; its extension says what it should be.
    pub file_name: &'a FileName,
    /// The platform of the build.
    pub platform: Platform,
    /// What is to be carried out, all of it.
    pub policy: &'a Policy,
    /// Who signs the output; without one it stays unsigned.
    pub signer: Option<&'a Signer>,
    /// Bounds of what is accepted.
    pub limits: Limits,
}

impl Plan<'_> {
    /// Refuses a plan that names controls which this engine does not apply to Android packages: none is ever skipped.
    pub(crate) fn require_implemented(&self) -> Result<(), Error> {
        match self.policy.controls.iter().find(|wanted| controls::implemented().all(|control| control != **wanted)) {
            Some(control) => Err(Error::ControlUnavailable { control: *control, platform: self.platform }),
            None => Ok(()),
        }
    }
}
