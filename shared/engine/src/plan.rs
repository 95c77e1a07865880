//! What is to be done with a package.

use domain::control::ControlId;
use domain::file_name::FileName;
use domain::platform::Platform;
use domain::policy::Policy;
use formats::limits::Limits;
use signing::Signer;
use signing::ios::IosIdentity;

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
    /// What signs the output. Without one an Android package stays unsigned, and an iOS app is signed ad hoc.
    pub key: Option<SigningKey<'a>>,
    /// Bounds of what is accepted.
    pub limits: Limits,
}

/// What signs an output.
#[derive(Clone, Copy, Debug)]
pub enum SigningKey<'a> {
    /// A key for Android packages.
    Android(&'a Signer),
    /// A key for iOS apps.
    Ios {
        /// The key and the profile under which it signs.
        identity: &'a IosIdentity,
        /// The moment that the signature names, in Unix seconds; the same moment gives the same bytes.
        signing_time: i64,
    },
}

impl SigningKey<'_> {
    const fn platform(self) -> Platform {
        match self {
            Self::Android(_) => Platform::Android,
            Self::Ios { .. } => Platform::Ios,
        }
    }
}

impl<'a> Plan<'a> {
    /// Refuses a plan that names controls which this engine does not apply on its platform (none is ever skipped), or a key for the
    /// other platform.
    pub(crate) fn require_implemented(&self) -> Result<(), Error> {
        let platform = self.platform;
        if let Some(key) = self.key.filter(|key| key.platform() != platform) {
            return Err(Error::WrongKey { key: key.platform(), platform });
        }
        let unknown = |wanted: &&ControlId| controls::implemented(platform).all(|control| control != **wanted);
        match self.policy.controls.iter().find(unknown) {
            Some(control) => Err(Error::ControlUnavailable { control: *control, platform }),
            None => Ok(()),
        }
    }

    /// The key that signs an Android package.
    pub(crate) fn android_key(&self) -> Option<&'a Signer> {
        match self.key {
            Some(SigningKey::Android(signer)) => Some(signer),
            _ => None,
        }
    }

    /// The key that signs an iOS app, and the moment that the signature names.
    pub(crate) fn ios_key(&self) -> Option<(&'a IosIdentity, i64)> {
        match self.key {
            Some(SigningKey::Ios { identity, signing_time }) => Some((identity, signing_time)),
            _ => None,
        }
    }
}
